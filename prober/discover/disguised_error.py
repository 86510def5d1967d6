"""Recognizes an answer that is an error in disguise: a tool that failed, but did not say `isError`.

Such an answer must not be written to a file as the expected one. What is taken for an error without being one costs a
probe that a person can write; the other mistake would keep a broken server green.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prober.kinds.answer import texts_of

_EXCERPT: Final = 200
_READ: Final = 2_000
"""Characters at the beginning of a text in which an error would say that it is one."""

_OPENING: Final = re.compile(
    r"""\W{0,10}(?:
          error\b(?!\s+(?:rates?|logs?|counts?|budgets?|codes?|handling|messages?)\b)
        | [a-z]\w{0,60}(?:error|exception)\b\s*[:(]
        | (?:failed|unable)\ to\b | failure: | (?:could\ not|cannot|can't)\ \w
        | an?\ (?:\w+\ )?error\b | traceback\ \(most\ recent | http\ (?:error\ )?[45]\d\d\b
        | unauthorized\b | not\ (?:authorized|authenticated)\b | (?:access|permission)\ denied\b
        | invalid\ (?:api\ key|token|credentials)\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_TRACEBACK: Final = "Traceback (most recent call last)"
_BAD_STATUS: Final = frozenset({"error", "failed", "failure", "exception"})


def disguised_error(result: Mapping[str, Any]) -> str | None:
    """What the error says; None where the result is none."""
    for value in _values(result):
        said = _in_object(value) if isinstance(value, dict) else _in_text(value) if isinstance(value, str) else None
        if said is not None:
            return said[:_EXCERPT]
    return None


def _values(result: Mapping[str, Any]) -> Iterator[Any]:
    """The values of an answer: structured content, FastMCP's `result` in it, and the first text, parsed where JSON."""
    structured = result.get("structuredContent")
    text = next(texts_of(result), None)
    for value in (structured, structured.get("result") if isinstance(structured, dict) else None, text):
        parsed = _parsed(value) if isinstance(value, str) else value
        yield parsed
        if isinstance(parsed, dict) and isinstance(parsed.get("result"), dict):
            yield parsed["result"]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _in_object(value: Mapping[str, Any]) -> str | None:
    error, errors = value.get("error"), value.get("errors")
    if error is True or (error and isinstance(error, str | dict | list)):
        return _message(value, error)
    if errors and isinstance(errors, list | dict):
        return _message(value, errors)
    for name in ("success", "ok"):
        if value.get(name) is False:
            return _message(value, f"{name}: false")
    for name in ("status", "type"):
        if str(value.get(name)).lower() in _BAD_STATUS and isinstance(value[name], str):
            return _message(value, f"{name}: {value[name]}")
    return _message(value, "isError: true") if value.get("isError") is True else None


def _message(value: Mapping[str, Any], error: Any) -> str:
    """The words of an error: its own, or those beside it."""
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    beside = value.get("message") or value.get("error")
    if not (isinstance(error, str) and error == value.get("error")) and isinstance(beside, str):
        return beside
    return error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)[:_EXCERPT]


def _in_text(text: str) -> str | None:
    beginning = text[:_READ]
    if _OPENING.match(beginning) or _TRACEBACK in beginning:
        return " ".join(beginning.split())
    return None
