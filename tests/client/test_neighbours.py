"""Targets that are well, in one event loop with targets that do their worst: in turn without them and with them."""

from __future__ import annotations

import asyncio
import gzip
import math
import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import pytest

from prober.client.target_cache import cache_of
from prober.config.model import Target
from prober.outcome import Failure
from tests.assertions.ticking import PROMISE, ticking
from tests.client.opening import AMPLE, opened, target
from tests.client.test_floods import flooding
from tests.daemon.crowd import crowd
from tests.peers.wire import JSON, chunk, head

BAD: Final = 4
WELL: Final = 8
SECONDS: Final = 1.5

_GZIP: Final = {"Content-Type": JSON, "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}

WORST: Final[Mapping[str, tuple[bytes, bytes]]] = {
    "interim responses without end": (b"", head(100, {}) * 2000),
    "a compressed tail without end": (head(200, _GZIP) + chunk(gzip.compress(b"{}")), chunk(bytes(16)) * 2000),
}
"""What a server says first, and what it says again and again."""


@dataclass(frozen=True, kw_only=True)
class Fared:
    """How the targets that are well fared. Times in seconds."""

    answers: int
    median: float
    """Of what an answer took."""
    lag: float
    """The most that the event loop's thread worked between two turns of a task."""


async def fared(well: list[Target], bad: list[Target]) -> Fared:
    """Ask all for a while. A target that is well and does not answer well raises its Failure."""
    end = time.monotonic() + SECONDS
    took: list[float] = []

    async def ask_well(where: Target) -> None:
        target_cache = cache_of(where)
        while time.monotonic() < end:
            began = time.monotonic()
            async with opened(where, target_cache=target_cache) as conversation:
                await conversation.call()
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)

    async def ask_bad(where: Target) -> None:
        while time.monotonic() < end:
            try:
                async with opened(where, within=SECONDS):
                    pass
            except (Failure, TimeoutError):
                await asyncio.sleep(0.25)

    async with ticking() as ticks, asyncio.timeout(AMPLE * 3), asyncio.TaskGroup() as tasks:
        for each in well:
            tasks.create_task(ask_well(each))
        for each in bad:
            tasks.create_task(ask_bad(each))
    return Fared(answers=len(took), median=statistics.median(took or [math.inf]), lag=ticks.longest)


@pytest.mark.clock
@pytest.mark.parametrize("said", WORST.values(), ids=WORST)
async def test_targets_that_do_their_worst_change_nothing_for_the_others(said: tuple[bytes, bytes]) -> None:
    with ExitStack() as servers:
        port = servers.enter_context(crowd())
        well = [target(f"http://127.0.0.1:{port}/ok/1/{n}", protocol="modern") for n in range(WELL)]
        bad = [target(servers.enter_context(flooding(*said)), protocol="modern") for _ in range(BAD)]
        await fared(well[:1], bad[:1])  # what is imported at first use is not measured
        alone, among = await fared(well, []), await fared(well, bad)
    for name, seen in (("alone", alone), ("among", among)):
        print(f"{name}: {seen.answers} answers, median {seen.median * 1000:.1f} ms, lag {seen.lag * 1000:.1f} ms")
    assert among.lag < PROMISE
    assert among.median < max(0.05, 4 * alone.median), (
        "other processes share the machine: a median that is far off is ours"
    )
