"""A process that is kept between runs: when a run goes on with it, when it ends, and that its end is reported."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from prober.outcome import Phase, Reason
from tests.restless_server import COMMAND
from tests.schedule.keeping import answered, keeping, who
from tests.slow_server import command
from tests.waiting import until


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_a_run_goes_on_with_the_process_of_the_run_before_and_starts_nothing(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first, second = await kept.run(), await kept.run()
        assert who(first) == who(second)
        assert [each.step for each in second.exchanges] == ["tools/call"]
        assert Phase.SPAWN in first.phases
        assert Phase.SPAWN not in second.phases
        assert "start_seconds" in first.facts
        assert not {"start_seconds", "close_seconds"} & second.facts.keys()
        assert 0 < second.facts["latency_seconds"] <= second.duration_seconds
        assert second.server == first.server
        assert not second.warnings
        assert kept.ends == []
    assert kept.causes == ["stopped"]
    assert gone(who(first))


async def test_without_reuse_every_run_starts_its_own(tmp_path: Path) -> None:
    async with keeping(tmp_path, reuse=None) as kept:
        assert await kept.who() != await kept.who()
    assert kept.ends == []


async def test_a_handshake_starts_its_own_beside_the_kept_one(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who()
        outcome = await kept.run("handshake")
        assert outcome.reason is None
        assert {"start_seconds", "close_seconds"} <= outcome.facts.keys()
        assert await kept.who() == first
        assert kept.ends == []


async def test_as_many_are_kept_as_may_run_at_a_time(tmp_path: Path) -> None:
    async with keeping(tmp_path, concurrency=2) as kept:
        first = {who(each) for each in await asyncio.gather(kept.run("slow"), kept.run("plain"))}
        again = {who(each) for each in await asyncio.gather(kept.run("slow"), kept.run("plain"))}
        assert len(first) == 2
        assert again == first


async def test_only_a_full_pool_spares_its_runs_the_wait_for_a_start(tmp_path: Path) -> None:
    """Of two runs that begin together and see one process, one would start another without a slot to start."""
    async with keeping(tmp_path, concurrency=2) as kept:
        pool = kept.scheduler._states["server"].kept
        assert pool is not None
        assert not pool.is_full
        await kept.run()
        assert not pool.is_full
        await asyncio.gather(kept.run("slow"), kept.run())
        assert pool.is_full
        running = asyncio.create_task(kept.run("slow"))
        await until(lambda: len(pool._out) == 1)
        assert pool.is_full
        await running
        await kept.run("hangs")
        assert not pool.is_full


async def test_one_that_has_come_of_age_leaves_though_no_run_comes(tmp_path: Path) -> None:
    async with keeping(tmp_path, reuse="300ms") as kept:
        first = await kept.who()
        await until(lambda: gone(first))
        await until(lambda: kept.causes == ["aged"])
        second = await kept.run()
        assert who(second) != first
        assert not second.warnings


async def test_one_that_comes_of_age_in_a_run_leaves_at_its_end(tmp_path: Path) -> None:
    async with keeping(tmp_path, reuse="200ms") as kept:
        outcome = await kept.run("slow")
        assert "close_seconds" in outcome.facts
        assert kept.causes == ["aged"]
        assert gone(who(outcome))


DEATHS = {
    "dies": ("died", "the process exited with status 3; standard error: fatal: the disk is full"),
    "leaves": ("died", "the process exited with status 0"),
    "prints": ("broken", "the answer is not JSON"),
    "answers-nothing": ("broken", "the server sent an answer to nothing that was asked"),
    "closes-its-output": ("broken", "the process closed its standard output"),
}


@pytest.mark.parametrize(("probe", "cause", "trouble"), [(name, *rest) for name, rest in DEATHS.items()], ids=DEATHS)
async def test_an_end_between_two_runs_is_reported_and_the_next_run_stands_for_itself(
    probe: str, cause: str, trouble: str, tmp_path: Path
) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who(probe)
        await until(lambda: kept.causes == [cause])
        second = await kept.run()
        assert second.reason is None, second
        assert who(second) != first
        assert kept.causes == [cause]
        assert kept.ends[0].trouble.startswith(trouble)
        [warning] = second.warnings
        how = {"died": "died", "broken": "broke its session"}[cause]
        assert warning == f"between two runs the kept process {how}: {kept.ends[0].trouble}"
        assert not (await kept.run()).warnings
        assert gone(first)


async def test_a_death_that_nobody_had_time_to_notice_fails_no_run(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who()
        guardian = parent(first)
        os.kill(first, signal.SIGKILL)
        while alive(guardian):
            time.sleep(0.01)  # noqa: ASYNC251 - the loop must not turn, so that nothing is noticed
        second = await kept.run()
        assert second.reason is None, second
        assert who(second) != first
        assert kept.causes == ["died"]
        assert second.warnings[0].endswith("the process exited by signal 9")


async def test_a_wrong_answer_leaves_the_process_as_it_is(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who()
        assert (await kept.run("strict")).reason is Reason.EXPECTATION_FAILED
        assert await kept.who() == first
        assert kept.ends == []


@pytest.mark.parametrize(
    ("probe", "reason", "trouble"),
    [
        ("hangs", Reason.TIMEOUT, "the time of the run was up"),
        ("dies-at-it", Reason.PROCESS_EXITED, "process_exited: the process exited with status 3"),
    ],
)
async def test_a_failure_that_leaves_the_session_unusable_ends_the_process(
    probe: str, reason: Reason, trouble: str, tmp_path: Path
) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who()
        outcome = await kept.run(probe)
        assert outcome.reason is reason
        assert kept.causes == ["failed"]
        assert kept.ends[0].trouble.startswith(trouble)
        assert gone(first)
        second = await kept.run()
        assert who(second) != first
        assert answered(second)["calls"] == 1
        assert not second.warnings


async def test_a_reload_ends_the_process_of_a_target_that_has_changed_and_of_no_other(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who()
        kept.reload({"command": COMMAND, "reuse": "1h"})
        assert await kept.who() == first
        kept.reload({"command": COMMAND, "reuse": "1h", "env": {"KEY": "1"}})
        second = await kept.who()
        assert second != first
        assert kept.causes == ["reloaded"]
        running = asyncio.create_task(kept.run("slow"))
        await asyncio.sleep(0.1)
        kept.reload({"command": COMMAND})
        assert who(await running) == second
        assert kept.causes == ["reloaded", "reloaded"]
        assert gone(second)


async def test_a_ping_between_two_runs_is_answered_as_an_agent_would(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await kept.run("pings")
        await asyncio.sleep(0.2)
        assert answered(await kept.run())["pongs"] == 1


@pytest.mark.clock
@pytest.mark.parametrize("flood", ["floods-stdout", "floods-stderr"])
async def test_a_flood_between_two_runs_costs_little_and_stops_no_answer(flood: str, tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who(flood)
        before, used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        for _ in range(100):
            await asyncio.sleep(0.01)
        assert time.process_time() - used < 0.5
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000
        outcome = await kept.run()
        assert outcome.reason is None, outcome
        assert kept.ends == []
        assert (await kept.run("strict")).reason is Reason.EXPECTATION_FAILED
        assert not gone(first)


async def test_the_last_words_of_before_are_called_that(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        await kept.run("complains")
        await asyncio.sleep(0.1)
        details = [each.detail for each in (await kept.run("strict")).evidence]
        assert "standard error: before this run: cache is cold" in details
        details = [each.detail for each in (await kept.run("complains-at-it")).evidence]
        assert "standard error: cache is cold" in details


@pytest.mark.slow
async def test_thousands_of_runs_leave_nothing_and_begin_nothing(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        first = await kept.who()
        files, tasks = open_files(), len(asyncio.all_tasks())
        await kept.run()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(3000):
            outcome = await kept.run()
        assert who(outcome) == first
        assert open_files() <= files
        assert len(asyncio.all_tasks()) <= tasks
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 10_000
        for _ in range(100):
            await kept.run("leaves")
            await kept.run("handshake")
        await until(lambda: len(kept.ends) == 100)
        await kept.run()
        assert open_files() <= files + 1


@pytest.mark.slow
async def test_one_that_does_not_leave_is_ended_and_that_is_reported(tmp_path: Path) -> None:
    async with keeping(tmp_path, command=command(leave=60, deaf=True)) as kept:
        assert (await kept.run("catalog")).reason is None
    [end] = kept.ends
    assert end.cause == "stopped"
    assert end.trouble.startswith("the process did not exit within 2 s of the end of its standard input; it was killed")
