"""A scripted peer with tools of the test's own, and probes of it.

async with offering(tool("count", gives({"count": 3}))) as peer:
    outcome = await probed(peer, {"kind": "call", "tool": "count"}, tmp_path)
assert peer.rpc_methods == ["tools/list", "tools/call"]
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import Any, Final

from prober.outcome import Outcome
from tests.peers.http_peer import Act, Call, HttpPeer, Script, http_peer, well
from tests.peers.messages import dump
from tests.peers.protocol import Era, Message, Step
from tests.peers.wire import JSON
from tests.running import run_document

Answer = Callable[[Message], Message | Awaitable[Message]]
"""From the arguments of a call to its result, without what the era adds."""

ERAS: Final[tuple[Era, ...]] = ("modern", "handshake")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool: how it is listed, and how it answers."""

    listing: Message
    answer: Answer


def gives(value: Any, **more: Any) -> Answer:
    """Structured content, and the same as text."""
    result = {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value, **more}
    return lambda arguments: result


def says(*texts: str, **more: Any) -> Answer:
    """Texts, and nothing structured."""
    result = {"content": [{"type": "text", "text": text} for text in texts], **more}
    return lambda arguments: result


def tool(name: str, answer: Answer | None = None, *, read_only: bool | None = True, **listing: Any) -> Tool:
    """`listing` may hold `inputSchema`, `outputSchema` and the like; `read_only` None leaves the hint away."""
    annotations = {} if read_only is None else {"annotations": {"readOnlyHint": read_only}}
    told = {"name": name, "inputSchema": {"type": "object"}, **annotations, **listing}
    return Tool(listing=told, answer=answer or gives({}))


@asynccontextmanager
async def offering(
    *tools: Tool, era: Era = "modern", faults: Mapping[Step, Act] | None = None
) -> AsyncIterator[HttpPeer]:
    """A peer that has these tools and no others. `faults` are by step, as in `Script`."""
    acts: dict[Step, Act] = {"list": _lists(tools), "call": _calls(tools), **(faults or {})}
    async with http_peer(Script(era=era, faults=acts)) as peer:
        yield peer


async def respond(call: Call, result: Mapping[str, Any]) -> None:
    """A result, with what the era of the peer adds to it."""
    era = {"resultType": "complete"} if call.peer.script.era == "modern" else {}
    message = {"jsonrpc": "2.0", "id": call.request.rpc_id, "result": {**era, **result}}
    await call.respond(200, {"Content-Type": JSON}, dump(message))


def _lists(tools: tuple[Tool, ...]) -> Act:
    async def act(call: Call) -> None:
        if call.request.rpc_method != "tools/list":
            return await well(call)
        good = (call.good.message or {})["result"]
        return await respond(call, good | {"tools": [each.listing for each in tools]})

    return act


def _calls(tools: tuple[Tool, ...]) -> Act:
    answers = {each.listing["name"]: each.answer for each in tools}

    async def act(call: Call) -> None:
        params = call.request.message["params"]
        if params["name"] not in answers:
            return await well(call)  # an error: there is no such tool
        result = answers[params["name"]](params.get("arguments", {}))
        return await respond(call, await result if isawaitable(result) else result)

    return act


def document(peer: HttpPeer, *probes: Mapping[str, Any], **target: Any) -> dict[str, Any]:
    """A configuration with the target `peer` and the probes `p0`, `p1` and so on."""
    named = {f"p{number}": {"target": "peer", "timeout": "10s", **probe} for number, probe in enumerate(probes)}
    return {"targets": {"peer": {"url": peer.url, "protocol": peer.script.era, **target}}, "probes": named}


async def probed(
    peer: HttpPeer, probe: Mapping[str, Any], folder: Path, *, target: Mapping[str, Any] | None = None, **environ: str
) -> Outcome:
    """The outcome of one probe."""
    [outcome] = await run_document(document(peer, probe, **(target or {})), folder, **environ)
    return outcome


def called(peer: HttpPeer) -> list[tuple[str, Message]]:
    """The calls that the peer got, as name and arguments."""
    messages = [request.message for request in peer.requests if request.rpc_method == "tools/call"]
    return [(message["params"]["name"], message["params"].get("arguments", {})) for message in messages]
