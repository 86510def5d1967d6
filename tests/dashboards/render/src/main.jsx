// Draws one dashboard: ?dashboard=fleet&prometheus=http://…&from=…&to=…&scrape=60s&import=1&var-target=…
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { report } from './report.js';
import { boot } from './grafana.js';
import { imported, scene } from './dashboard.js';
import { registerPanels } from './panels/index.js';

const asked = new URLSearchParams(location.search);
const theme = createTheme({ colors: { mode: asked.get('theme') ?? 'dark' } });

function Links({ links }) {
  const names = links.map(({ title, tags }) => title || `dashboards: ${tags}`);
  const look = { border: '1px solid rgba(204,204,220,.2)', borderRadius: 2, padding: '4px 8px', fontSize: 12 };
  return (
    <div style={{ display: 'flex', gap: 8 }}>
      {names.map((name) => (
        <span key={name} style={look}>{name}</span>
      ))}
    </div>
  );
}

function Page({ dashboard, body }) {
  return (
    <MemoryRouter>
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        <div style={{ padding: '12px 16px', background: theme.colors.background.canvas }}>
          <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', marginBottom: 8 }}>
            <h3 style={{ margin: 0 }}>{dashboard.title}</h3>
            <Links links={dashboard.links} />
          </div>
          <body.Component model={body} />
        </div>
        <PortalContainer />
      </ThemeContext.Provider>
    </MemoryRouter>
  );
}

async function main() {
  boot({ prometheus: asked.get('prometheus'), scrapeInterval: asked.get('scrape') ?? '60s', theme });
  registerPanels();
  const response = await fetch(`/dashboards/${asked.get('dashboard')}.json`);
  const text = await response.text();
  const dashboard = JSON.parse(asked.get('import') ? imported(text) : text);
  const chosen = Object.fromEntries(
    [...asked].filter(([name]) => name.startsWith('var-')).map(([name, value]) => [name.slice(4), value])
  );
  const body = scene(dashboard, { from: asked.get('from'), to: asked.get('to'), chosen });
  createRoot(document.getElementById('root')).render(<Page dashboard={dashboard} body={body} />);
  report.drawn = true;
}

main().catch((error) => report.errors.push(error.stack ?? String(error)));
