// The axis of time and what else the drawings of our own share.
import React from 'react';
import { dateTimeFormat } from '@grafana/data';

export const AXIS = 22;
const TEXT = 'rgb(204, 204, 220)';

export function label(attributes) {
  return { fill: TEXT, fontSize: 12, dominantBaseline: 'middle', ...attributes };
}

/** Where a moment lies between two pixels. */
export function placed(timeRange, left, right) {
  const [begin, end] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  return (time) => left + ((right - left) * (time - begin)) / (end - begin);
}

const STEPS = [60e3, 300e3, 600e3, 1800e3, 3600e3, 3 * 3600e3, 6 * 3600e3, 12 * 3600e3, 24 * 3600e3];

export function TimeAxis({ timeRange, left, right, top }) {
  const [begin, end] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const step = STEPS.find((each) => ((right - left) * each) / (end - begin) > 60) ?? STEPS.at(-1);
  const x = placed(timeRange, left, right);
  const ticks = [];
  for (let time = Math.ceil(begin / step) * step; x(time) < right - 16; time += step) ticks.push(time);
  return ticks.map((time) => (
    <text key={time} x={x(time)} y={top + AXIS / 2 + 2} {...label({ textAnchor: 'middle' })}>
      {dateTimeFormat(time, { format: 'HH:mm', timeZone: 'utc' })}
    </text>
  ));
}

/** Every series of a panel's frames: its times and its field. */
export function seriesOf(data) {
  return data.series.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === 'time');
    return time ? frame.fields.filter((field) => field !== time).map((field) => ({ frame, time, field })) : [];
  });
}
