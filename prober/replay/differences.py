"""Where two answers differ, as JSON Pointers; or that they cannot be compared, since they were kept in part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from prober.json_values import cap

MOST: Final = 5
_LONGEST: Final = 80
_NOTHING: Final = object()


def differences(then: str, now: str) -> list[str]:
    """Sentences, at most `MOST`; none where the answers are alike but for the id of the request."""
    before, after = _answer(then), _answer(now)
    if before is None or after is None:
        return (
            [] if then == now else ["the excerpts of the answers differ, and are no whole JSON to be compared further"]
        )
    return list(islice(_between(before, after, ""), MOST))


def _answer(text: str) -> Any:
    """The message of JSON-RPC in a body, or in the last event of a stream; None where it was cut."""
    candidates = [text, *(line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:"))]
    for candidate in reversed(candidates):
        try:
            message = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(message, dict) and ("result" in message or "error" in message):
            return {key: value for key, value in message.items() if key in ("result", "error")}
    return None


def _between(before: Any, after: Any, pointer: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            yield from _between(before.get(key, _NOTHING), after.get(key, _NOTHING), f"{pointer}/{escaped}")
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            one, other = (each[index] if index < len(each) else _NOTHING for each in (before, after))
            yield from _between(one, other, f"{pointer}/{index}")
    elif _shown(before) != _shown(after):
        yield f"{cap(pointer, 2 * _LONGEST)}: was {cap(_shown(before), _LONGEST)}, is {cap(_shown(after), _LONGEST)}"


def _shown(value: Any) -> str:
    return "not there" if value is _NOTHING else json.dumps(value, ensure_ascii=False)
