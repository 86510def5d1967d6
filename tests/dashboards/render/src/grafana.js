// What Grafana's own application sets up when it starts, for the packages that draw a dashboard.
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import { PrometheusDatasource } from '@grafana/prometheus';
import { sceneGraph } from '@grafana/scenes';
import { from, map } from 'rxjs';
import { Backend } from './backend.js';

export const UID = 'the-prometheus';

const EDITORS = [
  'unit', 'number', 'text', 'boolean', 'select', 'color', 'radio', 'multi-select', 'slider', 'string', 'strings',
  'timezone', 'field-name', 'fieldName', 'fieldColor', 'thresholds', 'mappings', 'links', 'stats-picker',
  'dashboard-uid', 'multi-field',
];

const STANDARD_OPTIONS = {
  displayName: data.displayNameOverrideProcessor,
  unit: data.unitOverrideProcessor,
  decimals: data.numberOverrideProcessor,
  min: data.numberOverrideProcessor,
  max: data.numberOverrideProcessor,
  fieldMinMax: data.booleanOverrideProcessor,
  thresholds: data.thresholdsOverrideProcessor,
  mappings: data.valueMappingsOverrideProcessor,
  color: data.identityOverrideProcessor,
  noValue: data.stringOverrideProcessor,
  links: data.dataLinksOverrideProcessor,
  actions: data.identityOverrideProcessor,
  filterable: data.booleanOverrideProcessor,
};

export function boot({ prometheus, scrapeInterval, theme }) {
  runtime.config.theme2 = theme;
  data.setTimeZoneResolver(() => 'utc');
  fillRegistries();
  runtime.setBackendSrv(new Backend({ prometheus, scrapeInterval }));
  runtime.setRunRequest(runRequest);
  useDataSource(scrapeInterval);
  runtime.setAppEvents(new data.EventBusSrv());
  runtime.setEchoSrv({ flush() {}, addBackend() {}, addEvent() {} });
  runtime.setPluginLinksHook(() => ({ links: [], isLoading: false }));
  runtime.setPluginComponentsHook?.(() => ({ components: [], isLoading: false }));
  runtime.setPluginComponentHook?.(() => ({ component: null, isLoading: false }));
  const importPanelPlugin = async (id) => {
    throw new Error(`no panel is called ${id}`);
  };
  runtime.setPluginImportUtils({ importPanelPlugin, getPanelPluginFromCache: () => undefined });
}

function fillRegistries() {
  data.standardFieldConfigEditorRegistry.setInit(() =>
    Object.entries(STANDARD_OPTIONS).map(([id, process]) => ({
      id, path: id, name: id, process, editor: () => null, override: () => null, shouldApply: () => true, settings: {},
    }))
  );
  data.standardEditorsRegistry.setInit(() => EDITORS.map((id) => ({ id, name: id, editor: () => null })));
  const transformers = new Map(Object.values(data.standardTransformers).map((each) => [each.id, each]));
  data.standardTransformersRegistry.setInit(() =>
    [...transformers.values()].map((each) => ({
      id: each.id, name: each.name, description: '', transformation: async () => each,
    }))
  );
}

function runRequest(source, request, queryFunction) {
  const answer = queryFunction ? queryFunction(request) : source.query(request);
  const isFrame = (each) => each && (each.fields || each.schema || each.datapoints || each.columns);
  return (answer.subscribe ? answer : from(answer)).pipe(
    map((response) => ({
      state: response.state ?? data.LoadingState.Done,
      series: (response.data ?? []).map((each) => (isFrame(each) ? data.toDataFrame(each) : each)),
      annotations: [],
      timeRange: request.range,
      request,
      error: response.error,
      errors: response.errors,
    }))
  );
}

function useDataSource(scrapeInterval) {
  const settings = {
    id: 1, uid: UID, type: 'prometheus', name: 'Prometheus', url: `/api/datasources/proxy/uid/${UID}`, isDefault: true,
    meta: { id: 'prometheus', name: 'Prometheus', info: { logos: {} }, metrics: true, baseUrl: '', module: '' },
    jsonData: { timeInterval: scrapeInterval, httpMethod: 'GET', prometheusType: 'Prometheus' },
    access: 'proxy', readOnly: false,
  };
  // Old code asks the template service for variables; they live in the scene that a query belongs to.
  const templates = {
    getVariables: () => [],
    updateTimeRange() {},
    containsTemplate: (text) => /\$/.test(text ?? ''),
    replace(text, scoped, format) {
      const wrapped = scoped?.__sceneObject?.value;
      const scene = wrapped?.valueOf ? wrapped.valueOf() : wrapped;
      return scene && text ? sceneGraph.interpolate(scene, text, scoped, format) : (text ?? '');
    },
  };
  runtime.setTemplateSrv(templates);
  runtime.config.datasources = { Prometheus: settings };
  runtime.config.defaultDatasource = 'Prometheus';
  const source = new PrometheusDatasource(settings, templates);
  const known = (reference) => {
    const uid = typeof reference === 'string' ? reference : reference?.uid;
    return !uid || uid === UID || uid === 'Prometheus';
  };
  // One that is not known is an error, as in Grafana: a dashboard that names it would stay empty.
  runtime.setDataSourceSrv({
    async get(reference, scoped) {
      const name = templates.replace(typeof reference === 'string' ? reference : reference?.uid, scoped);
      if (!known(name)) throw new Error(`Datasource ${name} was not found`);
      return source;
    },
    getList: () => [settings],
    getInstanceSettings: (reference, scoped) =>
      known(templates.replace(typeof reference === 'string' ? reference : reference?.uid, scoped)) ? settings : undefined,
    reload() {},
    registerRuntimeDataSource() {},
  });
}
