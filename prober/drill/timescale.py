"""Divides all durations of the shipped rules and routes by one factor: an hour passes within a minute.

Divided are: in rule files `interval`, `for`, `keep_firing_for` and every range, subquery and offset in an expression;
in the Alertmanager's configuration the waits of its routes; in Prometheus the intervals and the lookback. Names,
labels, thresholds and the order of rules stay as shipped. A number of seconds in an expression (`+ 60`) is a threshold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

_SECONDS: Final = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION: Final = r"(?:[0-9]+(?:ms|[smhdwy]))+"
_PART: Final = re.compile(r"([0-9]+)(ms|[smhdwy])")
_PROMQL: Final = re.compile(
    rf"""
    (?P<kept> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \#[^\n]* )
    | \[ \s* {_DURATION} \s* (?: : \s* (?:{_DURATION})? \s* )? \]
    | \b (?i:offset) \s+ -? \s* {_DURATION}
    """,
    re.VERBOSE,
)

USUAL_SPEED: Final = 60.0

_RULE_TIMES: Final = frozenset({"interval", "for", "keep_firing_for"})
_ROUTE_DEFAULTS: Final = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
"""The Alertmanager's own, where the first route says nothing."""
_ROUTE_TIMES: Final = frozenset({"group_wait", "group_interval", "repeat_interval", "resolve_timeout"})

SCRAPE_INTERVAL: Final = "30s"
"""Before the division: the interval of the rules, and twice the interval of deploy/prometheus.yml. A busy machine then
has half a second for a scrape at a factor of 60."""


def seconds(duration: str) -> float:
    """The seconds of a Prometheus duration. Raises ValueError."""
    if not re.fullmatch(_DURATION, duration) and duration != "0":
        raise ValueError(f"{duration!r} is no duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))


def pace(speed: float) -> float:
    """The factor of probes' intervals and of the drill's waits, compared with the usual speed.

    Never below 1: a run of a probe does not get faster.
    """
    return max(USUAL_SPEED / speed, 1.0)


def shorter(duration: str, speed: float) -> str:
    """A duration divided by `speed`, in whole milliseconds, at least 1 ms unless it was zero."""
    before = seconds(duration)
    milliseconds = max(round(before * 1000 / speed), 1) if before else 0
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}s" if not rest else f"{milliseconds}ms"


def expression(promql: str, speed: float) -> str:
    """A PromQL expression with every range and offset divided; strings and comments stay."""

    def divided(match: re.Match[str]) -> str:
        if match["kept"] is not None:
            return match[0]
        return re.sub(_DURATION, lambda duration: shorter(duration[0], speed), match[0])

    return _PROMQL.sub(divided, promql)


def rules(document: Any, speed: float) -> Any:
    """A rule file, as parsed from YAML, with its time constants divided."""
    if isinstance(document, Mapping):
        return {key: _rule_value(key, value, speed) for key, value in document.items()}
    if isinstance(document, list):
        return [rules(each, speed) for each in document]
    return document


def _rule_value(key: str, value: Any, speed: float) -> Any:
    if key in _RULE_TIMES:
        return shorter(value, speed)
    if key == "expr":
        return expression(str(value), speed)
    return value if key in ("labels", "annotations") else rules(value, speed)


def alertmanager(document: Mapping[str, Any], *, speed: float, webhook: str) -> dict[str, Any]:
    """The shipped routes and inhibitions with their waits divided, and every receiver a webhook of the drill."""
    divided = routes(document, speed)
    return {
        **{key: value for key, value in divided.items() if key != "templates"},
        "global": {key: value for key, value in divided.get("global", {}).items() if key in _ROUTE_TIMES},
        "receivers": [
            {"name": receiver["name"], "webhook_configs": [observer(webhook, receiver["name"])]}
            for receiver in document["receivers"]
        ],
    }


def routes(document: Mapping[str, Any], speed: float) -> dict[str, Any]:
    """A configuration of an Alertmanager with the waits of its routes divided, and nothing else changed."""
    written_out = {**document, "route": {**_ROUTE_DEFAULTS, **document["route"]}}
    divided = {key: _route_value(key, value, speed) for key, value in written_out.items()}
    if document.get("global"):
        divided["global"] = {key: _route_value(key, value, speed) for key, value in document["global"].items()}
    return divided


def observer(webhook: str, receiver: str) -> dict[str, Any]:
    """The webhook of a drill that gets whatever a receiver gets."""
    return {"url": f"{webhook}/{quote(receiver, safe='')}", "send_resolved": True, "max_alerts": 0}


def longest_group_interval(route: Mapping[str, Any], speed: float) -> float:
    """The seconds between two notifications of a group, for the slowest of the routes that page or warn.

    `route` is divided already. Digests of a day or so are not waited for: they begin at an hour.
    """
    digest = seconds("1h") / speed
    found = [seconds(each["group_interval"]) for each in _all_routes(route) if "group_interval" in each]
    return max([seconds(shorter("5m", speed)), *(each for each in found if each < digest)])


def _all_routes(route: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield route
    for each in route.get("routes") or ():
        yield from _all_routes(each)


def _route_value(key: str, value: Any, speed: float) -> Any:
    if key in _ROUTE_TIMES:
        return shorter(value, speed)
    if key == "route":
        return {name: _route_value(name, each, speed) for name, each in value.items()}
    if key == "routes":
        return [_route_value("route", each, speed) for each in value]
    return value


def prometheus(*, speed: float, daemon: str, alertmanager: str) -> dict[str, Any]:
    """A configuration that scrapes one daemon as deploy/prometheus.yml does, with rules/*; addresses are HOST:PORT."""
    interval = shorter(SCRAPE_INTERVAL, speed)
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "scrape_configs": [
            {"job_name": "mcp-prober", "honor_labels": True, "static_configs": [{"targets": [daemon]}]},
        ],
        "rule_files": ["rules/*"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
    }
