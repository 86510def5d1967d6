"""The answer of one tool call, for a person at a terminal: texts as texts, data as JSON, images by type and size.

What the server wrote is made safe to show; nothing that an answer names is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prober.json_values import same
from prober.report.formatting import size
from prober.report.untrusted import block, line

Redact = Callable[[str], str]


def lines(result: Mapping[str, Any], redact: Redact) -> Iterator[str]:
    """The parts of the answer in order, each one or several lines."""
    structured = result.get("structuredContent")
    parts = result.get("content", ())
    shown_as_text = structured is not None and any(_is_wrapped(structured, part) for part in parts)
    for part in parts:
        if shown_as_text or structured is None or not _repeats(structured, part):
            yield block(redact(_part(part)))
    if structured is not None and not shown_as_text:
        yield block(redact(pretty(structured)))


def pretty(value: Any) -> str:
    """A JSON value on indented lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def masked(value: Any, redact: Redact) -> Any:
    """A JSON value with every secret masked in its texts and names."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(name): masked(member, redact) for name, member in value.items()}
    return [masked(element, redact) for element in value] if isinstance(value, list) else value


def _part(part: Mapping[str, Any]) -> str:
    match part.get("type"):
        case "text":
            return str(part.get("text", ""))
        case "image" | "audio" as kind:
            return f"[{kind}: {_blob(part.get('mimeType'), part.get('data'))}]"
        case "resource_link":
            return f"[link: {_line(part.get('uri'))}{_in_brackets(part.get('mimeType'))}]"
        case "resource":
            return _resource(part.get("resource"))
        case kind:
            return f"[{_line(kind)}]"


def _resource(resource: Any) -> str:
    contents: Mapping[str, Any] = resource if isinstance(resource, Mapping) else {}
    uri = _line(contents.get("uri"))
    if isinstance(contents.get("text"), str):
        return f"[resource: {uri}{_in_brackets(contents.get('mimeType'))}]\n{contents['text']}"
    return f"[resource: {uri}, {_blob(contents.get('mimeType'), contents.get('blob'))}]"


def _blob(mime_type: Any, data: Any) -> str:
    """`image/png, 12 KiB`: the bytes that the Base64 text stands for."""
    count = len(data.rstrip("=\n")) * 3 // 4 if isinstance(data, str) else 0
    return f"{_line(mime_type)}, {size(count)}"


def _in_brackets(text: Any) -> str:
    return f" ({_line(text)})" if text is not None else ""


def _line(text: Any) -> str:
    return line(text) if isinstance(text, str) else "unknown"


def _is_wrapped(structured: Any, part: Mapping[str, Any]) -> bool:
    """Whether the data is nothing but the text, in the wrapping that some servers put around a text."""
    return isinstance(structured, Mapping) and dict(structured) == {"result": part.get("text")}


def _repeats(structured: Any, part: Mapping[str, Any]) -> bool:
    """Whether a text is the data once more, as JSON: servers send both for clients that know only texts."""
    if part.get("type") != "text":
        return False
    try:
        return same(json.loads(part.get("text", "")), structured)
    except (ValueError, RecursionError):
        return False
