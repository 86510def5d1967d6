"""Panels over time: lines, stacks, bars, heatmaps, states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dashboards.generate.language import NEUTRAL, Json
from dashboards.generate.panels import Panel, Query

ALL_TIPS: Final = {"mode": "multi", "sort": "desc"}


def legend(beside: Sequence[str]) -> Json:
    """Names below the chart, or a table of them beside it, the highest first."""
    if not beside:
        return {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
    return {
        "calcs": list(beside),
        "displayMode": "table",
        "placement": "right",
        "showLegend": True,
        "sortBy": _CALCS[beside[0]],
        "sortDesc": True,
    }


_CALCS: Final = {"max": "Max", "lastNotNull": "Last *"}
"""What Grafana calls them in the heading of a table."""


_LINES: Final = {
    "axisBorderShow": False,
    "axisCenteredZero": False,
    "axisColorMode": "text",
    "axisLabel": "",
    "axisPlacement": "auto",
    "barAlignment": 0,
    "drawStyle": "line",
    "fillOpacity": 0,
    "gradientMode": "none",
    "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    "insertNulls": False,
    "lineInterpolation": "linear",
    "lineWidth": 2,
    "pointSize": 4,
    "scaleDistribution": {"type": "linear"},
    "showPoints": "auto",
    "spanNulls": False,
    "stacking": {"group": "A", "mode": "none"},
    "thresholdsStyle": {"mode": "off"},
}


def lines(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    width: int = 12,
    stacked: bool = False,
    overrides: Sequence[Json] = (),
    limits: Sequence[Json] = (),
    minimum: float | None = 0,
    maximum: float | None = None,
    empty: str = "",
    links: Sequence[Json] = (),
    decimals: int | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    beside: Sequence[str] = (),
    step: str = "",
    wide: bool = False,
) -> Panel:
    """Values over time, as lines or as a stack of areas; `limits` are drawn as dashed lines.

    The axis reaches at least to `at_least`, and begins at most at `at_most`, so that a line that never changes does not
    look like a riddle. `beside` puts the names into a table at the right, with what it names of each; `step` is the
    shortest time between two points. `wide` is an axis for numbers from 0 to hundreds, of which those near 1 count.
    """
    custom = dict(_LINES)
    if stacked:
        custom |= {"stacking": {"group": "A", "mode": "normal"}, "fillOpacity": 55, "lineWidth": 1}
    if limits:
        custom |= {"thresholdsStyle": {"mode": "dashed"}, "fillOpacity": 0}
    if wide:
        custom |= {"scaleDistribution": {"type": "symlog", "log": 10, "linearThreshold": 1}}
    if at_least is not None:
        custom |= {"axisSoftMax": at_least}
    if at_most is not None:
        custom |= {"axisSoftMin": at_most}
    return Panel(
        type="timeseries",
        title=title,
        description=description,
        queries=queries,
        unit=unit,
        width=width,
        custom=custom,
        color="palette-classic",
        steps=limits or tuple(NEUTRAL),
        overrides=overrides,
        minimum=minimum,
        maximum=maximum,
        decimals=decimals,
        empty=empty,
        links=links,
        interval=step,
        options={"legend": legend(beside), "tooltip": ALL_TIPS},
    )


def bars(panel: Panel) -> Panel:
    """The same values, each as a bar of its own stretch of time."""
    custom = {**panel.custom, "drawStyle": "bars", "fillOpacity": 85, "lineWidth": 0, "barWidthFactor": 0.9}
    return replace(panel, custom=custom)


def heatmap(title: str, description: str, query: Query, *, unit: str, width: int = 12, empty: str = "") -> Panel:
    """How often which size came, over time: the buckets of a histogram."""
    return Panel(
        type="heatmap",
        title=title,
        description=description,
        queries=[query],
        unit="short",
        width=width,
        empty=empty,
        color="thresholds",
        custom={
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
            "scaleDistribution": {"type": "linear"},
        },
        options={
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"unit": "short"},
            "color": {
                "exponent": 0.5,
                "fill": "dark-orange",
                "mode": "scheme",
                "reverse": False,
                "scale": "exponential",
                "scheme": "YlGnBu",
                "steps": 64,
            },
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto", "value": "Count"},
            "showValue": "never",
            "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
        },
    )


def timeline(
    title: str,
    description: str,
    *queries: Query,
    mappings: Sequence[Json],
    width: int = 24,
    links: Sequence[Json] = (),
    empty: str = "",
    thickness: float = 0.8,
) -> Panel:
    """States over time, a row for each series."""
    return Panel(
        type="state-timeline",
        title=title,
        description=description,
        queries=queries,
        unit="short",
        width=width,
        mappings=mappings,
        links=links,
        empty=empty,
        custom={
            "fillOpacity": 85,
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
            "lineWidth": 0,
        },
        options={
            "alignValue": "left",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            "mergeValues": True,
            "rowHeight": thickness,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )
