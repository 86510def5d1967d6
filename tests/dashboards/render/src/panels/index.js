// The panels by their id, with the defaults of their field options.
import { identityOverrideProcessor, PanelPlugin } from '@grafana/data';
import { sceneUtils } from '@grafana/scenes';
import { BarGauges, Stats } from './values.jsx';
import { Heatmap } from './heatmap.jsx';
import { Lines } from './lines.jsx';
import { Rows } from './table.jsx';
import { Timeline } from './timeline.jsx';
import { orNothing } from './nothing.jsx';

const HIDE = { tooltip: false, viz: false, legend: false };

const LINES = {
  axisBorderShow: false, axisCenteredZero: false, axisColorMode: 'text', axisGridShow: undefined, axisLabel: '',
  axisPlacement: 'auto', axisSoftMax: undefined, axisSoftMin: undefined, axisWidth: undefined, barAlignment: 0,
  barMaxWidth: undefined, barWidthFactor: 0.6, drawStyle: 'line', fillBelowTo: undefined, fillColor: undefined,
  fillOpacity: 0, gradientMode: 'none', hideFrom: HIDE, insertNulls: false, lineColor: undefined,
  lineInterpolation: 'linear', lineStyle: { fill: 'solid' }, lineWidth: 1, pointColor: undefined, pointSize: 5,
  pointSymbol: undefined, scaleDistribution: { type: 'linear' }, showPoints: 'auto', spanNulls: false,
  stacking: { mode: 'none', group: 'A' }, thresholdsStyle: { mode: 'off' }, transform: undefined,
};
const CELLS = {
  align: 'auto', cellOptions: { type: 'auto' }, filterable: false, hidden: false, hideFrom: undefined, inspect: false,
  minWidth: 50, width: undefined,
};
const STATES = { fillOpacity: 70, hideFrom: HIDE, lineWidth: 0 };
const BUCKETS = { hideFrom: HIDE, scaleDistribution: { type: 'linear' } };

const PANELS = {
  bargauge: [BarGauges, {}],
  heatmap: [Heatmap, BUCKETS],
  stat: [Stats, {}],
  'state-timeline': [Timeline, STATES],
  table: [Rows, CELLS],
  timeseries: [Lines, LINES],
};

function custom(defaults) {
  const option = ([path, defaultValue]) => ({
    id: path, path, name: path, defaultValue, process: identityOverrideProcessor,
    editor: () => null, override: () => null, shouldApply: () => true, settings: {},
  });
  return (builder) => Object.entries(defaults).map(option).forEach((each) => builder.addCustomEditor(each));
}

export function registerPanels() {
  for (const [pluginId, [component, defaults]] of Object.entries(PANELS)) {
    const color = { defaultValue: { mode: pluginId === 'timeseries' ? 'palette-classic' : 'thresholds' } };
    const plugin = new PanelPlugin(orNothing(component))
      .useFieldConfig({ standardOptions: { color }, useCustomConfig: custom(defaults) })
      .setDataSupport({ annotations: true, alertStates: false });
    sceneUtils.registerRuntimePanelPlugin({ pluginId, plugin });
  }
}
