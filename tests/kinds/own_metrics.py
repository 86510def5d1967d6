"""A peer with tools that write, lose and wait for a lock, and a page of its own metrics, which may lie.

async with measuring(Lie(lost="rejected")) as (peer, page):
    outcome = await probed(peer, metrics_probe(page), tmp_path, target={"allow_writes": True})
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from mcp_state.metrics import StateMetrics, ToolTraits
from tests.kinds.offering import Tool, gives, offering, says, tool
from tests.peers.http_peer import HttpPeer
from tests.peers.protocol import Era, Message

TOOLS = {
    "add": ToolTraits(writes=True),
    "swap": ToolTraits(writes=True, conflicts=True),
    "lock": ToolTraits(writes=True, locks=True),
}


@dataclass(frozen=True, kw_only=True)
class Lie:
    """How the counters differ from what was done."""

    calls: bool = True
    """Whether calls are counted."""
    errors: str = "error"
    lost: str | None = "conflict"
    """The outcome that a lost write is counted as."""
    conflicts: bool = True
    written: str | None = "ok"
    waits: bool = True
    waited: float = 0.05
    late: float = 0.0
    """Seconds by which counters are behind."""
    starts_again: bool = False
    """Whether the page is another process's after the first look."""
    wins: int = 0
    """How many swaps that should lose win first."""


@dataclass(kw_only=True)
class OwnPage:
    """The page of metrics: how it is answered, and what it was asked."""

    lie: Lie
    metrics: StateMetrics = field(default_factory=lambda: fresh())
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    answer: Callable[[], bytes] | None = None
    """What comes instead of the page: a whole HTTP response; nothing at all where that is empty."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def count(self, does: Callable[[StateMetrics], None]) -> None:
        """Now, or late."""
        if not self.lie.late:
            return does(self.metrics)
        return self.tasks.append(asyncio.create_task(self._late(does)))

    async def _late(self, does: Callable[[StateMetrics], None]) -> None:
        await asyncio.sleep(self.lie.late)
        does(self.metrics)

    def called(self, name: str, *, is_error: bool = False) -> None:
        """A call was answered."""
        if self.lie.calls:
            status = self.lie.errors if is_error else "ok"
            self.count(lambda metrics: metrics.call_ended(tool_name=name, status=status, seconds=0.001))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        if self.answer is not None:
            told = self.answer()
        else:
            body, content_type = self.metrics.page("")
            if self.lie.starts_again:
                self.metrics = fresh(past=0)
            told = response(200, content_type, body)
        try:
            writer.write(told)
            await writer.drain()
            if not told:
                await reader.read()  # until the client gives up
        finally:
            writer.close()


def fresh(*, past: int = 20) -> StateMetrics:
    """Metrics on a registry of their own, with so many writes in the past."""
    metrics = StateMetrics(CollectorRegistry(), store="sqlite", tools=TOOLS)
    for _ in range(past):
        metrics.write_ended(tool="add", outcome="ok")
    return metrics


def response(status: int, content_type: str, body: bytes) -> bytes:
    """An HTTP response."""
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _tools(page: OwnPage) -> tuple[Tool, ...]:
    lie, swaps = page.lie, itertools.count()

    def add(arguments: Message) -> Message:
        if lie.written is not None:
            page.count(lambda metrics: metrics.write_ended(tool="add", outcome=lie.written))  # type: ignore[arg-type]
        page.called("add")
        return _answer({"added": True})

    def swap(arguments: Message) -> Message:
        if wins := next(swaps) < lie.wins:
            page.count(lambda metrics: metrics.write_ended(tool="swap", outcome="ok"))
        if lie.conflicts and not wins:
            page.count(lambda metrics: metrics.conflict_met(tool="swap"))
        if lie.lost is not None and not wins:
            page.count(lambda metrics: metrics.write_ended(tool="swap", outcome=lie.lost))  # type: ignore[arg-type]
        page.called("swap")
        return _answer({"swapped": wins})

    def lock(arguments: Message) -> Message:
        if lie.waits:
            page.count(lambda metrics: metrics.lock_waited(tool="lock", seconds=lie.waited))
        page.called("lock", is_error=True)
        refused: Message = says("is held by another", isError=True)(arguments)  # type: ignore[assignment]
        return refused

    return tool("add", add, read_only=False), tool("swap", swap, read_only=False), tool("lock", lock, read_only=False)


def _answer(value: Any) -> Message:
    told: Message = gives(value)({})  # type: ignore[assignment]
    return told


@asynccontextmanager
async def measuring(lie: Lie | None = None, *, era: Era = "modern") -> AsyncIterator[tuple[HttpPeer, OwnPage]]:
    """The peer and its page."""
    page = OwnPage(lie=lie or Lie())
    server = await asyncio.start_server(page.serve, "127.0.0.1", 0)
    page.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/metrics"
    try:
        async with offering(*_tools(page), era=era) as peer:
            yield peer, page
    finally:
        server.close()
        for task in page.tasks:
            await task


def metrics_probe(page: OwnPage, **changes: Any) -> dict[str, Any]:
    """A probe of the peer."""
    return {
        "kind": "metrics",
        "allow_writes": True,
        "metrics_url": page.url,
        "single_process": True,
        "settle": "300ms",
        "write": {"tool": "add", "times": 2},
        "conflict": {
            "tool": "swap",
            "times": 3,
            "at_once": 2,
            "conflict_when": [{"path": "$.structuredContent.swapped", "equals": False}],
        },
        "lock_wait": {
            "tool": "lock",
            "times": 2,
            "waits": "50ms",
            "conflict_when": [{"path": "$.isError", "equals": True}],
        },
    } | changes
