// Heatmaps of buckets: Grafana draws them in its application, so the drawing is ours; the buckets are Grafana's.
import React from 'react';
import { formattedValueToString, getFieldDisplayName, getValueFormat } from '@grafana/data';
import { interpolateYlGnBu } from 'd3-scale-chromatic';
import { AXIS, label, placed, seriesOf, TimeAxis } from './svg.jsx';

const NAMES = 62;
const LEGEND = 34;

export function Heatmap({ data, height, options, timeRange, width }) {
  const rows = seriesOf(data);
  const pitch = (height - AXIS - LEGEND) / rows.length;
  const most = Math.max(1e-9, ...rows.flatMap(({ field }) => [...field.values].filter(Number.isFinite)));
  // As the scheme on a dark page: from nearly nothing, dark, to the most, bright.
  const color = (value) => interpolateYlGnBu(1 - (value / most) ** options.color.exponent);
  const x = placed(timeRange, NAMES, width);
  const everyName = Math.ceil(16 / pitch);
  const { from, to } = timeRange;
  return (
    <svg width={width} height={height}>
      {rows.map(({ frame, time, field }, row) => {
        const top = height - AXIS - LEGEND - (row + 1) * pitch;
        const step = time.values.length > 1 ? time.values[1] - time.values[0] : to.valueOf() - from.valueOf();
        return (
          <g key={row}>
            {row % everyName === 0 && (
              <text x={NAMES - 6} y={top + pitch / 2} {...label({ textAnchor: 'end', fontSize: 11 })}>
                {bound(getFieldDisplayName(field, frame, data.series), options.yAxis)}
              </text>
            )}
            {Array.from(field.values, (value, index) => {
              const [left, right] = [Math.max(NAMES, x(time.values[index])), Math.min(width, x(time.values[index] + step))];
              const drawn = value > options.filterValues.le && right > left;
              return drawn && <rect key={index} x={left} y={top + 0.5} width={right - left - 0.5} height={pitch - 1} fill={color(value)} />;
            })}
          </g>
        );
      })}
      <TimeAxis timeRange={timeRange} left={NAMES} right={width} top={height - AXIS - LEGEND} />
      <Scale color={color} most={most} top={height - LEGEND + 8} />
    </svg>
  );
}

function bound(name, { unit, decimals }) {
  const number = Number(name);
  return Number.isFinite(number) ? formattedValueToString(getValueFormat(unit)(number, decimals)) : name;
}

function Scale({ color, most, top }) {
  const shares = Array.from({ length: 40 }, (_, index) => (index + 0.5) / 40);
  const end = formattedValueToString(getValueFormat('short')(most, 0));
  return (
    <g>
      <text x={NAMES - 6} y={top + 6} {...label({ textAnchor: 'end', fontSize: 11 })}>0</text>
      {shares.map((share, index) => (
        <rect key={share} x={NAMES + index * 4} y={top} width={4.5} height={12} fill={color(share * most)} />
      ))}
      <text x={NAMES + 166} y={top + 6} {...label({ fontSize: 11 })}>{end}</text>
    </g>
  );
}
