// Tables, with Grafana's own drawing.
import React from 'react';
import { cacheFieldDisplayNames } from '@grafana/data';
import { TableNG } from '@grafana/ui/unstable';

export function Rows({ data, fieldConfig, height, options, timeRange, width }) {
  cacheFieldDisplayNames(data.series); // as Grafana's table panel does
  return (
    <TableNG
      data={data.series[0]}
      width={width}
      height={height}
      noHeader={!options.showHeader}
      cellHeight={options.cellHeight}
      showTypeIcons={false}
      resizable={false}
      enableSharedCrosshair={false}
      timeRange={timeRange}
      getActions={() => []}
      fieldConfig={fieldConfig}
      frozenColumns={0}
      structureRev={data.structureRev}
      sortBy={options.sortBy}
      sortByBehavior="managed"
    />
  );
}
