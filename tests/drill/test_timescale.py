"""Shortened rules and routes are the shipped ones but for their time constants, and Prometheus accepts them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from prober.cli.package_data import shipped
from prober.drill import timescale
from tests.programs import said

RULES: Final = sorted((shipped("alerts") / "rules").glob("*.yml"))

DURATIONS: Final = (
    ("1m", 60, "1s"),
    ("30s", 60, "500ms"),
    ("5m", 120, "2500ms"),
    ("1h30m", 60, "90s"),
    ("7d", 60, "10080s"),
    ("1w", 7, "86400s"),
    ("1m", 1, "60s"),
    ("0s", 60, "0s"),
    ("10ms", 60, "1ms"),  # what is not zero stays above it
    ("100ms", 60, "2ms"),
)

EXPRESSIONS: Final = (
    ("up", "up"),
    ("rate(a[5m])", "rate(a[5s])"),
    ("rate(a[ 5m ])", "rate(a[ 5s ])"),
    ("max_over_time(a[1h:5m])", "max_over_time(a[60s:5s])"),
    ("max_over_time(a[1h:])", "max_over_time(a[60s:])"),
    ("a offset 30m", "a offset 30s"),
    ("a offset -1h30m", "a offset -90s"),
    ("last_over_time(a[30m] OFFSET 1d)", "last_over_time(a[30s] OFFSET 1440s)"),
    ("sum by (offset) (a)", "sum by (offset) (a)"),
    ("my_offset 5", "my_offset 5"),
    ("time() - a > 3 * b + 60", "time() - a > 3 * b + 60"),
    ('a{b="[5m] offset 1h"}', 'a{b="[5m] offset 1h"}'),
    ("a{b='say \\'[5m]\\''}[5m]", "a{b='say \\'[5m]\\''}[5s]"),
    ("a{b=`[5m]`}", "a{b=`[5m]`}"),
    ("a # over [5m]\n/ b[1m]", "a # over [5m]\n/ b[1s]"),
)


@pytest.mark.parametrize(("before", "speed", "after"), DURATIONS)
def test_a_duration_is_divided_and_never_down_to_nothing(before: str, speed: float, after: str) -> None:
    assert timescale.shorter(before, speed) == after


@pytest.mark.parametrize("wrong", ["", "5", "m", "5 m", "1.5h", "5m!"])
def test_what_is_no_duration_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        timescale.shorter(wrong, 60)


@pytest.mark.parametrize(("before", "after"), EXPRESSIONS)
def test_in_an_expression_ranges_and_offsets_are_divided_and_nothing_else(before: str, after: str) -> None:
    assert timescale.expression(before, 60) == after


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_the_shipped_rules_stay_what_they_are_but_for_their_times(file: Path) -> None:
    before = yaml.safe_load(file.read_text())
    after = timescale.rules(before, 60)
    assert _timeless(after) == _timeless(before)
    pairs = list(zip(_times(before), _times(after), strict=True))
    assert pairs
    for long, short in pairs:
        assert timescale.seconds(short) == pytest.approx(timescale.seconds(long) / 60)


def _times(document: Any) -> list[str]:
    """Every duration, in the order of the file, but for what is said to people."""
    return [
        duration
        for group in document["groups"]
        for text in (group["interval"], *(text for rule in group["rules"] for text in _of_rule(rule)))
        for duration in re.findall(r"(?<![\w:.])(?:[0-9]+(?:ms|[smhdwy]))+\b", text)
    ]


def _of_rule(rule: Any) -> Iterator[str]:
    yield rule["expr"]
    yield from (rule[key] for key in ("for", "keep_firing_for") if key in rule)


def _timeless(document: Any) -> str:
    """The document with every duration outside of names and of what is said to people made alike."""
    masked = {
        "groups": [
            {
                **group,
                "interval": "",
                "rules": [
                    {
                        **rule,
                        **{key: "" for key in ("for", "keep_firing_for") if key in rule},
                        "expr": re.sub(r"(?<![\w:.])(?:[0-9]+(?:ms|[smhdwy]))+\b", "", rule["expr"]),
                    }
                    for rule in group["rules"]
                ],
            }
            for group in document["groups"]
        ]
    }
    return json.dumps(masked, indent=1)


@pytest.mark.external
@pytest.mark.parametrize("speed", [1, 60, 120])
@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_prometheus_accepts_the_shortened_rules(file: Path, speed: float, tmp_path: Path) -> None:
    path = tmp_path / file.name
    path.write_text(json.dumps(timescale.rules(yaml.safe_load(file.read_text()), speed)))
    assert "SUCCESS" in said("promtool", "check", "rules", path)


@pytest.mark.external
def test_prometheus_accepts_the_configuration_around_them(tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text(json.dumps(timescale.prometheus(speed=60, daemon="127.0.0.1:1", alertmanager="127.0.0.1:2")))
    assert "SUCCESS" in said("promtool", "check", "config", path)


def shortened_routes() -> dict[str, Any]:
    document = yaml.safe_load((shipped("alerts") / "alertmanager.yml").read_text())
    return timescale.alertmanager(document, speed=60, webhook="http://127.0.0.1:1")


@pytest.mark.external
def test_the_alertmanager_accepts_the_shortened_routes(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(json.dumps(shortened_routes()))
    assert "SUCCESS" in said("amtool", "check-config", path)


def test_routes_and_inhibitions_are_the_shipped_ones_and_every_receiver_a_webhook() -> None:
    before = yaml.safe_load((shipped("alerts") / "alertmanager.yml").read_text())
    after = shortened_routes()
    assert after["inhibit_rules"] == before["inhibit_rules"]
    assert [receiver["name"] for receiver in after["receivers"]] == [each["name"] for each in before["receivers"]]
    for receiver in after["receivers"]:
        (webhook,) = receiver["webhook_configs"]
        assert webhook["url"] == f"http://127.0.0.1:1/{receiver['name']}"
        assert receiver.keys() == {"name", "webhook_configs"}
    pairs = list(zip(_routes(before["route"]), _routes(after["route"]), strict=True))
    assert len(pairs) > 3
    for long, short in pairs:
        assert long.keys() == short.keys()
        for key, value in long.items():
            if key in ("group_wait", "group_interval", "repeat_interval"):
                assert timescale.seconds(short[key]) == pytest.approx(timescale.seconds(value) / 60, abs=0.001)
            elif key != "routes":
                assert short[key] == value


def _routes(route: Any) -> Iterator[dict[str, Any]]:
    yield route
    for each in route.get("routes", ()):
        yield from _routes(each)


def test_no_secret_is_asked_for() -> None:
    assert "secrets/" not in json.dumps(shortened_routes())
