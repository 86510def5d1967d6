"""What a judged value got wrong: one `Mismatch`, and the short renderings of JSON that it carries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

SHOWN: Final = 200
"""Characters that a rendering of a value may have."""
POINTER_SHOWN: Final = 500
"""Characters that a pointer may have: its names come from the server and may be of any length."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=repr)


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """The most telling way in which a value is not what was asked for.

    `pointer` is a JSON Pointer (RFC 6901) into the judged value, "" for the whole of it. `keyword` is the JSON Schema
    keyword or the expectation's key. `seen` and `expected` are capped renderings, `message` is a sentence of all four.
    """

    pointer: str
    keyword: str
    seen: str
    expected: str

    @property
    def message(self) -> str:
        """For a person: `/completedSteps: type: expected array, seen null`."""
        return f"{self.pointer or '(root)'}: {self.keyword}: expected {self.expected}, seen {self.seen}"


def cap(text: str, limit: int = SHOWN) -> str:
    """The text, cut to `limit` characters; an ellipsis stands for what is gone."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def render(value: Any, limit: int = SHOWN) -> str:
    """The value as JSON of at most `limit` characters, without writing out more of it than is shown."""
    if isinstance(value, str):
        return cap(_ENCODER.encode(value[: limit + 1]), limit)
    parts: list[str] = []
    length = 0
    for part in _ENCODER.iterencode(value):
        parts.append(part[: limit + 1])
        length += len(part)
        if length > limit:
            break
    return cap("".join(parts), limit)


def pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of a path of member names and array indexes."""
    return cap("".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path), POINTER_SHOWN)
