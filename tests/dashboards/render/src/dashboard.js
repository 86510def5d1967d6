// A dashboard's JSON as a scene. Rows are headings, as in a dashboard whose rows are open.
import * as data from '@grafana/data';
import * as scenes from '@grafana/scenes';
import { report } from './report.js';
import { UID } from './grafana.js';

/** As Grafana's import dialog does: every ${NAME} of an input is replaced by what was chosen. */
export function imported(text) {
  const inputs = JSON.parse(text).__inputs ?? [];
  return inputs.reduce((all, { name }) => all.replaceAll(`\${${name}}`, UID), text);
}

export function scene(dashboard, { from, to, chosen }) {
  const variables = new scenes.SceneVariableSet({
    variables: dashboard.templating.list.map((each) => variable(each, chosen[each.name])),
  });
  watchVariables(variables);
  return new scenes.EmbeddedScene({
    $timeRange: new scenes.SceneTimeRange({ from, to, timeZone: 'utc' }),
    $variables: variables,
    $data: new scenes.SceneDataLayerSet({ layers: dashboard.annotations.list.map(annotations) }),
    controls: [
      new scenes.VariableValueSelectors({}),
      new scenes.SceneDataLayerControls({}),
      new scenes.SceneControlsSpacer(),
      new scenes.SceneTimePicker({}),
    ],
    body: new scenes.SceneGridLayout({ children: dashboard.panels.map(item), isLazy: false }),
  });
}

function variable(json, chosen) {
  const value = chosen ?? json.current?.value;
  const text = chosen ?? json.current?.text;
  const common = { name: json.name, label: json.label, hide: json.hide, skipUrlSync: true, value, text };
  const many = { isMulti: json.multi, includeAll: json.includeAll, allValue: json.allValue ?? undefined };
  switch (json.type) {
    case 'query': {
      const { query, datasource, regex, refresh, sort, definition } = json;
      return new scenes.QueryVariable({ ...common, ...many, query, datasource, regex, refresh, sort, definition });
    }
    case 'custom':
      return new scenes.CustomVariable({ ...common, ...many, query: json.query });
    case 'datasource':
      return new scenes.DataSourceVariable({ ...common, ...many, pluginId: json.query, regex: json.regex });
    case 'textbox':
      return new scenes.TextBoxVariable({ ...common, value: value ?? json.query });
    default:
      throw new Error(`no variable of type ${json.type}`);
  }
}

function watchVariables(set) {
  for (const each of set.state.variables) {
    each.addActivationHandler(() => {
      const note = () => (report.variables[each.state.name] = each.state.value);
      note();
      const subscription = each.subscribeToState(note);
      return () => subscription.unsubscribe();
    });
  }
}

function annotations(json) {
  const layer = new scenes.dataLayers.AnnotationsDataLayer({ name: json.name, isEnabled: json.enable, query: json });
  layer.addActivationHandler(() => {
    const subscription = layer.subscribeToState(({ data: found }) => {
      if (!found) return;
      const frames = [...(found.annotations ?? []), ...(found.series ?? [])];
      report.annotations[json.name] = frames.reduce((sum, each) => sum + each.length, 0);
    });
    return () => subscription.unsubscribe();
  });
  return layer;
}

function item(json) {
  const { x, y, w, h } = json.gridPos;
  if (json.type === 'row') {
    // Open, so that what is in it is drawn too.
    return new scenes.SceneGridRow({ title: json.title, y, isCollapsed: false, children: json.panels.map(item) });
  }
  return new scenes.SceneGridItem({ x, y, width: w, height: h, isResizable: false, isDraggable: false, body: panel(json) });
}

function panel(json) {
  const queries = new scenes.SceneQueryRunner({
    queries: json.targets,
    datasource: json.datasource,
    maxDataPoints: json.maxDataPoints,
    minInterval: json.interval,
  });
  const drawn = new scenes.VizPanel({
    key: `panel-${json.id}`,
    title: json.title,
    description: json.description,
    pluginId: json.type,
    options: json.options,
    fieldConfig: json.fieldConfig,
    $data: new scenes.SceneDataTransformer({ transformations: json.transformations ?? [], $data: queries }),
  });
  drawn.addActivationHandler(() => watch(drawn, json));
  drawn.subscribeToState(({ _pluginLoadError }) => {
    if (_pluginLoadError) report.errors.push(`${json.title}: ${_pluginLoadError}`);
  });
  return drawn;
}

function watch(drawn, json) {
  const entry = (report.panels[json.id] = { title: json.title, type: json.type, state: 'NotStarted', series: 0, points: 0 });
  const subscription = scenes.sceneGraph.getData(drawn).subscribeToState(({ data: found }) => {
    if (!found) return;
    const { series } = drawn.applyFieldConfig(found);
    const numbers = series.flatMap((frame) => frame.fields.filter(({ type }) => type === 'number').map((field) => [frame, field]));
    const shown = (field) => {
      const display = field.display?.(field.values[field.values.length - 1]);
      return display ? data.formattedValueToString(display) : '';
    };
    Object.assign(entry, {
      state: found.state,
      error: found.error?.message,
      series: series.length,
      points: series.reduce((sum, frame) => sum + frame.length, 0),
      values: numbers.reduce((sum, [, field]) => sum + [...field.values].filter(Number.isFinite).length, 0),
      names: numbers.slice(0, 20).map(([frame, field]) => data.getFieldDisplayName(field, frame, series)),
      last: numbers.slice(0, 20).map(([, field]) => shown(field)),
    });
  });
  return () => subscription.unsubscribe();
}
