"""JSON-RPC 2.0, strictly: decodes one message, and matches a response to its request.

The client of the SDK accepts or drops responses with a wrong id; a prober must report them. Pure functions, no I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeGuard

from prober.json_values import cap, count_values, integers_of, most_values, render, written
from prober.outcome import Evidence, Failure, Reason, Situation

Message = Mapping[str, Any]

HEADER_MISMATCH: Final = -32020
MISSING_CAPABILITY: Final = -32021
UNSUPPORTED_VERSION: Final = -32022
URL_ELICITATION_REQUIRED: Final = -32042
SERVER_ERROR: Final = -32000
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601

_SITUATIONS: Final = {
    METHOD_NOT_FOUND: Situation.UNKNOWN_METHOD,
    -32602: Situation.INVALID_ARGUMENTS,
    -32603: Situation.SERVER_EXCEPTION,
    -32002: Situation.UNKNOWN_RESOURCE,
    HEADER_MISMATCH: Situation.HEADERS_CHANGED,
    MISSING_CAPABILITY: Situation.CAPABILITY_WANTED,
}

VERSION_META: Final = "io.modelcontextprotocol/protocolVersion"
"""In `_meta` of every request of the modern era."""

_EXCERPT: Final = 200

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Made once: to make one costs as much as to write a request."""


def encode(message: Message) -> bytes:
    try:
        return _ENCODER.encode(message).encode()
    except UnicodeEncodeError:  # a lone surrogate: JSON can escape it, UTF-8 cannot encode it
        return json.dumps(message, separators=(",", ":")).encode()


def decode(body: bytes, *, limit: int) -> Message:
    """One JSON-RPC message. `limit` is its size in bytes; it may hold one value for every sixteen bytes of `limit`.

    Parsing cannot be interrupted, and its cost depends on the number of values more than on the bytes.
    Raises Failure with `malformed_json`, `malformed_message` or `too_large`.
    """
    most = most_values(limit)
    if count_values(body) > most:
        raise Failure(Reason.TOO_LARGE, f"the answer holds more than {most} values, one for 16 bytes of its limit")
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_int=integers_of(body))
    except UnicodeDecodeError as error:
        raise Failure(Reason.MALFORMED_JSON, f"the answer is not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise Failure(Reason.MALFORMED_JSON, "the answer is nested too deeply to be parsed") from None
    except OverflowError as error:
        raise Failure(Reason.MALFORMED_JSON, f"the answer cannot be parsed: {error}") from None
    except ValueError as error:
        raise Failure(
            Reason.MALFORMED_JSON,
            f"the answer is not JSON: {error}" if body else "the answer has no body",
            evidence=Evidence(seen=excerpt(body)),
        ) from None
    problem = _envelope_problem(value)
    if problem:
        raise Failure(
            Reason.MALFORMED_MESSAGE,
            f"the answer is not a JSON-RPC 2.0 message: {problem}",
            evidence=Evidence(seen=excerpt(body)),
        )
    message: Message = value
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def excerpt(body: bytes) -> str:
    text = body[: _EXCERPT + 4].decode("utf-8", "replace")
    return text if len(body) <= _EXCERPT else text[:_EXCERPT] + "…"


def _envelope_problem(value: Any) -> str | None:
    if isinstance(value, list):
        return "it is an array (batches left the protocol with 2025-06-18)"
    if not isinstance(value, dict):
        return "it is not an object"
    if value.get("jsonrpc") != "2.0":
        return 'it has no "jsonrpc": "2.0"'
    if "method" in value:
        return _request_problem(value)
    if ("result" in value) == ("error" in value):
        return "it has both result and error" if "result" in value else "it has neither method, result nor error"
    if "error" in value and not is_error(value["error"]):
        return "its error has no integer code and text message"
    return None


def is_error(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it is an error object."""
    return isinstance(value, dict) and type(value.get("code")) is int and isinstance(value.get("message"), str)


def _request_problem(value: Mapping[str, Any]) -> str | None:
    if not isinstance(value["method"], str):
        return "its method is not a string"
    if "result" in value or "error" in value:
        return "it has both a method and an answer"
    if "id" in value and (isinstance(value["id"], bool) or not isinstance(value["id"], str | int | float)):
        return "it is a request whose id is neither a string nor a number"
    return None


def is_answer(message: Message) -> bool:
    return "method" not in message


def is_server_request(message: Message) -> bool:
    return "method" in message and "id" in message


def result_of(message: Message, *, request_id: int, null_id: bool = False) -> dict[str, Any]:
    """The result in the response to `request_id`.

    `null_id` allows an error without an id, which a server may send with an HTTP error status.
    Raises Failure with `wrong_id`, `bad_result`, `rpc_error`, `version_unsupported` or `input_required`.
    """
    id_ = message.get("id")
    matches = type(id_) is int and id_ == request_id
    if not matches and not (null_id and id_ is None and "error" in message):
        raise Failure(
            Reason.WRONG_ID,
            f"the answer is for id {render(id_)}, not for {request_id}",
            evidence=Evidence(pointer="/id", seen=render(id_), expected=str(request_id)),
        )
    if "error" in message:
        raise rpc_failure(message["error"])
    result = message["result"]
    if not isinstance(result, dict):
        raise Failure(
            Reason.BAD_RESULT,
            "the result is not an object",
            evidence=Evidence(pointer="/result", keyword="type", seen=render(result), expected="object"),
        )
    return result


def rpc_failure(error: Mapping[str, Any]) -> Failure:
    """The failure of an error that a server answers with."""
    code, text = error["code"], cap(error["message"])
    reason = {
        UNSUPPORTED_VERSION: Reason.VERSION_UNSUPPORTED,
        URL_ELICITATION_REQUIRED: Reason.INPUT_REQUIRED,
    }.get(code, Reason.RPC_ERROR)
    data = error.get("data")
    detail = render(data) if "data" in error else None
    supported = data.get("supported") if reason is Reason.VERSION_UNSUPPORTED and isinstance(data, dict) else None
    seen = ", ".join(written(each, 20) for each in supported[:10]) if isinstance(supported, list) else None
    evidence = Evidence(rpc_code=code, detail=detail, seen=seen, situation=_SITUATIONS.get(code))
    return Failure(reason, f"error {code}: {text}", evidence=evidence)


def reply_to(request: Message, *, amid: Message) -> Message:
    """The response to a request of the server, which came while our request `amid` was open.

    Only `ping` is supported. Raises Failure with `malformed_message` in the modern era: there a server asks by its
    result, and a client must not send responses (2026-07-28, Streamable HTTP).
    """
    method = cap(request["method"])
    if VERSION_META in amid.get("params", {}).get("_meta", {}):
        raise Failure(
            Reason.MALFORMED_MESSAGE,
            f"the server asked {method!r} before it answered, which this revision does not allow",
            evidence=Evidence(pointer="/method", seen=method),
        )
    if method == "ping":
        return {"jsonrpc": "2.0", "id": request["id"], "result": {}}
    error = {"code": METHOD_NOT_FOUND, "message": f"{method} is not supported by this client"}
    return {"jsonrpc": "2.0", "id": request["id"], "error": error}
