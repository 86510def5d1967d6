// Time series, with Grafana's own drawing; annotations are ours, for Grafana draws them in its application.
import React, { useLayoutEffect } from 'react';
import { TimeSeries, useTheme2 } from '@grafana/ui';
import { moments } from './moments.js';

export function Lines(props) {
  const theme = useTheme2();
  const { data, fieldConfig, height, options, replaceVariables, timeRange, timeZone, width } = props;
  return (
    <TimeSeries
      frames={data.series}
      structureRev={data.structureRev}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={options.legend}
      options={options}
      theme={theme}
      replaceVariables={replaceVariables}
    >
      {(config) => <Moments config={config} frames={data.annotations} />}
    </TimeSeries>
  );
}

function Moments({ config, frames }) {
  useLayoutEffect(() => {
    config.addHook('draw', (plot) => {
      const { ctx } = plot;
      const { top, height, left, width } = plot.bbox;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      for (const { time, color } of moments(frames)) {
        const x = plot.valToPos(time, 'x', true);
        ctx.strokeStyle = color;
        ctx.lineWidth = 1.5;
        ctx.setLineDash([4, 3]);
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, top + height);
        ctx.stroke();
      }
      ctx.restore();
    });
  }, [config, frames]);
  return null;
}
