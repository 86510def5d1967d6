"""Requests whose headers lie, and versions that nobody speaks: a server has to refuse both.

2026-07-28, Streamable HTTP, "Server Validation" (400 with -32020) and "Protocol Version Header" (400 with -32022);
2025-06-18 and 2025-11-25, "Protocol Version Header" (400). A refusal without a JSON-RPC error may be that of a proxy,
which owes none: it is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE, MODERN, versions
from prober.client import envelope
from prober.client.http.bare_http import BareHttp, Reply
from prober.client.jsonrpc import HEADER_MISMATCH, UNSUPPORTED_VERSION
from prober.json_values import cap
from prober.kinds.broken_rules import BrokenRules
from prober.kinds.context import ProbeContext
from prober.kinds.speaker import Speaker, evidence_of, says_nothing, session_in
from prober.outcome import Evidence, Reason

_NOBODYS: Final = "1900-01-01"
"""A version that no server speaks."""
_NO_TOOL: Final = "mcp-prober-no-such-tool"
_SINCE: Final = "2025-06-18"
"""The first version with the header MCP-Protocol-Version."""


@dataclass(frozen=True, kw_only=True)
class _Lie:
    """A request that says one thing in its headers and another in its body."""

    what: str
    method: str
    params: dict[str, Any]
    headers: dict[str, str | None]
    may_fail_otherwise: bool = False
    """Whether the body alone is reason enough for another error."""


_LIES: Final = (
    _Lie(
        what="whose Mcp-Method names another method",
        method="server/discover",
        params={},
        headers={"Mcp-Method": "tools/list"},
    ),
    _Lie(what="without Mcp-Method", method="server/discover", params={}, headers={"Mcp-Method": None}),
)
_LIE_OF_NAME: Final = _Lie(
    what="whose Mcp-Name names another tool",
    method="tools/call",
    params={"name": _NO_TOOL, "arguments": {}},
    headers={"Mcp-Name": f"{_NO_TOOL}-either"},
    may_fail_otherwise=True,
)
"""Of a tool that no server has: nothing is called, even by a server that does not look at headers."""


async def try_headers(
    context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules, *, tools: bool
) -> None:
    """The modern era: headers that the body contradicts."""
    for lie in (*_LIES, _LIE_OF_NAME) if tools else _LIES:
        step = f"{lie.method} (headers lie)"
        reply = await speaker.ask(connection, lie.method, lie.params, headers=lie.headers, step=step)
        if lie.may_fail_otherwise and reply.code not in (None, HEADER_MISMATCH):
            continue  # the tool is unknown, and the server said so first
        _judge(context, broken, reply, f"a request {lie.what}", code=HEADER_MISMATCH, step=lie.method)


async def try_versions(context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules) -> None:
    """The modern era: a version that nobody speaks is refused, and those that the server advertises are spoken."""
    step = "server/discover (unknown version)"
    reply = await speaker.ask(connection, "server/discover", version=_NOBODYS, step=step)
    what = f"a request of the version {_NOBODYS}"
    _judge(context, broken, reply, what, code=UNSUPPORTED_VERSION, step="server/discover")
    known = await speaker.ask(connection, "server/discover")
    for version in _advertised(known, but=speaker.version):
        if version in versions(MODERN):
            reply = await speaker.ask(connection, "server/discover", version=version)
            spoken = None if reply.result is not None or says_nothing(reply) else str(reply)
        else:
            spoken = await _begins(connection, version)
        if spoken is not None:
            broken.add(
                Reason.VERSION_UNSUPPORTED,
                f"the server advertises {version}, and does not speak it: {spoken}",
                step="server/discover" if version in versions(MODERN) else "initialize",
                evidence=Evidence(keyword="versions", expected=version, seen=spoken),
            )


def _advertised(discovered: Reply, *, but: str) -> list[str]:
    """The versions that an answer of `server/discover` names and this prober knows: each once, newer ones not at all.

    Nobody has looked at the shape of this answer.
    """
    offered = (discovered.result or {}).get("supportedVersions")
    named = {each for each in offered if isinstance(each, str)} if isinstance(offered, list) else set()
    return [each for each in (*versions(HANDSHAKE), *versions(MODERN)) if each in named and each != but]


async def _begins(connection: BareHttp, version: str) -> str | None:
    """What the server says to `initialize` with a version that it advertises; None where it begins."""
    message = envelope.initialize(version, request_id=1)
    reply = await connection.ask(f"initialize ({version})", message, headers={})
    if reply.result is None:
        return None if says_nothing(reply) else str(reply)
    if (session := session_in(reply, step="initialize")) is not None:
        headers = {"Mcp-Session-Id": session, "MCP-Protocol-Version": version}
        await connection.ask("close", headers=headers, method="DELETE")
    chosen = reply.result.get("protocolVersion")
    return None if chosen == version else f"it answers with {cap(str(chosen), 20)}"


async def try_handshake_version(
    context: ProbeContext, speaker: Speaker, connection: BareHttp, broken: BrokenRules
) -> None:
    """The handshake era: a version that nobody speaks, in the header of a request."""
    if speaker.version < _SINCE:
        return
    headers = {"MCP-Protocol-Version": _NOBODYS}
    reply = await speaker.ask(connection, "ping", headers=headers, step="ping (unknown version)")
    what = f"a request of the version {_NOBODYS}"
    _judge(context, broken, reply, what, code=None, step="ping")


def _judge(context: ProbeContext, broken: BrokenRules, reply: Reply, what: str, *, code: int | None, step: str) -> None:
    """`code` is the JSON-RPC error that is due; None for any or none."""
    if says_nothing(reply) or (reply.status == 400 and code in (None, reply.code)):
        return
    wanted = "HTTP 400" + (f" with error {code}" if code is not None else "")
    message = f"{what} is answered {reply}, not {wanted}"
    if reply.message is None and 400 <= reply.status < 500:
        context.warnings.append(message)
        return
    evidence = evidence_of(reply, rule="versions" if "version" in what else "headers", expected=wanted)
    broken.add(Reason.HEADERS_UNCHECKED, message, step=step, evidence=evidence)
