"""Panels that are tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.generate.language import Json
from dashboards.generate.panels import Panel, Query


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: a label, or the value of the query at a place (`Value #A`)."""

    field: str
    title: str
    width: int | None = None
    """Pixels; None takes what the others leave, 110 at least."""
    unit: str | None = None
    steps: Sequence[Json] = ()
    mappings: Sequence[Json] = ()
    filled: bool = False
    links: Sequence[Json] = ()
    decimals: int | None = None

    def override(self) -> Json:
        """How its cells look."""
        cell = "color-background" if self.filled else "color-text"
        properties: dict[str, object] = {
            "displayName": self.title,
            "custom.align": "center" if self.filled else None,
            "custom.width": self.width,
            "unit": self.unit,
            "decimals": self.decimals,
            "thresholds": {"mode": "absolute", "steps": list(self.steps)} if self.steps else None,
            "mappings": list(self.mappings) or None,
            "custom.cellOptions": self._cell(cell) if self.steps or self.mappings else None,
            "links": list(self.links) or None,
        }
        return {
            "matcher": {"id": "byName", "options": self.field},
            "properties": [{"id": name, "value": value} for name, value in properties.items() if value is not None],
        }

    @staticmethod
    def _cell(kind: str) -> Json:
        return {"type": kind, "mode": "basic"} if kind == "color-background" else {"type": kind}


def table(
    title: str,
    description: str,
    *queries: Query,
    show: Sequence[Column],
    width: int = 24,
    sort: Mapping[str, bool],
    empty: str = "",
) -> Panel:
    """Answers side by side, a row for each set of labels; `sort` names columns, True is highest first."""
    merged = [{"id": "merge", "options": {}}] if len(queries) > 1 else []
    order = {column.field: index for index, column in enumerate(show)}
    organized = {"id": "organize", "options": {"excludeByName": {}, "indexByName": order, "renameByName": {}}}
    kept = {"id": "filterFieldsByName", "options": {"include": {"names": [column.field for column in show]}}}
    return Panel(
        type="table",
        title=title,
        description=description,
        queries=queries,
        unit="short",
        width=width,
        empty=empty,
        custom={
            "align": "auto",
            "cellOptions": {"type": "auto"},
            "filterable": False,
            "inspect": False,
            "minWidth": 110,
        },
        overrides=[column.override() for column in show],
        transformations=[*merged, kept, organized],
        options={
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"displayName": name, "desc": desc} for name, desc in sort.items()],
        },
    )
