"""What a well-behaved little MCP server answers, in both eras. Pure: a JSON-RPC message in, the answer to it out.

It has two tools (`echo`, read-only, with an output schema; `forget`, which is not read-only), one resource, one
resource template and one prompt, each on a single page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final, Literal, NamedTuple

Message = dict[str, Any]
Era = Literal["modern", "handshake"]
Step = Literal[
    "connect",
    "discover",
    "initialize",
    "initialized",
    "list",
    "call",
    "read",
    "prompt",
    "close",
    "ping",
    "listen",
    "preflight",
    "unknown",
]

MODERN: Final = "2026-07-28"
HANDSHAKE: Final = "2025-11-25"
VERSION: Final[Mapping[Era, str]] = {"modern": MODERN, "handshake": HANDSHAKE}

META: Final = "io.modelcontextprotocol/"

STEP_OF: Final[Mapping[str, Step]] = {
    "server/discover": "discover",
    "initialize": "initialize",
    "notifications/initialized": "initialized",
    "tools/list": "list",
    "resources/list": "list",
    "resources/templates/list": "list",
    "prompts/list": "list",
    "tools/call": "call",
    "resources/read": "read",
    "prompts/get": "prompt",
    "ping": "ping",
    "subscriptions/listen": "listen",
}


class Place(NamedTuple):
    """Where in a conversation something happens."""

    era: Era
    step: Step


IN_USE: Final = frozenset(Place(era, step) for era in VERSION for step in ("list", "call", "read", "prompt"))
"""Requests that use the server, once negotiation is over."""

ASKED: Final = IN_USE | {Place("modern", "discover"), Place("handshake", "initialize")}
"""Requests: an answer with a result is due."""

NARROW: Final = frozenset(place for place in ASKED if place.step not in ("read", "prompt"))
"""Fewer of them, for what cannot depend on the method: negotiation, a list and a call."""

SENT: Final = ASKED | {Place("handshake", "initialized"), Place("handshake", "close")}
"""Everything a client sends over Streamable HTTP."""


def of_era(places: frozenset[Place], era: Era) -> frozenset[Place]:
    """Those of `places` that are in one era."""
    return frozenset(place for place in places if place.era == era)


SERVER_INFO: Final = {"name": "peer", "version": "1.0.0"}
CAPABILITIES: Final[Message] = {"tools": {}, "resources": {}, "prompts": {}}

ECHO: Final[Message] = {
    "name": "echo",
    "description": "Says what it was told.",
    "inputSchema": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
    "outputSchema": {
        "type": "object",
        "properties": {"message": {"type": "string"}, "length": {"type": "integer"}},
        "required": ["message", "length"],
    },
    "annotations": {"readOnlyHint": True},
}
FORGET: Final[Message] = {
    "name": "forget",
    "description": "Forgets everything.",
    "inputSchema": {"type": "object", "properties": {}},
    "annotations": {"readOnlyHint": False, "destructiveHint": True},
}
FACTS: Final[Message] = {"uri": "peer://facts", "name": "facts", "mimeType": "application/json"}
ITEM: Final[Message] = {"uriTemplate": "peer://items/{number}", "name": "item", "mimeType": "text/plain"}
GREET: Final[Message] = {"name": "greet", "arguments": [{"name": "name", "required": True}]}

METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602


class RpcError(Exception):
    """A JSON-RPC error to be answered."""

    def __init__(self, code: int, message: str, data: Any = None):
        super().__init__(message)
        self.body: Message = {"code": code, "message": message} | ({} if data is None else {"data": data})


def reply(message: Mapping[str, Any], era: Era) -> Message | None:
    """The whole JSON-RPC answer to `message`; None where none is due: notifications, and answers to our requests."""
    if "method" not in message or "id" not in message:
        return None
    head = {"jsonrpc": "2.0", "id": message["id"]}
    try:
        result = _result(message["method"], message.get("params") or {}, era)
    except RpcError as error:
        return head | {"error": error.body}
    return head | {"result": result}


def _result(method: str, params: Mapping[str, Any], era: Era) -> Message:
    answer = _ANSWERS.get(method)
    if answer is None or method in _ONLY_IN.get(_other(era), ()):
        raise RpcError(METHOD_NOT_FOUND, f"Method not found: {method}")
    if era == "modern":
        _require_version(params)
    result = answer(params)
    if era == "modern":
        result |= {"resultType": "complete", "_meta": {META + "serverInfo": SERVER_INFO}}
        if STEP_OF[method] in ("discover", "list", "read"):
            result |= {"ttlMs": 0, "cacheScope": "private"}
    return result


def _require_version(params: Mapping[str, Any]) -> None:
    meta = params.get("_meta", {})
    version = meta.get(META + "protocolVersion")
    if version is None or META + "clientCapabilities" not in meta:
        raise RpcError(INVALID_PARAMS, "protocolVersion and clientCapabilities are required in _meta")
    if version != MODERN:
        raise unsupported_version(version, [MODERN])


def unsupported_version(requested: str, supported: list[str]) -> RpcError:
    """The error of the 2026-07-28 specification for a version the server does not speak."""
    return RpcError(-32022, "Unsupported protocol version", {"supported": supported, "requested": requested})


def _other(era: Era) -> Era:
    return "handshake" if era == "modern" else "modern"


def _initialize(params: Mapping[str, Any]) -> Message:
    return {"protocolVersion": HANDSHAKE, "capabilities": CAPABILITIES, "serverInfo": SERVER_INFO}


def _discover(params: Mapping[str, Any]) -> Message:
    return {"supportedVersions": [MODERN], "capabilities": CAPABILITIES}


def _call(params: Mapping[str, Any]) -> Message:
    match params.get("name"):
        case "echo":
            said = params.get("arguments", {}).get("message")
            if not isinstance(said, str):
                return {"content": [{"type": "text", "text": "message must be a string"}], "isError": True}
            value: Message = {"message": said, "length": len(said)}
            return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}
        case "forget":
            return {"content": [{"type": "text", "text": "forgotten"}]}
        case name:
            raise RpcError(INVALID_PARAMS, f"Unknown tool: {name}")


def _read(params: Mapping[str, Any]) -> Message:
    if params.get("uri") != FACTS["uri"]:
        raise RpcError(INVALID_PARAMS, f"Resource not found: {params.get('uri')}")
    return {"contents": [{"uri": FACTS["uri"], "mimeType": "application/json", "text": '{"stars": 3}'}]}


def _prompt(params: Mapping[str, Any]) -> Message:
    name = params.get("arguments", {}).get("name", "nobody")
    return {"messages": [{"role": "user", "content": {"type": "text", "text": f"Greet {name}."}}]}


_ANSWERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Message]]] = {
    "initialize": _initialize,
    "server/discover": _discover,
    "ping": lambda params: {},
    # Copies, for those who change an answer.
    "tools/list": lambda params: {"tools": deepcopy([ECHO, FORGET])},
    "resources/list": lambda params: {"resources": deepcopy([FACTS])},
    "resources/templates/list": lambda params: {"resourceTemplates": deepcopy([ITEM])},
    "prompts/list": lambda params: {"prompts": deepcopy([GREET])},
    "tools/call": _call,
    "resources/read": _read,
    "prompts/get": _prompt,
}

_ONLY_IN: Final[Mapping[Era, tuple[str, ...]]] = {"modern": ("server/discover",), "handshake": ("initialize", "ping")}
