"""What the tests of the schedule share: a sink that can be waited on, a scheduler with a judge, configurations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.config.model import Config, Probe, Target
from prober.kinds.handshake import HandshakeSettings
from prober.loader import load
from prober.outcome import Reason
from prober.schedule import Scheduler
from prober.scheduled_run import ScheduledRun
from tests.leaks import nothing_left_behind
from tests.waiting import until as wait_until

BOUND: Final = 30.0
"""Seconds after which a test gives up waiting."""

until: Final = partial(wait_until, seconds=BOUND)
"""For a state of the scheduler, which tells nobody but its sinks."""


class Ledger:
    """A Sink that keeps everything."""

    def __init__(self) -> None:
        self.results: list[ScheduledRun] = []
        self.left_out: list[str] = []
        self._news = asyncio.Event()

    def record(self, result: ScheduledRun) -> None:
        self.results.append(result)
        self._news.set()

    def skipped(self, probe: Probe) -> None:
        self.left_out.append(probe.name)
        self._news.set()

    def of(self, probe: str) -> list[ScheduledRun]:
        """The results of one probe."""
        return [result for result in self.results if result.outcome.probe == probe]

    def reasons(self, probe: str) -> list[Reason | None]:
        """How its runs ended."""
        return [result.outcome.reason for result in self.of(probe)]

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait for a state of the ledger."""
        async with asyncio.timeout(BOUND):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    async def runs(self, probe: str, count: int) -> list[ScheduledRun]:
        """Wait for so many results of a probe."""
        await self.until(lambda: len(self.of(probe)) >= count)
        return self.of(probe)


@asynccontextmanager
async def scheduling(config: Config, ledger: Ledger, **more: Any) -> AsyncIterator[Scheduler]:
    """A scheduler that runs a configuration, and leaves nothing behind."""
    async with nothing_left_behind(), Judge() as judge:
        scheduler = Scheduler(judge=judge, sinks=[ledger], **more)
        scheduler.apply_config(config)
        async with scheduler:
            yield scheduler


def loaded(document: Mapping[str, Any], folder: Path, **environ: str) -> Config:
    """A configuration as a user writes it."""
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return load([path], environ=environ)


def fleet(count: int, *, url: str = "http://127.0.0.1:9/mcp", interval: float = 60.0) -> Config:
    """So many targets `t0`, `t1` … and a handshake of each, `p0`, `p1` …"""
    targets = {f"t{number}": Target(name=f"t{number}", url=url) for number in range(count)}
    probes = {
        f"p{number}": Probe(
            name=f"p{number}", target=f"t{number}", kind="handshake", settings=HandshakeSettings(), interval=interval
        )
        for number in range(count)
    }
    return Config(targets=targets, probes=probes)
