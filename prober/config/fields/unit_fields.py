"""Field types with a unit: durations, sizes and shares."""

from __future__ import annotations

import re
from typing import Any, Final

from prober.config.document.cursor import Cursor
from prober.config.fields import units
from prober.config.fields.field_types import FieldType, Integer, JsonSchema, SchemaBuilder

TOKENS: Final = Integer(least=1, most=100_000_000)
"""A number of tokens, of which one is counted for every four bytes of JSON."""


class Duration(FieldType[float]):
    """A span of time with its unit, in seconds."""

    def words(self) -> str:
        return "a duration such as 5s"

    def read(self, cursor: Cursor) -> float:
        if (number := _bare_number(cursor)) is not None:
            raise cursor.error(f"a duration needs a unit; write {number}s")
        seconds = units.parse_duration(cursor.text(self.words()))
        if seconds is None:
            raise cursor.error(f"expected a duration such as 500ms, 5s, 1m30s or 1h, found {cursor.shown}")
        if seconds == 0:
            raise cursor.error("must be longer than 0s")
        if seconds > units.LONGEST:
            raise cursor.error(f"must not be longer than {units.show_duration(units.LONGEST)}")
        return seconds

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return builder.text(pattern=units.DURATION_PATTERN)

    def show(self, value: Any) -> Any:
        return None if value is None else units.show_duration(value)


class Size(FieldType[int]):
    """A number of bytes with its unit."""

    def words(self) -> str:
        return "a size such as 2MiB"

    def read(self, cursor: Cursor) -> int:
        if (number := _bare_number(cursor)) is not None:
            raise cursor.error(f"a size needs a unit; write {number}B, {number}KiB or {number}MiB")
        size = units.parse_size(cursor.text(self.words()))
        if size is None:
            raise cursor.error(f"expected a size such as 100B, 500KiB or 2MiB, found {cursor.shown}")
        if size == 0:
            raise cursor.error("must be larger than 0B")
        return size

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return builder.text(pattern=units.SIZE_PATTERN)

    def show(self, value: Any) -> Any:
        return None if value is None else units.show_size(value)


class Percent(FieldType[float]):
    """A share as a number of percent, between 0 and 100, neither of them."""

    def words(self) -> str:
        return "a number of percent such as 99.5"

    def read(self, cursor: Cursor) -> float:
        value = getattr(cursor.node, "value", None)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise cursor.wrong_type(self.words())
        if not 0 < value < 100:
            raise cursor.error("must be more than 0 and less than 100, in percent")
        return float(value)

    def schema(self, builder: SchemaBuilder) -> JsonSchema:  # noqa: ARG002 - a number looks the same everywhere
        return {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100}

    def show(self, value: Any) -> Any:
        return value


def _bare_number(cursor: Cursor) -> str | None:
    """The number, in quotes or not, where only a unit is missing."""
    text = cursor.raw_text()
    if text is not None:
        return text if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None
    return str(getattr(cursor.node, "text", "")) if cursor.type_word == "a number" else None
