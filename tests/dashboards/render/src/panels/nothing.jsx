// What a panel says where it has nothing to draw: the dashboard's own words for it, where it has any.
import React from 'react';

const MIDDLE = { display: 'flex', height: '100%', alignItems: 'center', justifyContent: 'center' };

export function orNothing(Panel) {
  return function Drawn(props) {
    if (props.data.series.some((frame) => frame.length > 0)) return <Panel {...props} />;
    return <div style={{ ...MIDDLE, opacity: 0.75 }}>{props.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  };
}
