"""A dashboard as a whole: its panels in their places, in the form in which Grafana imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dashboards.generate.language import Json
from dashboards.generate.links import TAG, to_elsewhere
from dashboards.generate.marks import Marks
from dashboards.generate.panels import Panel
from dashboards.generate.variables import ADDRESSES, SOURCES

WIDTH: Final = 24
SCHEMA_VERSION: Final = 38
"""Of Grafana 10.0; later ones bring it up to their own when they load it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels beside each other under a heading; `height` in the grid's units of about 38 px."""

    title: str
    height: int
    panels: Sequence[Panel]
    collapsed: bool = False
    """For what only some have: it asks nothing until it is opened."""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One dashboard."""

    uid: str
    title: str
    description: str
    variables: Sequence[Json]
    marks: Sequence[Marks]
    rows: Sequence[Row]
    runbooks: Mapping[str, Sequence[str]]
    """Alerts by the title of the panel that shows why they fire."""
    since: str = "now-6h"
    links: Sequence[Json] = ()

    def document(self) -> Json:
        """As Grafana imports it, by file or by provisioning."""
        panels = self._placed()
        return {
            "__elements": {},
            "__inputs": [
                {
                    "description": "The Prometheus that scrapes the probers and the servers",
                    "label": "Prometheus",
                    "name": "DS_PROMETHEUS",
                    "pluginId": "prometheus",
                    "pluginName": "Prometheus",
                    "type": "datasource",
                }
            ],
            "__requires": _requires({panel.type for row in self.rows for panel in row.panels}),
            "annotations": {"list": [mark.document(number) for number, mark in enumerate(self.marks)]},
            "description": self.description,
            "editable": True,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "id": None,
            "links": [*to_elsewhere(), *self.links],
            "panels": panels,
            "refresh": "1m",
            "schemaVersion": SCHEMA_VERSION,
            "tags": [TAG],
            "templating": {"list": [SOURCES, *self.variables, *ADDRESSES]},
            "time": {"from": self.since, "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "version": 1,
            "weekStart": "",
        }

    def _placed(self) -> list[Json]:
        documents: list[Json] = []
        number = y = 0
        for row in self.rows:
            heading = None
            if row.title:
                number += 1
                heading = _heading(row, number, y)
                documents.append(heading)
                y += 1
            inside: list[Json] = []
            x = 0
            for panel in row.panels:
                if x + panel.width > WIDTH:
                    x, y = 0, y + row.height
                number += 1
                place = {"h": row.height, "w": panel.width, "x": x, "y": y}
                inside.append(panel.document(number, place, self.runbooks.get(panel.title, ())))
                x += panel.width
            y += row.height
            if heading is not None and row.collapsed:
                heading["panels"] = inside
            else:
                documents += inside
        return documents


def _heading(row: Row, number: int, y: int) -> Json:
    place = {"h": 1, "w": WIDTH, "x": 0, "y": y}
    return {
        "collapsed": row.collapsed,
        "gridPos": place,
        "id": number,
        "panels": [],
        "title": row.title,
        "type": "row",
    }


_NAMES: Final = {
    "bargauge": "Bar gauge",
    "heatmap": "Heatmap",
    "stat": "Stat",
    "state-timeline": "State timeline",
    "table": "Table",
    "timeseries": "Time series",
}


def _requires(panels: set[str]) -> list[Json]:
    return [
        {"id": "grafana", "name": "Grafana", "type": "grafana", "version": "10.0.0"},
        {"id": "prometheus", "name": "Prometheus", "type": "datasource", "version": "1.0.0"},
        *({"id": panel, "name": _NAMES[panel], "type": "panel", "version": ""} for panel in sorted(panels)),
    ]
