"""Alerts from logs: a recorded log of the reference server, counted by mtail, drives the rule; Loki has the same one.

`reference.log` is what `python -m prober.reference` wrote while four clients swapped and advanced one session at once.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
import yaml

from mcp_state.logs import JsonLines
from tests.programs import said

from .rules import ALERTING, ALERTS, cases

pytestmark = pytest.mark.external

PROGRAM: Final = ALERTS / "conflicts.mtail"
RECORDED: Final = Path(__file__).parent / "reference.log"
LINES: Final = [json.loads(line) for line in RECORDED.read_text().splitlines()]
_SERIES: Final = re.compile(r"^(mcp_\w+)\{(.*)\} (\d+)$", re.MULTILINE)


def series_of(log: Path) -> list[tuple[str, str, str]]:
    """What mtail exports of a log: name, labels, value."""
    options = ("--one_shot", "--one_shot_format=prometheus", "--address=127.0.0.1", "--port=0")
    return _SERIES.findall(said("mtail", *options, f"--progs={PROGRAM}", f"--logs={log}"))


def counted(log: Path) -> dict[tuple[str, str], int]:
    """What mtail counts in a log, by store and tool."""
    counts = {}
    for name, labels, value in series_of(log):
        assert name == "mcp_log_write_conflicts_total"
        by = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        counts[by["store"], by["tool"]] = int(value)
    return counts


def test_mtail_counts_the_conflicts_of_a_recorded_log() -> None:
    expected = Counter((line["store"], line["tool"]) for line in LINES if line["event"] == "write_conflict")
    assert len(expected) == 2
    assert counted(RECORDED) == expected


def test_mtail_counts_no_other_event_and_no_other_logger(tmp_path: Path) -> None:
    conflict = next(line for line in LINES if line["event"] == "write_conflict")
    others = [
        conflict | {"event": "write_gave_up"},
        conflict | {"event": "lock_wait", "wait_seconds": 1.0},
        conflict | {"logger": "elsewhere"},
        {key: value for key, value in conflict.items() if key != "tool"},
        conflict | {"event": "somebody said write_conflict"},
    ]
    log = tmp_path / "other.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in others) + "not JSON\n")
    assert counted(log) == {}


def test_the_server_still_writes_lines_as_they_were_recorded() -> None:
    conflict = next(line for line in RECORDED.read_text().splitlines() if "write_conflict" in line)
    facts = {key: json.loads(conflict)[key] for key in ("session_id", "tool", "retry_count", "store")}
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    record = logging.LogRecord("mcp_state", logging.WARNING, "", 0, "write_conflict", None, None)
    record.facts = facts
    handler.emit(record)
    told_now, recorded = json.loads(stream.getvalue()), json.loads(conflict)
    assert list(told_now) == list(recorded)
    assert told_now | {"time": ""} == recorded | {"time": ""}


def test_the_series_that_drive_the_rule_are_those_that_mtail_exports() -> None:
    exported = {frozenset(re.findall(r'(\w+)="', labels)) for _, labels, _ in series_of(RECORDED)}
    driving = [
        series["series"]
        for case in cases()
        for series in case["input_series"]
        if series["series"].startswith("mcp_log_write_conflicts_total")
    ]
    assert driving
    for series in driving:
        assert frozenset(re.findall(r'(\w+)="', series)) - {"job", "instance"} in exported


def test_loki_has_the_same_rule() -> None:
    [group] = yaml.safe_load((ALERTS / "loki-rules.yml").read_text())["groups"]
    [rule] = group["rules"]
    ours = ALERTING["McpLogWriteConflicts"]
    assert {key: rule[key] for key in ("alert", "for", "labels", "annotations")} == {
        key: ours[key] for key in ("alert", "for", "labels", "annotations")
    }
    assert re.findall(r"\[(\w+)\]|> (\d+)|by \((.*)\)", rule["expr"]) != []
    for part in ("sum by (cluster, job, store, tool)", "[5m]", "> 30"):
        assert part in rule["expr"]
        assert part in ours["expr"]
    assert 'event="write_conflict"' in rule["expr"]
