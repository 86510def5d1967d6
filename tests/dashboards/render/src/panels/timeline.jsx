// State timelines: Grafana draws them in its application, so the drawing is ours; the states are Grafana's.
import React from 'react';
import { formattedValueToString, getFieldDisplayName } from '@grafana/data';
import { AXIS, label, placed, seriesOf, TimeAxis } from './svg.jsx';

const NAMES = 150;

export function Timeline({ data, height, options, timeRange, width }) {
  const rows = seriesOf(data);
  const pitch = (height - AXIS) / rows.length;
  const thick = Math.min(pitch * options.rowHeight, pitch - 2);
  const x = placed(timeRange, NAMES, width);
  return (
    <svg width={width} height={height}>
      {rows.map(({ frame, time, field }, row) => {
        const top = row * pitch + (pitch - thick) / 2;
        return (
          <g key={row}>
            <text x={NAMES - 8} y={top + thick / 2} {...label({ textAnchor: 'end' })}>
              {getFieldDisplayName(field, frame, data.series)}
            </text>
            {stretches(time.values, field, timeRange).map(({ begin, end, word, color }) => {
              const [left, right] = [Math.max(NAMES, x(begin)), Math.min(width, x(end))];
              const fits = right - left > word.length * 7 + 6;
              return (
                <g key={begin}>
                  <rect x={left} y={top} width={Math.max(0, right - left)} height={thick} fill={color} opacity=".85" />
                  {fits && <text x={left + 4} y={top + thick / 2} {...label({ fill: '#fff' })}>{word}</text>}
                </g>
              );
            })}
          </g>
        );
      })}
      <TimeAxis timeRange={timeRange} left={NAMES} right={width} top={height - AXIS} />
    </svg>
  );
}

/** Neighbours that say the same are one stretch; it ends where the next one begins. */
function stretches(times, field, timeRange) {
  const found = [];
  const step = times.length > 1 ? times[1] - times[0] : timeRange.to.valueOf() - timeRange.from.valueOf();
  times.forEach((begin, index) => {
    const value = field.values[index];
    if (value === null || value === undefined) return;
    const display = field.display(value);
    const word = formattedValueToString(display);
    const last = found.at(-1);
    if (last && last.word === word && begin - last.end <= step) last.end = begin + step;
    else {
      if (last) last.end = Math.min(last.end, begin);
      found.push({ begin, end: begin + step, word, color: display.color });
    }
  });
  return found;
}
