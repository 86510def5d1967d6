"""The committed dashboards, as the tests read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "dashboards"
NAMES: Final = ("fleet", "prober", "state", "target")

_SAMPLE: Final[Mapping[str, str]] = {
    "__rate_interval": "4m",
    "__range": "6h",
    "__interval": "5m",
}


def dashboard(name: str) -> dict[str, Any]:
    """One of them."""
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document


def panels(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels, those in closed rows included, and no headings."""
    for panel in document["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def questions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All PromQL of a dashboard, as Prometheus gets it, with where it comes from."""
    for panel in panels(document):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", asked(target["expr"])
    for mark in document["annotations"]["list"]:
        yield mark["name"], asked(mark["expr"])
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], asked(of_variable(variable))


def of_variable(variable: Mapping[str, Any]) -> str:
    """What a variable asks: for the values of a label, or for what a question finds."""
    if found := re.fullmatch(r"query_result\((.+)\)", variable["definition"]):
        return found[1]
    labels = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
    assert labels, variable["definition"]
    return f"group by ({labels[2]}) ({labels[1]})"


def asked(expr: str) -> str:
    """A question with values in the places of variables: `.*` where all are chosen."""
    return re.sub(r"\$(\w+)", lambda name: _SAMPLE.get(name[1], ".*"), expr)
