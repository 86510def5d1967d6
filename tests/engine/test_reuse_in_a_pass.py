"""One pass keeps the process of a target with `reuse` from its first probe to its last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prober.outcome import Outcome, Phase, Reason
from tests.leaks import nothing_left_behind
from tests.restless_server import COMMAND
from tests.running import run_document
from tests.schedule.keeping import answered, who
from tests.slow_server import command

CALL = {"kind": "call", "tool": "whoami"}
DYING: list[dict[str, Any]] = [{"arguments": {"then": "dies"}}, {"kind": "handshake"}, {}]
"""The handshake, with a process of its own, gives the other the time to die."""


async def passed(folder: Path, target: dict[str, Any], *probes: dict[str, Any]) -> list[Outcome]:
    document = {
        "targets": {"server": {"command": COMMAND, **target}},
        "probes": {
            f"p{number:02}": {"target": "server", **(probe if "kind" in probe else {**CALL, **probe})}
            for number, probe in enumerate(probes)
        },
    }
    async with nothing_left_behind():
        return await run_document(document, folder)


async def test_eighteen_probes_are_one_start_and_one_end(tmp_path: Path) -> None:
    outcomes = await passed(tmp_path, {"reuse": "1h"}, *[{}] * 18)
    assert [outcome.reason for outcome in outcomes] == [None] * 18
    assert len({who(outcome) for outcome in outcomes}) == 1
    assert [Phase.SPAWN in outcome.phases for outcome in outcomes] == [True] + [False] * 17
    assert ["close_seconds" in outcome.facts for outcome in outcomes] == [False] * 17 + [True]


async def test_the_last_that_can_use_it_ends_it_whatever_comes_after(tmp_path: Path) -> None:
    first, last, handshake = await passed(tmp_path, {"reuse": "1h"}, {}, {}, {"kind": "handshake"})
    assert who(first) == who(last)
    assert {"start_seconds", "close_seconds"} <= handshake.facts.keys()
    assert ["close_seconds" in outcome.facts for outcome in (first, last)] == [False, True]


async def test_without_reuse_each_has_its_own(tmp_path: Path) -> None:
    assert len({who(outcome) for outcome in await passed(tmp_path, {}, *[{}] * 3)}) == 3


async def test_with_more_concurrency_there_are_no_more_processes_than_runs_at_a_time(tmp_path: Path) -> None:
    outcomes = await passed(tmp_path, {"reuse": "1h", "concurrency": 3}, *[{}] * 12)
    assert [outcome.reason for outcome in outcomes] == [None] * 12
    assert len({who(outcome) for outcome in outcomes}) <= 3


async def test_a_death_between_two_probes_is_told_by_the_next_and_turns_no_verdict(tmp_path: Path) -> None:
    first, meanwhile, second, third = await passed(tmp_path, {"reuse": "1h"}, *DYING, {})
    assert not any(outcome.reason for outcome in (first, meanwhile, second, third))
    [warning] = second.warnings
    assert "status 3" in warning
    assert "the disk is full" in warning
    assert not third.warnings
    assert [answered(outcome)["calls"] for outcome in (first, second, third)] == [1, 1, 2]


async def test_a_secret_in_what_the_process_said_last_is_masked(tmp_path: Path) -> None:
    target = {"reuse": "1h", "env": {"DISK": "the disk"}}
    *_, outcome = await passed(tmp_path, target, *DYING)
    [warning] = outcome.warnings
    assert warning.endswith("fatal: *** is full")


@pytest.mark.clock
async def test_after_a_timeout_the_next_probe_has_a_new_process_and_a_right_answer(tmp_path: Path) -> None:
    hangs = {"arguments": {"before": "hangs"}, "timeout": "300ms"}
    outcomes = await passed(tmp_path, {"reuse": "1h"}, {}, hangs, {})
    assert [outcome.reason for outcome in outcomes] == [None, Reason.TIMEOUT, None]
    assert who(outcomes[0]) != who(outcomes[2])


@pytest.mark.slow
async def test_a_kept_process_that_does_not_leave_is_a_warning_of_the_last_probe(tmp_path: Path) -> None:
    target = {"command": command(leave=2.5), "reuse": "1h"}
    outcomes = await passed(tmp_path, target, *[{"kind": "catalog"}] * 2)
    assert [outcome.reason for outcome in outcomes] == [None] * 2
    assert not outcomes[0].warnings
    assert "did not exit within 2 s" in outcomes[1].warnings[0]
