"""What a worker process does: it runs its share of the probes when they are due, and reports every run.

It ends when the daemon says so, and when the connection does: a daemon that was killed leaves no worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from prober import __version__
from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import KeptProcesses
from prober.config.model import Config, Probe, Target
from prober.daemon.logs import log
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
    KeptEnded,
    LeftOut,
    Ran,
    RunEarly,
    RunNow,
    Start,
)
from prober.loop_lag import LoopLag
from prober.outcome import SpanContext
from prober.own_process import keep_configuration
from prober.schedule import Scheduler
from prober.scheduled_run import ScheduledRun

_EVERY: Final = 1.0
"""Seconds between two messages about how the process stands."""
_MOST_UNREAD: Final = 32 * 1024 * 1024
"""Bytes that wait for a daemon which does not read, as one that was stopped; further results are given up."""


async def work(end: socket.socket) -> None:
    """Be a worker of the daemon at the other end, until it has no more work."""
    messages: asyncio.Queue[Any] = asyncio.Queue()
    channel = await Channel.over(end, messages.put_nowait)
    channel.lost.add_done_callback(lambda _lost: messages.put_nowait(None))
    channel.send(Here(version=__version__))
    match await messages.get():
        case Start() as start:
            await _work(start, messages, channel)
    await channel.close()


async def _work(start: Start, messages: asyncio.Queue[Any], channel: Channel) -> None:
    lags: list[float] = []
    async with AsyncExitStack() as stack:
        lag = await stack.enter_async_context(LoopLag(lags.append))
        judge = await stack.enter_async_context(Judge())
        kept = await stack.enter_async_context(KeptProcesses(lambda ended: channel.send(KeptEnded(ended=ended))))
        reporter = _Reporter(channel)
        scheduler = Scheduler(
            judge=judge,
            sinks=[reporter],
            concurrency=start.concurrency,
            processors=start.processors,
            lag=lag,
            kept=kept,
            new_span=_spans() if start.spans else lambda: None,
        )
        if start.schedule:
            await stack.enter_async_context(scheduler)
        worker = Worker(scheduler, reporter, channel)
        stack.push_async_callback(worker.stop)
        telling = asyncio.create_task(worker.tell(lags), name="tell the daemon")
        stack.callback(telling.cancel)
        while (message := await messages.get()) is not None:
            if isinstance(message, Drain):
                await _drain(scheduler, message.seconds, channel)
                return
            worker.take(message)


async def _drain(scheduler: Scheduler, seconds: float, channel: Channel) -> None:
    """Unless the daemon dies meanwhile: then nobody waits for what runs."""
    draining = asyncio.create_task(scheduler.drain(seconds), name="drain")
    await asyncio.wait([draining, channel.lost], return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        await scheduler.drain(0)
        draining.cancel()
    await asyncio.wait([draining])


def _spans() -> Callable[[], SpanContext | None]:
    from prober.otel.spans import spans_of_environment

    return spans_of_environment()


class _Reporter:
    """A Sink that sends what it is told to the daemon."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.generation = 0
        self.unsent = 0

    def record(self, result: ScheduledRun) -> None:
        """A run has ended."""
        if self._channel.unread > _MOST_UNREAD:
            self.unsent += 1
            return
        self._channel.send(Ran(result=result, generation=self.generation))

    def skipped(self, probe: Probe) -> None:
        """A run was left out."""
        self._channel.send(LeftOut(probe=probe.name))


class Worker:
    """The share of this process, and what the daemon asks of it."""

    def __init__(self, scheduler: Scheduler, reporter: _Reporter, channel: Channel) -> None:
        self._scheduler, self._reporter, self._channel = scheduler, reporter, channel
        self._targets: dict[str, Target] = {}
        self._probes: dict[str, Probe] = {}
        self._since: dict[str, datetime] = {}
        self._sent: dict[str, int] = {}
        self._asked: dict[int, asyncio.Task[None]] = {}

    def take(self, message: object) -> None:
        """Do what a message says, or begin to."""
        match message:
            case Assign():
                self._targets |= {target.name: target for target in message.targets}
                self._probes |= {probe.name: probe for probe in message.probes}
                self._since |= message.since
                self._sent |= message.sent
            case Apply():
                self._apply(message)
            case RunEarly() if message.probe in self._probes:
                self._scheduler.run_early(message.probe)
            case RunNow():
                running = asyncio.create_task(self._run_now(message), name=f"run {message.probe} now")
                self._asked[message.number] = running
                running.add_done_callback(lambda _run: self._asked.pop(message.number))
            case GiveUp() if message.number in self._asked:
                self._asked[message.number].cancel()

    async def tell(self, lags: list[float]) -> None:
        """Say how the process stands, again and again."""
        while True:
            given_up, self._reporter.unsent = self._reporter.unsent, 0
            if given_up:
                log(logging.ERROR, "results_given_up", count=given_up, message="the daemon's process does not read")
            self._channel.send(self._figures(tuple(lags)))
            lags.clear()
            await asyncio.sleep(_EVERY)

    async def stop(self) -> None:
        """Give up what was asked for."""
        asked = list(self._asked.values())
        for running in asked:
            running.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _apply(self, message: Apply) -> None:
        for name in message.gone_targets:
            self._targets.pop(name, None)
        for name in message.gone_probes:
            self._probes.pop(name, None)
        since, self._since = self._since, {}
        self._scheduler.apply_config(Config(targets=dict(self._targets), probes=dict(self._probes)), since=since)
        while self._sent:
            self._scheduler.has_sent(*self._sent.popitem())
        self._reporter.generation = message.generation
        self._channel.send(Applied(generation=message.generation))
        keep_configuration()

    async def _run_now(self, message: RunNow) -> None:
        try:
            outcome = await self._scheduler.run_now(message.probe, timeout=message.timeout)
        except KeyError:
            outcome = None
        self._channel.send(Answer(number=message.number, outcome=outcome))

    def _figures(self, lags: tuple[float, ...]) -> Figures:
        remaining = {
            name: self._scheduler.budget_remaining(name) for name, target in self._targets.items() if target.budget
        }
        return Figures(
            running=self._scheduler.running,
            waiting=self._scheduler.waiting,
            lags=lags,
            budgets={name: left for name, left in remaining.items() if left is not None},
            cpu_seconds=time.process_time(),
            memory=_resident(),
        )


def _resident() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
