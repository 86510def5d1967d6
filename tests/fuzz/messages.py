"""What is done to a JSON-RPC message, and what is said around it. Pure: choices and a message in, bytes out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.fuzz.choices import Choices
from tests.fuzz.odd_values import PARTS, dump, name, of_secrets, raw, schema, secret, text, value
from tests.peers.protocol import MODERN, Message

_SECRET_PARTS: Final = tuple(part.encode() for part in PARTS)

LARGEST: Final = 30_000
"""Elements of a list that was repeated. Four times without a bound would fill the memory of the fuzzer itself."""

Spoil = Callable[[Choices, Message], Any]
"""Changes a message in place, or returns another value instead of it."""


def answers(c: Choices, request: Message, good: Message | None) -> list[bytes]:
    """What comes in reply to a request, message by message: few of them are the answer that was asked for."""
    before = c.some(lambda c: noise(c, request), most=3) if c.one_in(3) else []
    after = c.some(lambda c: noise(c, request), most=2) if c.one_in(6) else []
    if good is None:
        return [*before, *after] if c.one_in(4) else []
    return [*before, *([] if c.one_in(25) else [spoilt(c, good)]), *after]


def spoilt(c: Choices, good: Message) -> bytes:
    """The good answer, with up to four things done to it."""
    message: Any = copy.deepcopy(good)
    for _ in range(c.pick(0, 1, 1, 1, 2, 3, 4)):
        changed = _SPOILS[c.below(len(_SPOILS))](c, message)
        message = message if changed is None else changed
        if not isinstance(message, dict):
            break
    return damaged(c, written(c, message))


def written(c: Choices, message: Any) -> bytes:
    """As one program or another writes it."""
    data = dump(message, ascii_only=not c.one_in(3))
    match c.pick(*["well"] * 12, "twice", "spaced", "padded"):
        case "twice":  # the last of two members of one name counts
            return data[:-1] + b',"jsonrpc":"2.0","id":' + dump(value(c)) + b"}" if data.endswith(b"}") else data
        case "spaced":
            return b" \t" + data.replace(b'":', b'" :\t') + b"  "
        case "padded":
            return data + b" " * c.pick(10, 5000, 70_000)
        case _:
            return data


def damaged(c: Choices, data: bytes) -> bytes:
    """Bytes that were lost, changed or added on the way. Never within a secret: half of one is a secret of nobody's."""
    if not c.one_in(6) or any(part in data for part in _SECRET_PARTS):
        return data
    cut = int(len(data) * c.share())
    match c.pick("bom", "cut", "flip", "insert", "trail", "empty", "double", "latin"):
        case "bom":
            return b"\xef\xbb\xbf" + data
        case "cut":
            return data[:cut]
        case "flip":
            return data[:cut] + bytes([data[cut] ^ (1 << c.below(8))]) + data[cut + 1 :] if cut < len(data) else data
        case "insert":
            return (
                data[:cut]
                + c.pick(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\r", b"}", b'"', b"\\u12", b"\xc3")
                + data[cut:]
            )
        case "trail":
            return data + c.pick(b"}", b"\x00", b"{}", b"garbage", b",", b"\r\n\r\n")
        case "empty":
            return c.pick(b"", b"null", b"0", b'""', b"[]", b"{}", b"true", b"\x00", b"[" * 100_000, b"9" * 5000)
        case "double":
            return data + data
        case _:
            return data.decode("utf-8", "replace").encode("utf-16")


def noise(c: Choices, request: Message) -> bytes:
    """A message that answers nothing, though it may look as if it did."""
    own = request.get("id")
    told = {"jsonrpc": "2.0"}
    match c.pick("log", "progress", "notification", "ping", "asks", "answer", "error", "junk", "text"):
        case "log":
            message: Any = told | {"method": "notifications/message", "params": {"level": text(c), "data": value(c)}}
        case "progress":
            message = told | {
                "method": "notifications/progress",
                "params": {"progressToken": value(c), "progress": value(c)},
            }
        case "notification":
            message = told | {"method": text(c), "params": value(c)}
        case "ping":
            message = told | {"id": c.pick(1, "x", own, 1.5, 10**30, secret(c)), "method": "ping"}
        case "asks":
            method = c.pick("sampling/createMessage", "roots/list", "elicitation/create", text(c))
            message = told | {"id": value(c), "method": method, "params": value(c)}
        case "answer":
            other = c.pick(
                own, str(own), None, 0, -1, (own if isinstance(own, int) else 0) + c.pick(1, -1), True, value(c)
            )
            message = told | {"id": other, "result": value(c)}
        case "error":
            message = told | {"id": c.pick(own, None, value(c)), "error": value(c)}
        case "junk":
            message = value(c)
        case _:
            return text(c).encode(errors="surrogatepass")
    return dump(message)


