// A dashboard as strict as Grafana's own types allow: each panel by its kind. What these dashboards do not use is left
// out. `python -m tests.dashboards.schema` makes a JSON Schema of StrictDashboard.
import type * as Raw from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';
import type { Options as BarGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { FieldConfig as HeatmapField, Options as Heatmap } from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { FieldConfig as TimelineField, Options as Timeline } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { FieldConfig as TableField, Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { FieldConfig as LinesField, Options as Lines } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** The types of Prometheus queries are not in the package of types; these are the fields that Grafana 10 stores. */
export interface PrometheusQuery {
  datasource: Raw.DataSourceRef;
  editorMode: 'code' | 'builder';
  expr: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  legendFormat: string;
  range: boolean;
  refId: string;
}

interface FieldConfig<Custom> {
  defaults: Omit<Raw.FieldConfig, 'custom'> & { custom?: Partial<Custom> };
  overrides: Raw.FieldConfigSource['overrides'];
}

type Panel<Kind extends string, Options, Custom> = Omit<Raw.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Kind;
  options: Partial<Options>;
  fieldConfig: FieldConfig<Custom>;
  targets: PrometheusQuery[];
};

export type AnyPanel =
  | Panel<'bargauge', BarGauge, {}>
  | Panel<'heatmap', Heatmap, HeatmapField>
  | Panel<'stat', Stat, {}>
  | Panel<'state-timeline', Timeline, TimelineField>
  | Panel<'table', Table, TableField>
  | Panel<'timeseries', Lines, LinesField>;

export type Row = Omit<Raw.RowPanel, 'panels'> & { panels: AnyPanel[] };

interface Input {
  description: string;
  label: string;
  name: string;
  pluginId: string;
  pluginName: string;
  type: 'datasource';
}

interface Requirement {
  id: string;
  name: string;
  type: 'grafana' | 'datasource' | 'panel';
  version: string;
}

/** Annotations of Prometheus: their fields beside those that all data sources have. */
type Annotation = Omit<Raw.AnnotationQuery, 'target'> & {
  expr: string;
  step: string;
  textFormat: string;
  titleFormat: string;
  useValueForTime: boolean | 'on';
  target: { expr: string; refId: string };
};

/** A variable of queries has its query as text too, which the types have forgotten. */
type Variable = Raw.VariableModel & { definition?: string };

export type StrictDashboard = Omit<Raw.Dashboard, 'panels' | 'annotations' | 'templating'> & {
  __elements: Record<string, never>;
  __inputs: Input[];
  __requires: Requirement[];
  annotations: { list: Annotation[] };
  panels: (AnyPanel | Row)[];
  templating: { list: Variable[] };
};
