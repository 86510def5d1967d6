"""Field types with a unit: durations and sizes."""

from __future__ import annotations

import re
from typing import Any

from prober.config.document.cursor import Cursor
from prober.config.fields import units
from prober.config.fields.field_types import FieldType, JsonSchema, SchemaBuilder


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


def _bare_number(cursor: Cursor) -> str | None:
    """The number, in quotes or not, where only a unit is missing."""
    text = cursor.raw_text()
    if text is not None:
        return text if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None
    return str(getattr(cursor.node, "text", "")) if cursor.type_word == "a number" else None
