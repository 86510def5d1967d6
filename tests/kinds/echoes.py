"""Ways in which a server can hand back what it was told: `CALLS` at a call, `LISTS` at the listing of its tools.

Each is given a text and puts it somewhere into its answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tests.kinds.offering import respond, tool
from tests.peers.http_peer import Call
from tests.peers.messages import dump
from tests.peers.wire import JSON, event, send

Way = Callable[[Call, str], Awaitable[None]]


async def _message(call: Call, status: int = 200, **members: Any) -> None:
    message = {"jsonrpc": "2.0", "id": call.request.rpc_id, **members}
    await call.respond(status, {"Content-Type": JSON}, dump(message))


async def tool_error(call: Call, text: str) -> None:
    await respond(call, {"content": [{"type": "text", "text": text}], "isError": True})


async def wrong_value(call: Call, text: str) -> None:
    await respond(call, {"content": [], "structuredContent": {"key": text}})


async def wrong_member(call: Call, text: str) -> None:
    await respond(call, {"content": [], "structuredContent": {text: 1}})


async def server_info(call: Call, text: str) -> None:
    info = {"io.modelcontextprotocol/serverInfo": {"name": text, "version": text}}
    await respond(call, {"content": [], "structuredContent": {"key": 3}, "_meta": info})


async def rpc_error(call: Call, text: str) -> None:
    await _message(call, error={"code": -32000, "message": text, "data": {"said": text}})


async def http_error_of_rpc(call: Call, text: str) -> None:
    await _message(call, 400, error={"code": -32600, "message": text})


async def wrong_id(call: Call, text: str) -> None:
    await _message(call, id=text, result={})


async def bad_result(call: Call, text: str) -> None:
    await respond(call, {"content": text})


async def no_message(call: Call, text: str) -> None:
    await call.respond(200, {"Content-Type": JSON}, dump({"said": text}))


async def no_json(call: Call, text: str) -> None:
    await call.respond(200, {"Content-Type": JSON}, text.encode())


async def http_error(call: Call, text: str) -> None:
    await call.respond(500, {"Content-Type": "text/plain"}, text.encode())


async def redirect(call: Call, text: str) -> None:
    await call.respond(307, {"Location": f"http://127.0.0.1:9/{_ascii(text)}"})


async def content_type(call: Call, text: str) -> None:
    await call.respond(200, {"Content-Type": _ascii(text)}, b"hello")


async def content_encoding(call: Call, text: str) -> None:
    await call.respond(200, {"Content-Type": JSON, "Content-Encoding": _ascii(text)}, b"hello")


async def no_http(call: Call, text: str) -> None:
    await send(call.writer, text.encode() + b"\r\n\r\n")
    call.close()


async def bad_status_line(call: Call, text: str) -> None:
    await send(call.writer, b"HTTP/1.1 " + text.encode() + b"\r\n\r\n")
    call.close()


async def bad_event(call: Call, text: str) -> None:
    await call.start()
    await call.say(event(text.encode()))
    await call.say(b"")


async def server_request(call: Call, text: str) -> None:
    await call.start()
    await call.say(event(dump({"jsonrpc": "2.0", "id": 1, "method": text})))
    await call.say(b"")


async def _listing(call: Call, **changes: Any) -> None:
    await respond(call, (call.good.message or {})["result"] | changes)


async def tool_name(call: Call, text: str) -> None:
    await _listing(call, tools=[tool(text).listing])


async def hint(call: Call, text: str) -> None:
    await _listing(call, tools=[tool("echo", read_only=None, annotations={"readOnlyHint": text}).listing])


async def output_schema(call: Call, text: str) -> None:
    await _listing(call, tools=[tool("echo", outputSchema={"type": "object", "required": [text]}).listing])


async def bad_output_schema(call: Call, text: str) -> None:
    schema = {"type": "object", "$ref": f"http://schemas.test/{text}"}
    await _listing(call, tools=[tool("echo", outputSchema=schema).listing])


async def cursor(call: Call, text: str) -> None:
    await _listing(call, tools=[], nextCursor=text)


def _ascii(text: str) -> str:
    """For a header."""
    return text.encode("ascii", "replace").decode()


def _by_name(*ways: Way) -> Mapping[str, Way]:
    return {getattr(way, "__name__"): way for way in ways}  # noqa: B009 - mypy knows no name of a callable


# fmt: off
CALLS: Final = _by_name(
    tool_error, wrong_value, wrong_member, server_info, rpc_error, http_error_of_rpc, wrong_id, bad_result, no_message,
    no_json, http_error, redirect, content_type, content_encoding, no_http, bad_status_line, bad_event, server_request,
)
LISTS: Final = _by_name(tool_name, hint, output_schema, bad_output_schema, cursor)
# fmt: on
