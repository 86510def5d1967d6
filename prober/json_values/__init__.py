"""JSON values, for every room: how they are compared, named and written out short; `size.py`, how much there is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Final

Json = Any
"""A JSON value as the standard library parses it."""

Path = tuple[str | int, ...]
"""Where a value is inside another: the member names and array indexes that lead to it."""

SHOWN: Final = 200
"""Characters that a rendering of a value may have."""
POINTER_SHOWN: Final = 500
"""Characters that a pointer may have: its names come from the server and may be of any length."""

_BYTES_PER_VALUE: Final = 16
_UNCOUNTED: Final = 64 * 1024
_SEPARATORS: Final = (b",", b":", b"[", b"{")

_MOST_DIGITS: Final = 500
"""Of an integer. The largest double has 309; to read one takes time by the square of its digits, in which nothing else
can be done.
"""
_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_TOO_MANY: Final = b"0" * (_MOST_DIGITS + 1)

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<sign>-?)Infinity')
_TO_ESCAPE: Final = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f]"
)
"""Controls, line ends, all that is invisible or reverses the writing but the two joiners, and halves of surrogate
pairs. In JSON text that the standard library wrote, they stand in strings alone."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=repr)


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


def written(value: Any, limit: int = SHOWN) -> str:
    """The value for people: a text as it is, anything else as JSON, of at most `limit` characters."""
    return cap(value, limit) if isinstance(value, str) else render(value, limit)


def most_values(limit: int) -> int:
    """How many values a JSON text of up to `limit` bytes may hold: one for every sixteen bytes."""
    return limit // _BYTES_PER_VALUE


def count_values(body: bytes) -> int:
    """Roughly the number of values in a JSON text; 0 for a text that is too short to matter."""
    if len(body) <= _UNCOUNTED:
        return 0
    count = sum(map(body.count, _SEPARATORS))
    if count > len(body) // _BYTES_PER_VALUE:  # separators may stand in strings: count outside of strings
        without_escapes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
        count = sum(map(b"".join(without_escapes.split(b'"')[::2]).count, _SEPARATORS))
    return count


def integers_of(body: bytes) -> Callable[[str], int] | None:
    """What reads the integers of a JSON text, for `json.loads`: None, its own fast way, unless one may be too long.

    Reading one of more than 500 digits raises OverflowError.
    """
    return _integer if _TOO_MANY in body.translate(_ZEROS) else None


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > _MOST_DIGITS:
        raise OverflowError(f"an integer has more than {_MOST_DIGITS} digits")
    return int(digits)


def pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of a path of member names and array indexes."""
    return cap("".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path), POINTER_SHOWN)


def document_text(value: Json, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """The value as JSON text for a file: strict JSON that any encoding takes, and that shows what is in it.

    A number beyond all floats, such as 1e999, is infinity to the standard library, and JSON has no word for that.
    """
    text = json.dumps(value, indent=indent, sort_keys=sort_keys, ensure_ascii=False)
    if "Infinity" in text:
        text = _TOKEN.sub(lambda found: found[0] if found["sign"] is None else f"{found['sign']}1e999", text)
    if text.isascii() and "\x7f" not in text:
        return text
    return _TO_ESCAPE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def json_type(value: Json) -> str:
    """The most special JSON Schema type of a value; a number without a fraction is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    for name, kinds in (("number", float), ("string", str), ("array", list), ("object", dict)):
        if isinstance(value, kinds):
            return name
    raise ValueError(f"{value!r} is not a JSON value")


def same(one: Json, other: Json) -> bool:
    """Whether two JSON values are equal, however deep they are: 1 is 1.0, but true is not 1."""
    levels: list[Iterator[tuple[Json, Json]]] = [iter([(one, other)])]
    while levels:
        pair = next(levels[-1], None)
        if pair is None:
            levels.pop()
            continue
        mine, theirs = pair
        if isinstance(mine, bool) or isinstance(theirs, bool):
            if mine is not theirs:
                return False
        elif isinstance(mine, dict) and isinstance(theirs, dict):
            if mine.keys() != theirs.keys():
                return False
            levels.append(zip(mine.values(), map(theirs.__getitem__, mine), strict=True))
        elif isinstance(mine, list) and isinstance(theirs, list):
            if len(mine) != len(theirs):
                return False
            levels.append(zip(mine, theirs, strict=True))
        elif mine != theirs:
            return False
    return True


def hashable(value: Json) -> Hashable:
    """Something that is equal for two JSON values if they are: to look for a value among many.

    Large whole numbers become texts, for Python gives all multiples of one number the same hash.
    """
    if isinstance(value, list):
        return ("array", *map(hashable, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, hashable(inner)) for name, inner in value.items()))
    if isinstance(value, bool):
        return True, value
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if is_whole and abs(value) >= sys.hash_info.modulus:
        return "number", hex(int(value))
    return False, value
