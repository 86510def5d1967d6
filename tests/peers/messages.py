"""Faults of one JSON-RPC message, whatever the transport: `MESSAGE_FAULTS`, name to fault.

An act makes the bytes of a bad answer out of the request and the good answer. The bytes hold no line break, so they
are a body, the data of an event, or a line.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from prober.outcome import Reason
from tests.peers.fault import Fault
from tests.peers.protocol import ASKED, IN_USE, MODERN, Message, Place, RpcError, of_era, unsupported_version

Spoil = Callable[[Message, Message], bytes]

MODERN_ASKED: Final = of_era(ASKED, "modern")
LIST: Final = frozenset({Place("modern", "list"), Place("handshake", "list")})
CALL: Final = frozenset({Place("modern", "call"), Place("handshake", "call")})
DISCOVER: Final = frozenset({Place("modern", "discover")})
INITIALIZE: Final = frozenset({Place("handshake", "initialize")})

DEPTH: Final = 100_000


def dump(value: Any) -> bytes:
    """Compact JSON on one line."""
    return json.dumps(value, separators=(",", ":")).encode()


def literally(data: bytes) -> Spoil:
    """These bytes, whatever was asked."""
    return lambda request, good: data


def envelope(**changes: Any) -> Spoil:
    """The good answer with other members around its result; None takes a member away."""

    def spoil(request: Message, good: Message) -> bytes:
        return dump({key: value for key, value in (good | changes).items() if value is not None})

    return spoil


def result(change: Callable[[Message], object], *, of: str | None = None) -> Spoil:
    """The good answer with its result changed in place; answers to methods other than `of` stay good."""

    def spoil(request: Message, good: Message) -> bytes:
        if of is None or request["method"] == of:
            good = copy.deepcopy(good)
            change(good["result"])
        return dump(good)

    return spoil


def rpc_error(error: RpcError) -> Spoil:
    """This JSON-RPC error instead of a result."""
    return lambda request, good: dump({"jsonrpc": "2.0", "id": request["id"], "error": error.body})


def tool(**changes: Any) -> Spoil:
    """A listing in which `echo` differs."""
    return result(lambda listing: listing["tools"][0].update(changes), of="tools/list")


def structured(**changes: Any) -> Spoil:
    """A tool's answer in which the structured content differs."""
    return result(lambda answer: answer["structuredContent"].update(changes))


def _truncated(request: Message, good: Message) -> bytes:
    return dump(good)[:-10]


def _bad_utf8(request: Message, good: Message) -> bytes:
    return dump(good)[:-1] + b',"note":"\xff\xfe"}'


def _nested_too_deep(request: Message, good: Message) -> bytes:
    return dump(good)[:-1] + b',"deep":' + b"[" * DEPTH + b"]" * DEPTH + b"}"


def _not_a_number(request: Message, good: Message) -> bytes:
    return dump(good)[:-1] + b',"ratio":NaN}'


def _batch(request: Message, good: Message) -> bytes:
    return dump([good])


def _null_result(request: Message, good: Message) -> bytes:
    return dump(good | {"result": None})


def _id(make: Callable[[Any], Any]) -> Spoil:
    return lambda request, good: dump(good | {"id": make(request["id"])})


def _without_its_main_member(answer: Message) -> None:
    for name in ("content", "contents", "messages", "tools", "resources", "resourceTemplates", "prompts"):
        answer.pop(name, None)
    answer.pop("capabilities", None)


def _cursor(make: Callable[[str | None], str]) -> Spoil:
    def spoil(request: Message, good: Message) -> bytes:
        cursor = make(request.get("params", {}).get("cursor"))
        return dump(good | {"result": good["result"] | {"nextCursor": cursor}})

    return spoil


_INPUT_REQUIRED: Final = {
    "resultType": "input_required",
    "inputRequests": {
        "name": {
            "method": "elicitation/create",
            "params": {"message": "Who are you?", "requestedSchema": {"type": "object", "properties": {}}},
        }
    },
    "requestState": "opaque",
}