def nodes(message: Any, *, most: int = 400) -> Iterator[tuple[Any, Any]]:
    """Every container and key below a message."""
    left = [message]
    count = 0
    while left and count < most:
        container = left.pop()
        items = container.items() if isinstance(container, dict) else enumerate(container)
        for key, inner in list(items):
            count += 1
            yield container, key
            if isinstance(inner, dict | list):
                left.append(inner)


def _node(c: Choices, message: Message) -> tuple[Any, Any]:
    result = message.get("result")
    found = list(nodes(result if isinstance(result, dict | list) and not c.one_in(4) else message))
    return found[c.below(len(found))] if found else (message, "result")


def _replace(c: Choices, message: Message) -> None:
    container, key = _node(c, message)
    container[key] = value(c)


def _remove(c: Choices, message: Message) -> None:
    container, key = _node(c, message)
    del container[key]


def _add(c: Choices, message: Message) -> None:
    container, _ = _node(c, message)
    if isinstance(container, dict):
        container[name(c)] = value(c)
    else:
        container.append(value(c))


def _repeat(c: Choices, message: Message) -> None:
    container, key = _node(c, message)
    if isinstance(container, list):
        container *= min(c.pick(2, 30, 700), max(1, LARGEST // max(1, len(container))))
    elif isinstance(container[key], str):
        container[key] = container[key][:100] * c.pick(2, 500) if not of_secrets(container[key]) else container[key] * 2
    else:
        container[key] = [container[key]] * c.pick(1, 5 if isinstance(container[key], list) else 50)


def _tell(c: Choices, message: Message) -> None:
    container, key = _node(c, message)
    if isinstance(container, dict) and c.one_in(3):
        container[secret(c)] = container.pop(key)
    else:
        container[key] = secret(c)


def _error(c: Choices, message: Message) -> None:
    code = c.pick(-32603, -32601, -32602, -32022, -32042, -32020, -32021, -32000, -32002, 0, 10**30, value(c))
    message["error"] = {"code": code, "message": text(c)}
    if c.one_in(2):
        message["error"]["data"] = c.pick({"supported": [text(c), value(c)]}, {"supported": value(c)}, value(c))
    if not c.one_in(8):
        message.pop("result", None)


def _envelope(c: Choices, message: Message) -> Any:
    key = c.pick("id", "jsonrpc", "result", "method", "params", "error")
    if c.one_in(4):
        message.pop(key, None)
        return None
    message[key] = value(c)
    return c.pick(None, None, None, [message], [message, message], {"message": message})


def _schema(c: Choices, message: Message) -> None:
    result = message.get("result")
    tools = result.get("tools") if isinstance(result, dict) else None
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, dict):
            tool[c.pick("outputSchema", "inputSchema", "annotations", "_meta")] = schema(c)


def _page(c: Choices, message: Message) -> None:
    result = message.get("result")
    if isinstance(result, dict):
        result["nextCursor"] = c.pick("again", text(c), value(c))


def _more_content(c: Choices, message: Message) -> None:
    result = message.get("result")
    if isinstance(result, dict):
        kind = c.pick("text", "image", "audio", "resource", "resource_link", text(c))
        item = {
            "type": kind,
            "text": text(c),
            "data": text(c),
            "mimeType": text(c),
            "resource": value(c),
            "uri": text(c),
        }
        result[c.pick("content", "contents", "messages")] = [item] * c.pick(1, 3, 200)
        result["isError"] = c.pick(False, True, value(c))


def _versions(c: Choices, message: Message) -> None:
    result = message.get("result")
    if isinstance(result, dict):
        result["protocolVersion"] = c.pick(text(c), value(c))
        result["supportedVersions"] = c.pick([text(c), MODERN], [value(c)], value(c))
        result["resultType"] = c.pick("complete", "input_required", text(c))


def _number(c: Choices, message: Message) -> None:
    container, key = _node(c, message)
    container[key] = raw(c.pick("1e999", "-1e999", "NaN", "1e-999", "00", "1.", ".5", "+1", "0x1", "1" * 5000))


_SPOILS: Final[tuple[Spoil, ...]] = (
    _replace, _replace, _replace, _tell, _tell, _remove, _add, _add, _repeat, _error, _error, _envelope, _schema,
    _schema, _page, _more_content, _versions, _number,
)  # fmt: skip
