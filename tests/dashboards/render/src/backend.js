// Stands in for Grafana's server: answers POST /api/ds/query and the data source's resource calls from a Prometheus.
import { from } from 'rxjs';
import { report } from './report.js';

const UNITS = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 31536e6 };

/** Milliseconds of a duration such as 1h30m. */
export function milliseconds(text) {
  return [...String(text).matchAll(/(\d+)(ms|s|m|h|d|w|y)/g)].reduce((sum, [, n, unit]) => sum + n * UNITS[unit], 0);
}

function written(ms) {
  return ms < 1000 ? `${ms}ms` : `${Math.round(ms / 1000)}s`;
}

export class Backend {
  constructor({ prometheus, scrapeInterval }) {
    this.prometheus = prometheus;
    this.scrape = milliseconds(scrapeInterval);
  }

  // What Grafana's packages call

  fetch = (request) => from(this.answer(request));
  chunked = (request) => from(this.answer(request));
  get = async (url, params) => (await this.answer({ url, params })).data;
  post = async (url, data) => (await this.answer({ url, data })).data;
  resolveCancelerIfExists() {}

  async answer(request) {
    const data = await this.data(request);
    return { data, status: 200, ok: true, headers: new Headers(), config: request };
  }

  async data({ url, data, params }) {
    if (/^\/?api\/ds\/query/.test(url)) {
      const entries = data.queries.map(async (query) => [query.refId, await this.query(query, +data.from, +data.to)]);
      return { results: Object.fromEntries(await Promise.all(entries)) };
    }
    const resource = url.match(/api\/datasources\/uid\/[^/]+\/resources\/([^?]*)\??(.*)$/);
    if (!resource) return {};
    const [, path, search] = resource;
    const body = data && typeof data === 'object' ? data : {};
    return this.ask(path, { ...Object.fromEntries(new URLSearchParams(search)), ...params, ...body });
  }

  async ask(path, params) {
    const response = await fetch(`${this.prometheus}/${path.replace(/^\//, '')}?${new URLSearchParams(params)}`);
    return response.json();
  }

  /** The step in milliseconds: no finer than what is scraped, and at most 11,000 points. */
  step(query, range) {
    const least = query.interval && !query.interval.includes('$') ? milliseconds(query.interval) : this.scrape;
    return Math.ceil(Math.max(query.intervalMs || 15_000, least, range / 11_000) / 1000) * 1000;
  }

  expression(query, range, step) {
    const builtIn = {
      __rate_interval: written(Math.max(step + this.scrape, 4 * this.scrape)),
      __interval_ms: step,
      __interval: written(step),
      __range_ms: range,
      __range_s: Math.round(range / 1000),
      __range: `${Math.round(range / 1000)}s`,
    };
    return query.expr.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, a, b) => builtIn[a ?? b] ?? whole);
  }

  async query(query, begin, end) {
    const range = end - begin;
    const step = this.step(query, range);
    const expr = this.expression(query, range, step);
    const sent = { refId: query.refId, expr, step: step / 1000, series: 0 };
    report.queries.push(sent);
    const seconds = step / 1000;
    const floor = (ms) => Math.floor(ms / step) * seconds;
    const asks = [];
    if (query.range || !query.instant) {
      asks.push(['range', 'api/v1/query_range', { query: expr, start: floor(begin), end: floor(end), step: seconds }]);
    }
    if (query.instant) asks.push(['instant', 'api/v1/query', { query: expr, time: end / 1000 }]);
    const frames = [];
    for (const [kind, path, params] of asks) {
      const answer = await this.ask(path, params);
      if (answer.status !== 'success') {
        sent.error = answer.error;
        return { status: 400, error: `${answer.errorType}: ${answer.error}`, refId: query.refId };
      }
      const { result, resultType } = answer.data;
      const rows = ['scalar', 'string'].includes(resultType) ? [{ metric: {}, value: result }] : result;
      sent.series += rows.length;
      frames.push(...rows.map((row) => frame(query, row, { kind, expr, seconds, resultType })));
    }
    return { status: 200, frames };
  }
}

function frame(query, { metric, value, values }, { kind, expr, seconds, resultType }) {
  const points = values ?? [value];
  const name = seriesName(query.legendFormat, metric, expr);
  return {
    schema: {
      refId: query.refId,
      name,
      meta: {
        type: kind === 'range' ? 'timeseries-multi' : 'numeric-multi',
        typeVersion: [0, 1],
        custom: { resultType },
        executedQueryString: `Expr: ${expr}\nStep: ${seconds}s`,
      },
      fields: [
        { name: 'Time', type: 'time', typeInfo: { frame: 'time.Time' }, config: { interval: seconds * 1000 } },
        {
          name: 'Value',
          type: 'number',
          typeInfo: { frame: 'float64' },
          labels: metric,
          config: name ? { displayNameFromDS: name } : {},
        },
      ],
    },
    data: { values: [points.map(([time]) => time * 1000), points.map(([, number]) => Number(number))] },
  };
}

function seriesName(format, metric, expr) {
  const labels = Object.entries(metric).filter(([label]) => label !== '__name__');
  if (format && format !== '__auto') return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '');
  if (format === '__auto') return labels.length ? undefined : (metric.__name__ ?? expr);
  const written = labels.map(([label, value]) => `${label}="${value}"`).join(', ');
  return `${metric.__name__ ?? ''}${written && `{${written}}`}` || expr;
}