_CALL_PROBE: Final = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}}

MESSAGE_FAULTS: Final[Mapping[str, Fault[Spoil]]] = {
    # not JSON
    "not_json": Fault(act=literally(b"oops, no JSON"), reason=Reason.MALFORMED_JSON, where=ASKED),
    "truncated_json": Fault(act=_truncated, reason=Reason.MALFORMED_JSON, where=ASKED),
    "bad_utf8": Fault(act=_bad_utf8, reason=Reason.MALFORMED_JSON, where=ASKED),
    "nested_too_deep": Fault(act=_nested_too_deep, reason=Reason.MALFORMED_JSON, where=ASKED),
    "not_a_number": Fault(act=_not_a_number, reason=Reason.MALFORMED_JSON, where=ASKED),
    # not JSON-RPC
    "json_text": Fault(act=literally(b'"ok"'), reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    "other_json": Fault(act=literally(b'{"status":"ok"}'), reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    "batch": Fault(act=_batch, reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    "jsonrpc_1": Fault(act=envelope(jsonrpc="1.0"), reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    "no_jsonrpc": Fault(act=envelope(jsonrpc=None), reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    "no_result": Fault(act=envelope(result=None), reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    "result_and_error": Fault(
        act=envelope(error={"code": -32603, "message": "both"}), reason=Reason.MALFORMED_MESSAGE, where=ASKED
    ),
    "text_error_code": Fault(
        act=envelope(result=None, error={"code": "E1", "message": "code"}), reason=Reason.MALFORMED_MESSAGE, where=ASKED
    ),
    "error_is_text": Fault(act=envelope(result=None, error="no"), reason=Reason.MALFORMED_MESSAGE, where=ASKED),
    # not the answer to our request
    "wrong_id": Fault(act=_id(lambda ours: 4711), reason=Reason.WRONG_ID, where=ASKED),
    "text_id": Fault(act=_id(str), reason=Reason.WRONG_ID, where=ASKED),
    "null_id": Fault(act=_id(lambda ours: None), reason=Reason.WRONG_ID, where=ASKED),
    "no_id": Fault(act=envelope(id=None), reason=Reason.WRONG_ID, where=ASKED),
    # an error
    "rpc_error": Fault(act=rpc_error(RpcError(-32603, "Internal error")), reason=Reason.RPC_ERROR, where=ASKED),
    "rpc_error_with_data": Fault(
        act=rpc_error(RpcError(-32000, "Database is gone", {"retryable": True})), reason=Reason.RPC_ERROR, where=IN_USE
    ),
    "unsupported_version": Fault(
        act=rpc_error(unsupported_version(MODERN, ["2099-01-01"])),
        reason=Reason.VERSION_UNSUPPORTED,
        where=MODERN_ASKED,
    ),
    # a result that is not MCP's
    "null_result": Fault(act=_null_result, reason=Reason.BAD_RESULT, where=ASKED),
    "text_result": Fault(act=envelope(result="done"), reason=Reason.BAD_RESULT, where=ASKED),
    "bad_result": Fault(act=result(_without_its_main_member), reason=Reason.BAD_RESULT, where=ASKED),
    "content_is_text": Fault(
        act=result(lambda answer: answer.update(content="hi")), reason=Reason.BAD_RESULT, where=CALL
    ),
    "unknown_content_type": Fault(
        act=result(lambda answer: answer.update(content=[{"type": "hologram"}])), reason=Reason.BAD_RESULT, where=CALL
    ),
    "no_result_type": Fault(
        act=result(lambda answer: answer.pop("resultType")), reason=Reason.BAD_RESULT, where=MODERN_ASKED
    ),
    "unknown_result_type": Fault(
        act=result(lambda answer: answer.update(resultType="task")), reason=Reason.BAD_RESULT, where=MODERN_ASKED
    ),
    "input_required": Fault(
        act=envelope(result=_INPUT_REQUIRED),
        reason=Reason.INPUT_REQUIRED,
        where=frozenset(Place("modern", step) for step in ("call", "read", "prompt")),
    ),
    "asks_for_a_visit": Fault(
        act=rpc_error(RpcError(-32042, "Open this address first")), reason=Reason.INPUT_REQUIRED, where=CALL
    ),
    "disjoint_versions": Fault(
        act=result(lambda answer: answer.update(supportedVersions=["2099-01-01"])),
        reason=Reason.VERSION_UNSUPPORTED,
        where=DISCOVER,
    ),
    "unknown_version": Fault(
        act=result(lambda answer: answer.update(protocolVersion="2099-01-01")),
        reason=Reason.VERSION_UNSUPPORTED,
        where=INITIALIZE,
    ),
    "same_cursor_for_ever": Fault(act=_cursor(lambda last: "again"), reason=Reason.BAD_RESULT, where=LIST),
    "pages_for_ever": Fault(act=_cursor(lambda last: str(int(last or "0") + 1)), reason=Reason.TOO_LARGE, where=LIST),
    # the tool
    "tool_missing": Fault(
        act=result(lambda listing: listing.update(tools=listing["tools"][1:]), of="tools/list"),
        reason=Reason.TOOL_MISSING,
        where=LIST,
        probe=_CALL_PROBE,
    ),
    "tool_writes": Fault(
        act=tool(annotations={"readOnlyHint": False}), reason=Reason.NOT_READ_ONLY, where=LIST, probe=_CALL_PROBE
    ),
    "tool_without_hint": Fault(act=tool(annotations={}), reason=Reason.NOT_READ_ONLY, where=LIST, probe=_CALL_PROBE),
    "tool_error": Fault(act=result(lambda answer: answer.update(isError=True)), reason=Reason.TOOL_ERROR, where=CALL),
    # the verdict
    "output_schema_invalid": Fault(
        act=tool(outputSchema={"type": "object", "properties": {"message": {"type": "word"}}}),
        reason=Reason.OUTPUT_SCHEMA_INVALID,
        where=LIST,
        probe=_CALL_PROBE,
    ),
    "output_schema_elsewhere": Fault(
        act=tool(outputSchema={"type": "object", "$ref": "http://127.0.0.1:9/schema.json"}),
        reason=Reason.OUTPUT_SCHEMA_INVALID,
        where=LIST,
        probe=_CALL_PROBE,
    ),
    "output_schema_catastrophic": Fault(
        act=tool(outputSchema={"type": "object", "properties": {"message": {"pattern": "^(a+)+$"}}}),
        reason=Reason.UNDECIDED,
        where=LIST,
        probe=_CALL_PROBE | {"arguments": {"message": "a" * 40 + "!"}},
    ),
    "output_schema_mismatch": Fault(act=structured(length="two"), reason=Reason.OUTPUT_SCHEMA_MISMATCH, where=CALL),
    "structured_content_missing": Fault(
        act=result(lambda answer: answer.pop("structuredContent")), reason=Reason.OUTPUT_SCHEMA_MISMATCH, where=CALL
    ),
    "schema_mismatch": Fault(
        act=structured(message=""),
        reason=Reason.SCHEMA_MISMATCH,
        where=CALL,
        probe={"schema": {"type": "object", "properties": {"message": {"type": "string", "minLength": 1}}}},
    ),
    "expectation_failed": Fault(
        act=structured(message="bye"),
        reason=Reason.EXPECTATION_FAILED,
        where=CALL,
        probe={"expect": [{"path": "$.message", "equals": "hi"}]},
    ),
    "contract_broken": Fault(
        act=tool(inputSchema={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}),
        reason=Reason.CONTRACT_BROKEN,
        where=LIST,
        probe={"kind": "catalog", "contract": "contract.json"},
    ),
    "schema_that_clients_refuse": Fault(
        act=tool(inputSchema={"type": "object", "properties": {"lines": {"type": "array"}}}),
        reason=Reason.CLIENT_UNUSABLE,
        where=LIST,
        probe={"kind": "clients"},
    ),
}
