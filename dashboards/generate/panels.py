"""Queries and panels as data; the dashboard gives each panel a number and a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dashboards.generate.language import NEUTRAL, Json
from dashboards.generate.links import runbook

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question to Prometheus. `columns` asks for labels as columns, now; else it is asked over the range."""

    expr: str
    legend: str = ""
    now: bool = False
    format: str = "time_series"

    def document(self, ref: str) -> Json:
        """As Grafana stores it."""
        return {
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": self.expr,
            "format": self.format,
            "instant": self.now,
            "legendFormat": self.legend or "__auto",
            "range": not self.now,
            "refId": ref,
        }


def over_time(expr: str, legend: str) -> Query:
    """A question over the range."""
    return Query(expr=expr, legend=legend)


def now(expr: str, legend: str = "") -> Query:
    """A question about the end of the range, answered with one value per series."""
    return Query(expr=expr, legend=legend, now=True)


def columns(expr: str) -> Query:
    """A question about the end of the range, answered with a table."""
    return Query(expr=expr, now=True, format="table")


def buckets(expr: str) -> Query:
    """A question for the buckets of a histogram over the range."""
    return Query(expr=expr, legend="{{le}}", format="heatmap")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel. `empty` is what it says instead of "No data" where that is nothing to worry about."""

    type: str
    title: str
    description: str
    queries: Sequence[Query]
    unit: str
    width: int
    options: Json
    custom: Json = field(default_factory=dict)
    steps: Sequence[Json] = tuple(NEUTRAL)
    mappings: Sequence[Json] = ()
    color: str = "thresholds"
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    links: Sequence[Json] = ()
    empty: str = ""
    decimals: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    interval: str = ""
    """The shortest step of its questions over the range; empty is that of the data source."""

    def document(self, number: int, place: Json, runbooks: Sequence[str] = ()) -> Json:
        """As Grafana stores it; `runbooks` are the alerts whose runbooks its heading offers."""
        limits = {"decimals": self.decimals, "min": self.minimum, "max": self.maximum, "noValue": self.empty or None}
        defaults: Json = {
            "color": {"mode": self.color},
            "custom": self.custom,
            "links": list(self.links),
            "mappings": list(self.mappings),
            "thresholds": {"mode": "absolute", "steps": list(self.steps)},
            "unit": self.unit,
            **{name: value for name, value in limits.items() if value is not None},
        }
        return {
            "datasource": SOURCE,
            "description": self.description,
            "fieldConfig": {"defaults": defaults, "overrides": list(self.overrides)},
            "gridPos": place,
            "id": number,
            **({"interval": self.interval} if self.interval else {}),
            "links": [runbook(alert) for alert in runbooks],
            "options": self.options,
            "targets": [query.document(chr(ord("A") + index)) for index, query in enumerate(self.queries)],
            "title": self.title,
            "transformations": list(self.transformations),
            "type": self.type,
        }
