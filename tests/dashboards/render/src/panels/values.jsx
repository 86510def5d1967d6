// Single values: stat and bar gauge, with Grafana's own drawing.
import React from 'react';
import { getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BarGauge, BigValue, useTheme2, VizRepeater } from '@grafana/ui';

function Repeated({ props, render }) {
  const theme = useTheme2();
  const getValues = () =>
    getFieldDisplayValues({
      fieldConfig: props.fieldConfig,
      reduceOptions: props.options.reduceOptions,
      replaceVariables: props.replaceVariables,
      theme,
      data: props.data.series,
      sparkline: props.options.graphMode === 'area',
      timeZone: props.timeZone,
    });
  return (
    <VizRepeater
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={(each) => render(each, theme)}
      width={props.width}
      height={props.height}
      source={props.data}
      orientation={props.options.orientation}
      minVizHeight={props.options.minVizHeight}
      maxVizHeight={props.options.maxVizHeight}
      minVizWidth={props.options.minVizWidth}
      itemSpacing={3}
      autoGrid={props.options.graphMode !== undefined}
      renderCounter={props.renderCounter}
    />
  );
}

export function Stats(props) {
  const { colorMode, graphMode, justifyMode, textMode, text } = props.options;
  const render = ({ value, width, height, count }, theme) => (
    <BigValue
      value={value.display}
      count={count}
      sparkline={graphMode === 'area' && value.sparkline ? { ...value.sparkline, timeRange: props.timeRange } : undefined}
      colorMode={colorMode}
      graphMode={graphMode}
      justifyMode={justifyMode}
      textMode={textMode}
      text={text}
      width={width}
      height={height}
      theme={theme}
    />
  );
  return <Repeated props={props} render={render} />;
}

export function BarGauges(props) {
  const { displayMode, namePlacement, showUnfilled, text, valueMode } = props.options;
  const render = ({ value, width, height, orientation, alignmentFactors }, theme) => (
    <BarGauge
      value={value.display}
      field={value.field}
      display={value.view?.getFieldDisplayProcessor(value.colIndex)}
      alignmentFactors={alignmentFactors}
      width={width}
      height={height}
      orientation={orientation}
      displayMode={displayMode}
      namePlacement={namePlacement}
      showUnfilled={showUnfilled}
      text={text}
      valueDisplayMode={valueMode}
      theme={theme}
    />
  );
  return <Repeated props={props} render={render} />;
}
