"""A worker and the daemon's end of its channel, in one process: what the one says, the other does."""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from prober import __version__
from prober.config.model import Config
from prober.daemon.workers import worker as module
from prober.daemon.workers.channel import Channel
from prober.daemon.workers.messages import (
    Answer,
    Applied,
    Apply,
    Assign,
    Drain,
    Figures,
    GiveUp,
    Here,
    LeftOut,
    Ran,
    RunEarly,
    RunNow,
    Start,
)
from prober.daemon.workers.worker import work
from prober.outcome import Reason, Verdict
from tests.kinds.offering import document, gives, offering, tool
from tests.leaks import nothing_left_behind
from tests.peers.protocol import Message
from tests.schedule.ledger import BOUND, loaded, until

START: Final = Start(concurrency=8, processors=2, spans=False, schedule=True)
HOURLY: Final = {"kind": "call", "tool": "count", "interval": "1h"}
SECRET: Final = "Kw8-sEcReT-9fQ"

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker says often how it stands: the tests wait for it."""
    monkeypatch.setattr(module, "_EVERY", 0.05)


class Ends:
    """What the daemon's end has heard, and the end itself."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._news = asyncio.Event()
        self.channel: Channel

    def hear(self, message: object) -> None:
        self.heard.append(message)
        self._news.set()

    async def first(self, kind: type[T], wanted: Callable[[T], bool] = lambda _message: True) -> T:
        async with asyncio.timeout(BOUND):
            while True:
                for message in self.heard:
                    if isinstance(message, kind) and wanted(message):
                        return message
                self._news.clear()
                await self._news.wait()

    def share(self, config: Config, *, generation: int = 1, since: datetime | None = None) -> None:
        due = {} if since is None else dict.fromkeys(config.probes, since)
        self.channel.send(Assign(targets=tuple(config.targets.values())))
        self.channel.send(Assign(probes=tuple(config.probes.values()), since=due))
        self.channel.send(Apply(generation=generation, gone_probes=frozenset(), gone_targets=frozenset()))


@asynccontextmanager
async def worker(start: Start = START) -> AsyncIterator[tuple[Ends, asyncio.Task[None]]]:
    async with nothing_left_behind():
        ours, theirs = socket.socketpair()
        ends = Ends()
        ends.channel = await Channel.over(ours, ends.hear)
        working = asyncio.create_task(work(theirs))
        ends.channel.send(start)
        try:
            yield ends, working
        finally:
            ends.channel.abort()
            async with asyncio.timeout(BOUND):
                await working


def is_of(probe: str, message: Ran) -> bool:
    return message.result.outcome.probe == probe


async def test_a_share_is_applied_whole_and_what_was_missed_is_run_at_once(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"count": 3}))) as peer, worker() as (ends, _):
        config = loaded(document(peer, HOURLY, HOURLY), tmp_path)
        assert (await ends.first(Here)).version == __version__
        ends.share(config, generation=7, since=datetime.now(UTC) - timedelta(hours=5))
        assert (await ends.first(Applied)).generation == 7
        for name in config.probes:
            ran = await ends.first(Ran, partial(is_of, name))
            assert ran.generation == 7
            assert ran.result.outcome.verdict is Verdict.PASS
            assert 0 < ran.result.start_lag_seconds <= 3600, "the latest time that was missed, and no other"
        assert len([message for message in ends.heard if isinstance(message, Ran)]) == 2


async def test_a_probe_that_missed_nothing_waits_until_it_is_due(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"count": 3}))) as peer, worker() as (ends, _):
        ends.share(loaded(document(peer, HOURLY), tmp_path), since=datetime.now(UTC))
        await ends.first(Applied)
        await ends.first(Figures, lambda figures: bool(figures.lags))
        assert not [message for message in ends.heard if isinstance(message, Ran)]


async def test_it_runs_a_probe_now_and_knows_none_of_another(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"count": 3}))) as peer, worker() as (ends, _):
        ends.share(loaded(document(peer, HOURLY), tmp_path))
        ends.channel.send(RunNow(number=1, probe="p0", timeout=None))
        ends.channel.send(RunNow(number=2, probe="unknown", timeout=None))
        answer = await ends.first(Answer, lambda message: message.number == 1)
        assert answer.outcome is not None
        assert answer.outcome.verdict is Verdict.PASS
        assert (await ends.first(Answer, lambda message: message.number == 2)).outcome is None


async def test_what_the_process_before_it_has_sent_counts_against_the_budget(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"count": 3}))) as peer, worker() as (ends, _):
        config = loaded(document(peer, HOURLY, budget="20/h"), tmp_path)
        ends.channel.send(Assign(sent={"peer": 20, "gone": 3}))
        ends.share(config, since=datetime.now(UTC) - timedelta(hours=2))
        ran = await ends.first(Ran)
        assert ran.result.outcome.reason is Reason.NOT_RUN
        assert "budget of 20/h requests is used up" in ran.result.outcome.message
        assert (await ends.first(Figures, lambda figures: bool(figures.budgets))).budgets == {"peer": 0}
        assert peer.requests == []


