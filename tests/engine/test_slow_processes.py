"""A stdio server that is slow to start or to leave is not slow to answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prober.outcome import Outcome, Phase, Reason, Situation
from tests.leaks import nothing_left_behind
from tests.running import run_document
from tests.slow_server import command


async def outcomes_of(folder: Path, target: dict[str, Any], *probes: dict[str, Any]) -> list[Outcome]:
    document = {
        "targets": {"slow": target},
        "probes": {f"p{number}": {"target": "slow", **probe} for number, probe in enumerate(probes)},
    }
    async with nothing_left_behind():
        return await run_document(document, folder)


async def test_a_start_that_takes_longer_than_the_timeout_is_no_timeout(tmp_path: Path) -> None:
    probe = {"kind": "catalog", "timeout": "400ms"}
    [outcome] = await outcomes_of(tmp_path, {"command": command(start=0.8)}, probe)
    assert outcome.reason is None, outcome.message
    assert outcome.facts["start_seconds"] >= 0.8
    assert outcome.phases[Phase.SPAWN] >= 0.8
    assert outcome.duration_seconds < 0.4
    assert sum(outcome.phases.get(each, 0.0) for each in (Phase.SEND, Phase.WAIT, Phase.RECEIVE)) < 0.4
    assert (outcome.ended - outcome.started_at).total_seconds() >= 0.8


async def test_many_probes_of_one_server_that_is_slow_to_start_all_pass(tmp_path: Path) -> None:
    """Each has less time to answer than they all need to start."""
    probe = {"kind": "handshake", "timeout": "900ms"}
    outcomes = await outcomes_of(tmp_path, {"command": command(start=0.2), "startup_timeout": "10s"}, *[probe] * 6)
    assert [outcome.reason for outcome in outcomes] == [None] * 6


@pytest.mark.slow
async def test_eighteen_probes_of_a_server_that_needs_three_seconds_of_cpu_pass_as_they_are(tmp_path: Path) -> None:
    outcomes = await outcomes_of(tmp_path, {"command": command(start=3.0)}, *[{"kind": "handshake"}] * 18)
    assert [outcome.reason for outcome in outcomes] == [None] * 18


@pytest.mark.slow
async def test_eighteen_such_servers_pass_as_they_are(tmp_path: Path) -> None:
    targets = {f"t{number}": {"command": command(start=3.0)} for number in range(18)}
    document = {"targets": targets, "probes": {f"p-{name}": {"target": name, "kind": "handshake"} for name in targets}}
    outcomes = await run_document(document, tmp_path)
    assert [outcome.reason for outcome in outcomes] == [None] * 18


@pytest.mark.parametrize("concurrency", [None, 2])
async def test_of_one_target_runs_one_process_unless_it_says_more(concurrency: int | None, tmp_path: Path) -> None:
    record = tmp_path / "record"
    script = f"echo + >> {record}; sleep 0.2; echo - >> {record}; exit 3"
    target: dict[str, Any] = {"command": ["/bin/sh", "-c", script], "protocol": "modern"}
    if concurrency is not None:
        target["concurrency"] = concurrency
    await outcomes_of(tmp_path, target, *[{"kind": "handshake"}] * 4)
    steps = record.read_text().split()
    running = [sum(1 if step == "+" else -1 for step in steps[: place + 1]) for place in range(8)]
    assert max(running) == (concurrency or 1)


LEAVES = {"late": (command(leave=2.3), "stopped by SIGTERM"), "never": (command(leave=60, deaf=True), "killed")}


@pytest.mark.slow
@pytest.mark.parametrize(("words", "how"), LEAVES.values(), ids=LEAVES)
async def test_not_to_leave_is_a_warning_and_a_fact_and_takes_nothing_of_the_timeout(
    words: list[str], how: str, tmp_path: Path
) -> None:
    probes = [{"kind": "handshake", "timeout": "1s"}, {"kind": "catalog", "timeout": "1s"}]
    for outcome in await outcomes_of(tmp_path, {"command": words}, *probes):
        assert outcome.reason is None, outcome.message
        [warning] = outcome.warnings
        assert "did not exit within 2 s of the end of its standard input" in warning
        assert how in warning
        assert outcome.facts["close_seconds"] >= 2
        assert outcome.duration_seconds < 1


async def test_a_server_that_takes_a_moment_to_leave_is_given_it(tmp_path: Path) -> None:
    [outcome] = await outcomes_of(
        tmp_path, {"command": command(leave=0.6)}, {"kind": "handshake", "timeout": "500ms", "expect_clean_exit": True}
    )
    assert (outcome.reason, outcome.warnings) == (None, ())
    assert outcome.facts["close_seconds"] >= 0.6


@pytest.mark.slow
async def test_not_to_leave_is_a_failure_where_a_clean_exit_is_expected(tmp_path: Path) -> None:
    probe = {"kind": "handshake", "expect_clean_exit": True}
    [outcome] = await outcomes_of(tmp_path, {"command": command(leave=2.3)}, probe)
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "close")
    assert outcome.evidence[0].situation == Situation.NO_LEAVE


async def test_an_exit_status_counts_only_where_a_clean_exit_is_expected(tmp_path: Path) -> None:
    target = {"command": ["/bin/sh", "-c", '"$@"; exit 4', "sh", *command()]}
    loose, strict = await outcomes_of(
        tmp_path, target, {"kind": "handshake"}, {"kind": "handshake", "expect_clean_exit": True}
    )
    assert (loose.reason, loose.warnings) == (None, ())
    assert (strict.reason, strict.step) == (Reason.PROCESS_EXITED, "close")
    assert strict.message == "the process exited with status 4, at the end of its standard input"


async def test_the_scenario_and_its_cleanup_have_the_whole_timeout_behind_each_start(tmp_path: Path) -> None:
    """The cleanup after a failure starts a second process, which is no slower to answer than the first."""
    step = {"name": "nothing", "tool": "nothing"}
    probe = {"kind": "scenario", "timeout": "500ms", "steps": [step], "cleanup": [step]}
    [outcome] = await outcomes_of(tmp_path, {"command": command(start=0.7)}, probe)
    assert outcome.reason is Reason.TOOL_MISSING, outcome.message
    assert outcome.facts["start_seconds"] >= 1.4
    assert not any("deadline" in warning for warning in outcome.warnings)
