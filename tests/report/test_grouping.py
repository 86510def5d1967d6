"""Failures of one target that are alike are told once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prober.outcome import Evidence, Reason
from prober.report.grouping import alike
from tests.report.golden import on_screen, report
from tests.report.outcomes import ALIKE, PASSED

FIRST = ALIKE[0]
NEXT = "Start the server, or correct host and port"


def test_failures_that_are_alike_are_one_group_and_each_pass_is_its_own() -> None:
    assert [len(group) for group in alike([*ALIKE, *PASSED])] == [len(ALIKE), *[1] * len(PASSED)]


@pytest.mark.parametrize(
    "other",
    [
        {"target": "another"},
        {"reason": Reason.CONNECT_FAILED},
        {"message": "Connection refused: 127.0.0.1 port 10"},
        {"step": "tools/call"},
        {"evidence": (Evidence(http_status=500),)},
        {"warnings": ("612 ms",)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_failures_that_differ_are_told_apart_by(other: dict[str, Any]) -> None:
    assert alike([FIRST, replace(FIRST, probe="b", **other)]) == [[FIRST], [replace(FIRST, probe="b", **other)]]


def test_a_file_has_a_line_of_each_probe_and_the_details_once() -> None:
    lines = report("table", ALIKE).splitlines()
    assert [line.split()[:3] for line in lines if line.startswith("fail")] == [
        ["fail", "search", each.probe] for each in ALIKE
    ]
    assert sum("Connection refused" in line for line in lines) == 1
    assert sum(NEXT in line for line in lines) == 1
    assert sum("connect_refused at initialize: the same as find" in line for line in lines) == len(ALIKE) - 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_has_a_row_of_each_probe_and_the_details_once(width: int) -> None:
    shown = on_screen(ALIKE, width=width)
    assert [line.split()[3] for line in shown.splitlines() if line.startswith("✗")] == [each.probe for each in ALIKE]
    assert shown.count("Connection refused") == 1
    assert shown.count("next ") == 1


def test_with_verbose_every_probe_has_its_own_details() -> None:
    assert report("table", ALIKE, verbose=True).count(NEXT) == len(ALIKE)
    assert on_screen(ALIKE, width=250, verbose=True).count(NEXT) == len(ALIKE)
