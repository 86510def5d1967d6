"""Sessions opened in a test the way the engine opens them, with everything they know and record at hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.client.exchange import ExchangeLog
from prober.client.session import Session
from prober.client.target_cache import TargetCache, cache_of
from prober.config.fields.secret import Secret
from prober.config.model import Protocol, Target
from prober.deadline import Deadline
from prober.outcome import Exchange, Failure
from tests.leaks import nothing_left_behind
from tests.peers.http_peer import HttpPeer, Script, http_peer
from tests.waiting import until as wait_until

AMPLE: Final = 10.0
"""Seconds that nothing here should need."""

until: Final = partial(wait_until, seconds=AMPLE, pause=0.001)
"""For what the kernel does, or another thread."""

ECHO: Final[dict[str, Any]] = {"name": "echo", "arguments": {"message": "hi"}}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An open session, and what goes with it."""

    session: Session
    log: ExchangeLog
    target_cache: TargetCache

    @property
    def exchanges(self) -> list[Exchange]:
        return self.log.finished

    @property
    def steps(self) -> list[str]:
        return [exchange.step for exchange in self.log.finished]

    async def call(self, **arguments: Any) -> dict[str, Any]:
        """The result of the tool that every peer has."""
        return await self.session.request("tools/call", {"name": "echo", "arguments": arguments or {"message": "hi"}})


def target(url: str = "", **settings: Any) -> Target:
    """A target by name `peer`; header and environment values may be given as plain text."""
    for name in ("headers", "env"):
        if name in settings:
            settings[name] = {key: Secret(value) for key, value in settings[name].items()}
    told: dict[str, Any] = {"transport": "stdio", "startup_timeout": AMPLE} if "command" in settings else {"url": url}
    return Target(name="peer", **{**told, **settings})


@asynccontextmanager
async def unopened(
    where: Target, *, within: float = AMPLE, target_cache: TargetCache | None = None
) -> AsyncIterator[Opened]:
    """A session that has done nothing yet; aborted at the end, and not a moment after `within` seconds."""
    target_cache = target_cache or cache_of(where)
    log = ExchangeLog(target_cache.redact)
    async with Judge() as judge, asyncio.timeout(within):
        deadline = Deadline.after(within)
        session = Session(where, log=log, target_cache=target_cache, judge=judge, deadline=deadline)
        try:
            yield Opened(session=session, log=log, target_cache=target_cache)
        finally:
            await session.abort()


@asynccontextmanager
async def opened(
    where: Target, *, explicit: bool = True, within: float = AMPLE, target_cache: TargetCache | None = None
) -> AsyncIterator[Opened]:
    """A session that has negotiated."""
    async with unopened(where, within=within, target_cache=target_cache) as conversation:
        await conversation.session.open(explicit=explicit)
        yield conversation


@asynccontextmanager
async def talking(
    script: Script | None = None, *, protocol: Protocol | None = None, **settings: Any
) -> AsyncIterator[tuple[HttpPeer, Opened]]:
    """A session with a peer that serves `script`, in the peer's era. In the end nothing of it may be left."""
    script = script or Script()
    async with (
        http_peer(script) as peer,
        nothing_left_behind(),
        opened(target(peer.url, protocol=protocol or script.era, **settings)) as conversation,
    ):
        yield peer, conversation


async def failure_of(where: Target, *, within: float = AMPLE, target_cache: TargetCache | None = None) -> Failure:
    """How negotiating and calling a tool fails."""
    try:
        async with opened(where, within=within, target_cache=target_cache) as conversation:
            await conversation.call()
    except Failure as failure:
        return failure
    raise AssertionError("it did not fail")