async def test_a_reload_takes_probes_away_and_what_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    called, let = asyncio.Event(), asyncio.Event()

    async def slowly(_arguments: Message) -> Message:
        called.set()
        await let.wait()
        return {"content": []}

    async with offering(tool("count", slowly)) as peer, worker() as (ends, _):
        config = loaded(document(peer, HOURLY | {"timeout": "30s"}), tmp_path)
        ends.share(config)
        ends.channel.send(RunNow(number=1, probe="p0", timeout=None))
        await asyncio.wait_for(called.wait(), BOUND)
        await ends.first(Figures, lambda figures: figures.running == 1)
        ends.channel.send(GiveUp(number=1))
        before = len(ends.heard)
        await ends.first(Figures, lambda figures: figures.running == 0 and figures in ends.heard[before:])
        ends.channel.send(
            Apply(generation=2, gone_probes=frozenset(config.probes), gone_targets=frozenset(config.targets))
        )
        ends.channel.send(RunEarly(probe="p0"))
        ends.channel.send(RunNow(number=3, probe="p0", timeout=None))
        assert (await ends.first(Answer, lambda message: message.number == 3)).outcome is None
        assert not [message for message in ends.heard if isinstance(message, Answer) and message.number == 1]
        let.set()


async def test_it_drains_tells_what_ended_and_leaves(tmp_path: Path) -> None:
    called, let = asyncio.Event(), asyncio.Event()

    async def slowly(_arguments: Message) -> Message:
        called.set()
        await let.wait()
        return {"content": []}

    async with offering(tool("count", slowly)) as peer, worker() as (ends, working):
        ends.share(
            loaded(document(peer, HOURLY | {"timeout": "30s"}), tmp_path), since=datetime.now(UTC) - timedelta(hours=2)
        )
        await asyncio.wait_for(called.wait(), BOUND)
        ends.channel.send(Drain(seconds=30))
        await ends.first(Figures)
        assert not working.done(), "what runs may end"
        let.set()
        assert (await ends.first(Ran)).result.outcome.verdict is Verdict.PASS
        await asyncio.wait_for(working, BOUND)
        assert ends.channel.lost.done()


async def test_the_end_of_the_daemon_is_its_end_also_while_it_drains(tmp_path: Path) -> None:
    called = asyncio.Event()

    async def never(_arguments: Message) -> Message:
        called.set()
        await asyncio.Event().wait()
        return {"content": []}

    for drains in (False, True):
        async with worker() as (ends, working), offering(tool("count", never)) as peer:
            probe = HOURLY | {"timeout": "50s"}
            ends.share(loaded(document(peer, probe), tmp_path), since=datetime.now(UTC) - timedelta(hours=2))
            await asyncio.wait_for(called.wait(), BOUND)
            if drains:
                ends.channel.send(Drain(seconds=3600))
            ends.channel.abort()
            await asyncio.wait_for(working, BOUND)
            called.clear()


async def test_a_daemon_that_says_nothing_and_goes_leaves_no_worker() -> None:
    ours, theirs = socket.socketpair()
    working = asyncio.create_task(work(theirs))
    await asyncio.sleep(0)
    ours.close()
    await asyncio.wait_for(working, BOUND)


async def test_of_what_a_run_saw_no_secret_crosses(tmp_path: Path) -> None:
    async def echoes(_arguments: Message) -> Message:
        return {"content": [{"type": "text", "text": f"your token is {SECRET}"}], "isError": True}

    async with offering(tool("count", echoes)) as peer, worker() as (ends, _):
        written = document(peer, HOURLY, headers={"Authorization": "Bearer ${TOKEN}"})
        ends.share(loaded(written, tmp_path, TOKEN=SECRET), since=datetime.now(UTC) - timedelta(hours=2))
        ran = await ends.first(Ran)
        assert ran.result.outcome.reason is Reason.TOOL_ERROR
        assert "your token is ***" in repr(ran.result.outcome)
        assert SECRET.encode() not in b"".join(pickle.dumps(message) for message in ends.heard)


async def test_a_run_that_is_left_out_is_told(tmp_path: Path) -> None:
    let = asyncio.Event()

    async def slowly(_arguments: Message) -> Message:
        await let.wait()
        return {"content": []}

    async with offering(tool("count", slowly)) as peer, worker() as (ends, _):
        often = {"kind": "call", "tool": "count", "interval": "300ms", "timeout": "300ms"}
        slow_start = loaded(document(peer, *[often] * 3, concurrency=1), tmp_path)
        ends.share(slow_start)
        assert (await ends.first(LeftOut)).probe in slow_start.probes
        let.set()


async def test_a_daemon_that_does_not_read_costs_results_and_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_MOST_UNREAD", -1)  # more than that is always unread
    async with offering(tool("count", gives({"count": 3}))) as peer, worker() as (ends, _):
        ends.share(loaded(document(peer, HOURLY), tmp_path), since=datetime.now(UTC) - timedelta(hours=2))
        await until(lambda: [record for record in caplog.records if record.getMessage() == "results_given_up"])
        assert not [message for message in ends.heard if isinstance(message, Ran)]
    given_up, *_ = [record.__dict__["facts"] for record in caplog.records if record.getMessage() == "results_given_up"]
    assert given_up == {"count": 1, "message": "the daemon's process does not read"}


async def test_messages_arrive_whole_and_in_order_however_the_bytes_are_cut() -> None:
    async with nothing_left_behind():
        ours, theirs = socket.socketpair()
        heard: list[object] = []
        there = await Channel.over(theirs, heard.append)
        messages: list[object] = ["small", b"x" * 3_000_000, *range(500)]
        written = bytearray()
        for message in messages:
            content = pickle.dumps(message)
            written += len(content).to_bytes(4) + content
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        for at in (slice(0, 3), slice(3, 11), slice(11, None)):
            await loop.sock_sendall(ours, bytes(written[at]))
            await asyncio.sleep(0.01)
        ours.close()
        await asyncio.wait_for(there.lost, BOUND)
        there.abort()
        assert heard == messages
        there.send("to nobody")
