"""Panels of single numbers: one, a word, or a few in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dashboards.generate.language import NEUTRAL, Json, no_data
from dashboards.generate.panels import Panel, Query

_LAST: Final = {"calcs": ["last"], "fields": "", "values": False}


def stat(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    width: int = 3,
    steps: Sequence[Json] = tuple(NEUTRAL),
    mappings: Sequence[Json] = (),
    empty: str = "",
    decimals: int | None = None,
    text: str = "auto",
    size: int = 26,
    links: Sequence[Json] = (),
) -> Panel:
    """One number of now, coloured by what it means; one that Prometheus has no longer is no data, in grey."""
    return Panel(
        type="stat",
        title=title,
        description=description,
        queries=[query],
        unit=unit,
        width=width,
        steps=steps,
        mappings=[*mappings, no_data(empty)],
        empty=empty,
        decimals=decimals,
        links=links,
        options={
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": _LAST,
            "text": {"valueSize": size},
            "textMode": text,
        },
    )


def words(title: str, description: str, query: Query, naming: str, *, width: int = 3, empty: str = "") -> Panel:
    """Labels as the headline, such as a version; `naming` is a legend."""
    named = replace(query, legend=naming)
    return stat(title, description, named, width=width, empty=empty, text="name", size=16)


def ranking(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    width: int = 8,
    steps: Sequence[Json] = tuple(NEUTRAL),
    maximum: float | None = None,
    minimum: float = 0,
    empty: str = "",
    links: Sequence[Json] = (),
    decimals: int | None = None,
) -> Panel:
    """A few series by their value, in the order of the answer: `topk` and `bottomk` put the worst on top."""
    return Panel(
        type="bargauge",
        title=title,
        description=description,
        queries=[query],
        unit=unit,
        width=width,
        steps=steps,
        minimum=minimum,
        maximum=maximum,
        decimals=decimals,
        empty=empty,
        links=links,
        options={
            "displayMode": "basic",
            "maxVizHeight": 26,
            "minVizHeight": 14,
            "minVizWidth": 8,
            "namePlacement": "auto",
            "orientation": "horizontal",
            "reduceOptions": _LAST,
            "showUnfilled": True,
            "sizing": "auto",
            "text": {"titleSize": 12, "valueSize": 14},
            "valueMode": "color",
        },
    )
