"""The questions of a dashboard, asked as Grafana asks them of a week, and what Prometheus says they cost."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.dashboards.reading import of_variable, panels

_WIDTH: Final = 1240
"""Pixels that the panels of a screen of 1280 share."""
_BOUND: Final = 150.0


CHOSEN: Final = {
    # of those that fail
    "worst": "|".join(f"target-{7 + 50 * number:04}" for number in range(20)),
    "burning": "|".join(f"target-{7 + 50 * number:04}" for number in range(5)),
}
"""What the hidden variables of the fleet dashboard stand for at the largest size."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one question cost; `error` where Prometheus refused it."""

    place: str
    samples: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of the processor, which no other program lengthens; all that Prometheus used meanwhile."""
    error: str = ""


def read(folder: Path, name: str) -> dict[str, Any]:
    """A dashboard of a folder."""
    document: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _written(seconds: float) -> str:
    return f"{round(seconds)}s"


def _step(panel: Mapping[str, Any], days: float, scrape: float) -> float:
    """As Grafana: a point for each pixel, and no more often than is scraped or the panel says."""
    least = {"": scrape, "5m": 300.0}[panel.get("interval", "")]
    return max(least, float(-(-days * 86400 // (_WIDTH * panel["gridPos"]["w"] / 24))))


def questions(
    document: Mapping[str, Any], *, days: float, scrape: float, chosen: Mapping[str, str]
) -> Iterator[tuple[str, str, float]]:
    """Every question, with its place and its step; 0 is the end of the range only."""
    for panel in panels(document):
        step = _step(panel, days, scrape)
        for target in panel["targets"]:
            place = f"{panel['title']} {target['refId']}"
            yield place, _filled(target["expr"], step, days, scrape, chosen), step if target["range"] else 0.0
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], _filled(of_variable(variable), 60.0, days, scrape, chosen), 0.0
    for mark in document["annotations"]["list"]:
        yield mark["name"], _filled(mark["expr"], 60.0, days, scrape, chosen), 60.0


def _filled(expr: str, step: float, days: float, scrape: float, chosen: Mapping[str, str]) -> str:
    values = {
        "__rate_interval": _written(max(step + scrape, 4 * scrape)),
        "__interval": _written(step),
        "__range": _written(days * 86400),
        **chosen,
    }
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(f"${name}", values[name])
    words = expr.split("$")
    return words[0] + "".join(".*" + word.lstrip("abcdefghijklmnopqrstuvwxyz_") for word in words[1:])


def ask(url: str, place: str, expr: str, *, step: float, end: float, days: float) -> Answer:
    """Ask once."""
    query: dict[str, object] = {"query": expr, "stats": "all", "timeout": f"{_BOUND:.0f}s"}
    if step:
        last = end // step * step
        query |= {"start": last - days * 86400 // step * step, "end": last, "step": step}
    else:
        query |= {"time": end}
    path = "query_range" if step else "query"
    request = urllib.request.Request(f"{url}/api/v1/{path}", data=urllib.parse.urlencode(query).encode())
    before = _cpu(url)
    try:
        with urllib.request.urlopen(request, timeout=_BOUND + 30) as response:
            stats = json.load(response)["data"]["stats"]
    except urllib.error.HTTPError as error:
        return Answer(place=place, error=json.loads(error.read())["error"])
    return Answer(
        place=place,
        samples=stats["samples"]["totalQueryableSamples"],
        seconds=stats["timings"]["execTotalTime"],
        cpu=_cpu(url) - before,
    )


def _cpu(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=_BOUND) as response:
        return float(re.findall(r"(?m)^process_cpu_seconds_total (\S+)$", response.read().decode())[0])


def asked(
    url: str, document: Mapping[str, Any], *, end: float, days: float, scrape: float, chosen: Mapping[str, str]
) -> list[Answer]:
    """All questions of a dashboard: the better of two tries each, for others use the machine too."""
    found = []
    for place, expr, step in questions(document, days=days, scrape=scrape, chosen=chosen):
        tries = [ask(url, place, expr, step=step, end=end, days=days)]
        if not tries[0].error and tries[0].seconds < _BOUND / 10:
            tries.append(ask(url, place, expr, step=step, end=end, days=days))
        found.append(min(tries, key=lambda answer: answer.cpu))
    return found
