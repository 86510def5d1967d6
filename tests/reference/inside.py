"""The whole server inside the test's own process: everything but the socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from prober.reference.reference_server import Reference, build
from prober.reference.settings import Settings

from .calling import ToolRefused

_META: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A running server and a client of it."""

    reference: Reference
    http: httpx.AsyncClient

    async def call(self, tool: str, /, **arguments: object) -> dict[str, Any]:
        """The structured answer of a tool. Raises ToolRefused."""
        result = await self.result(tool, **arguments)
        if result["isError"]:
            raise ToolRefused(result["content"][0]["text"])
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    async def result(self, tool: str, /, **arguments: object) -> dict[str, Any]:
        """The whole result of a tool call."""
        return await self.ask("tools/call", tool, name=tool, arguments=arguments)

    async def tools(self) -> dict[str, dict[str, Any]]:
        """The listing, by name."""
        return {tool["name"]: tool for tool in (await self.ask("tools/list", None))["tools"]}

    async def ask(self, method: str, subject: str | None, /, **params: object) -> dict[str, Any]:
        """The result of a request."""
        answer = await self.http.post(
            "/mcp",
            # Escaped to ASCII, so that a test can send what is no Unicode too.
            content=json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": _META}}),
            headers={
                "content-type": "application/json",
                "accept": "application/json, text/event-stream",
                "mcp-protocol-version": "2026-07-28",
                "mcp-method": method,
                **({} if subject is None else {"mcp-name": subject}),
            },
        )
        result: dict[str, Any] = answer.json()["result"]
        return result

    async def session(self) -> str:
        """The handle of a new session."""
        handle: str = (await self.call("create_session"))["handle"]
        return handle

    def sample(self, name: str, **labels: str) -> float:
        """A sample of the metrics."""
        value = self.reference.registry.get_sample_value(name, labels)
        assert value is not None, f"no series {name} {labels}"
        return value


@asynccontextmanager
async def inside(folder: Path, **settings: Any) -> AsyncIterator[Inside]:
    """A server on an SQLite file in a folder, unless the settings say otherwise."""
    reference = build(Settings(**{"db": folder / "state.db", **settings}))
    started, stopping = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with reference.running():
            started.set()
            await stopping.wait()

    # In a task of its own: a fixture is set up and torn down by different tasks, which a cancel scope does not bear.
    task = asyncio.create_task(run())
    await asyncio.wait((task, waiting := asyncio.create_task(started.wait())), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    transport = httpx.ASGITransport(app=reference.app)
    try:
        if task.done():
            await task
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield Inside(reference=reference, http=http)
    finally:
        stopping.set()
        await task
