// What happened while the dashboard was drawn; read from outside as window.report.
export const report = (window.report = {
  errors: [], // JavaScript errors
  panels: {}, // by id: title, type, state, error, series, points, names, last
  queries: [], // as they were sent: refId, expr, step, series, error
  annotations: {}, // by name: how many events
  variables: {}, // by name: value
  drawn: false, // everything was put on the page
});

window.addEventListener('error', (event) => report.errors.push(event.error?.stack ?? event.message));
window.addEventListener('unhandledrejection', (event) =>
  report.errors.push(`unhandled: ${event.reason?.stack ?? JSON.stringify(event.reason)}`)
);
