"""What the rules make of a past: what they record, and which alerts fire, by `for` and `keep_firing_for`."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.remote_write import labelled, valued, write

_BOUND: Final = 600.0
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True, kw_only=True)
class Firing:
    """An alert that fired, from one moment to another."""

    alert: str
    severity: str
    labels: tuple[tuple[str, str], ...]
    begins: float
    ends: float


def seconds(text: str) -> float:
    """A duration such as 1h30m."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


def firings(rule: Mapping[str, Any], url: str, *, begin: float, end: float, step: float) -> list[Firing]:
    """All of one alert, evaluated so often."""
    found = _asked(rule["expr"], url, begin=begin, end=end, step=step)
    return [
        Firing(
            alert=rule["alert"],
            severity=rule["labels"]["severity"],
            labels=tuple(sorted(labels.items())),
            begins=begins,
            ends=ends,
        )
        for labels, values in found
        for begins, ends in fired(
            (moment for moment, _ in values),
            step=step,
            wait=seconds(rule.get("for", "0s")),
            keep=seconds(rule.get("keep_firing_for", "0s")),
        )
    ]


def record(rule: Mapping[str, Any], url: str, *, begin: float, end: float, step: float) -> None:
    """Write what a recording rule would have recorded, and the end of each series where it ended."""
    write(
        url,
        (
            (labelled(rule["record"], labels), valued(_with_ends(values, step)))
            for labels, values in _asked(rule["expr"], url, begin=begin, end=end, step=step)
        ),
    )


def _with_ends(values: Iterable[tuple[float, float]], step: float) -> Iterator[tuple[float, float | None]]:
    last: float | None = None
    for moment, value in values:
        if last is not None and moment - last > step:
            yield last + step, None
        yield moment, value
        last = moment
    if last is not None:
        yield last + step, None


def _asked(
    expr: str, url: str, *, begin: float, end: float, step: float
) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """What an expression says over the time: labels without the name, and values."""
    query = {"query": expr, "start": begin, "end": end, "step": step, "timeout": f"{_BOUND:.0f}s"}
    request = urllib.request.Request(f"{url}/api/v1/query_range", data=urllib.parse.urlencode(query).encode())
    with urllib.request.urlopen(request, timeout=_BOUND) as response:
        found = json.load(response)["data"]["result"]
    return [
        (
            {name: text for name, text in series["metric"].items() if name != "__name__"},
            [(float(moment), float(value)) for moment, value in series["values"]],
        )
        for series in found
    ]


def fired(active: Iterable[float], *, step: float, wait: float, keep: float) -> list[tuple[float, float]]:
    """When an alert fired whose expression had a value at these moments, each a step after the one before or later.

    It fires once the expression has had a value at every evaluation for `wait`, and until it has had none for `keep`.
    """
    stretches: list[list[float]] = []
    for moment in active:
        if stretches and moment - stretches[-1][1] <= step:
            stretches[-1][1] = moment
        else:
            stretches.append([moment, moment])
    found: list[tuple[float, float]] = []
    for first, last in stretches:
        if found and first <= found[-1][1]:  # still kept firing: it goes on without waiting again
            found[-1] = (found[-1][0], last + step + keep)
        elif last - first >= wait:
            found.append((first + wait, last + step + keep))
    return found
