"""The types of fields: each reads a value from a cursor and states itself as JSON Schema.

Both stand in one class, so that what the loader accepts and what an editor is told cannot come apart.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from prober.config import units
from prober.config.cursor import Cursor, InvalidValueError
from prober.config.nodes import ListNode, MappingNode

T = TypeVar("T")
U = TypeVar("U")

JsonSchema: TypeAlias = dict[str, Any]

_EXPANSION: Final = r"\$\{"


@dataclass(frozen=True, kw_only=True)
class SchemaBuilder:
    """The JSON Schema being written: its shared definitions, and whether `${…}` means something where we are."""

    definitions: dict[str, JsonSchema] = field(default_factory=dict)
    expands: bool = False

    def text(self, **limits: Any) -> JsonSchema:
        """A text within limits. One that holds a `${…}` cannot be judged before the value is put in."""
        within: JsonSchema = {"type": "string", **limits}
        return {"anyOf": [within, {"type": "string", "pattern": _EXPANSION}]} if self.expands else within


class FieldType(ABC, Generic[T]):
    """How one kind of value is written."""

    json_schema: ClassVar[JsonSchema] = {}
    """The schema of a type whose schema is the same everywhere."""

    @abstractmethod
    def read(self, cursor: Cursor) -> T:
        """The value at the cursor. Notes every mistake there and raises `InvalidValueError` if there was one."""

    def schema(self, builder: SchemaBuilder) -> JsonSchema:  # noqa: ARG002 - for types that need it
        """The type as JSON Schema. Never stricter than `read`."""
        return self.json_schema

    def show(self, value: Any) -> Any:
        """A default as a person would write it, or None where the default says nothing."""
        return value if isinstance(value, bool | str) else None


class Boolean(FieldType[bool]):
    """`true` or `false`."""

    json_schema: ClassVar[JsonSchema] = {"type": "boolean"}

    def read(self, cursor: Cursor) -> bool:
        value = getattr(cursor.node, "value", None)
        if not isinstance(value, bool):
            raise cursor.wrong_type("true or false")
        return value


@dataclass(frozen=True, kw_only=True)
class Integer(FieldType[int]):
    """A whole number within limits, both inclusive."""

    least: int
    most: int

    def read(self, cursor: Cursor) -> int:
        value = getattr(cursor.node, "value", None)
        if not isinstance(value, int) or isinstance(value, bool):
            raise cursor.wrong_type("a whole number")
        if not self.least <= value <= self.most:
            raise cursor.error(f"must be from {self.least} to {self.most:,}")
        return value

    def schema(self, builder: SchemaBuilder) -> JsonSchema:  # noqa: ARG002 - a number looks the same everywhere
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def show(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, kw_only=True)
class Text(FieldType[str]):
    """A text, not empty unless allowed. `wanted` says in words what `pattern` asks for."""

    wanted: str = "a text"
    pattern: str | None = None
    """Means the same to Python and to ECMA-262."""
    complaint: Callable[[str], str | None] | None = None
    """Says what is wrong with the text, without showing it: a `${…}` may have been put in."""
    may_be_empty: bool = False

    def read(self, cursor: Cursor) -> str:
        text = cursor.text(self.wanted)
        if not text and not self.may_be_empty:
            raise cursor.error("must not be empty")
        if self.pattern is not None and not matches(self.pattern, text):
            raise cursor.error(f"expected {self.wanted}")
        if self.complaint is not None and (complaint := self.complaint(text)) is not None:
            raise cursor.error(complaint)
        return text

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        if self.pattern is not None:
            return builder.text(pattern=self.pattern)
        return {"type": "string"} if self.may_be_empty else {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Choice(FieldType[str]):
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, cursor: Cursor) -> str:
        wanted = " or ".join((", ".join(self.words[:-1]), self.words[-1])) if self.words[1:] else self.words[0]
        word = cursor.text(wanted)
        if word not in self.words:
            raise cursor.error(f"expected {wanted}, found {cursor.shown}")
        return word

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return builder.text(enum=list(self.words))


class Duration(FieldType[float]):
    """A span of time with its unit, in seconds."""

    def read(self, cursor: Cursor) -> float:
        if (number := _bare_number(cursor)) is not None:
            raise cursor.error(f"a duration needs a unit; write {number}s")
        seconds = units.parse_duration(cursor.text("a duration such as 5s"))
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

    def read(self, cursor: Cursor) -> int:
        if (number := _bare_number(cursor)) is not None:
            raise cursor.error(f"a size needs a unit; write {number}B, {number}KiB or {number}MiB")
        size = units.parse_size(cursor.text("a size such as 2MiB"))
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


class Json(FieldType[Any]):
    """Any value that JSON has."""

    def read(self, cursor: Cursor) -> Any:
        match cursor.node:
            case MappingNode():
                return {child.name: self.read(child) for child in cursor.entries("a mapping")}
            case ListNode():
                return [self.read(child) for child in cursor.items("a list")]
            case node:
                return cursor.text("a text") if isinstance(node.value, str) else node.value


class JsonObject(FieldType[dict[str, Any]]):
    """A mapping of names to any values that JSON has."""

    json_schema: ClassVar[JsonSchema] = {"type": "object"}

    def read(self, cursor: Cursor) -> dict[str, Any]:
        json = Json()
        return read_all({child.name: (json, child) for child in cursor.entries("a mapping")})


@dataclass(frozen=True, kw_only=True)
class ListOf(FieldType[tuple[T, ...]]):
    """A list of values of one type."""

    item: FieldType[T]
    wanted: str = "a list"
    least: int = 0

    def read(self, cursor: Cursor) -> tuple[T, ...]:
        children = list(cursor.items(self.wanted))
        if len(children) < self.least:
            raise cursor.error("must not be empty" if self.least == 1 else f"needs at least {self.least}")
        return tuple(read_all({child.name: (self.item, child) for child in children}).values())

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        limits = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.item.schema(builder), **limits}


@dataclass(frozen=True, kw_only=True)
class MapOf(FieldType[dict[str, T]]):
    """A mapping of free names to values of one type. `names_wanted` says in words what the pattern `names` asks for."""

    value: FieldType[T]
    names: str | None = None
    names_wanted: str = ""
    longest_name: int | None = None
    reserved: Callable[[str], str | None] | None = None
    """Says why a name may not be used."""

    def read(self, cursor: Cursor) -> dict[str, T]:
        children = list(cursor.entries("a mapping"))
        bad = [child for child in children if not self._name_is_good(child)]
        values = read_all({child.name: (self.value, child) for child in children})
        if bad:
            raise InvalidValueError
        return values

    def _name_is_good(self, cursor: Cursor) -> bool:
        name = cursor.name
        if self.names is not None and not matches(self.names, name):
            cursor.report(f"not a name: expected {self.names_wanted}")
        elif self.longest_name is not None and len(name) > self.longest_name:
            cursor.report(f"a name has at most {self.longest_name} characters")
        elif self.reserved is not None and (why := self.reserved(name)) is not None:
            cursor.report(why)
        else:
            return True
        return False

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        stated: JsonSchema = {"type": "object", "additionalProperties": self.value.schema(builder)}
        if self.names is not None:
            stated["propertyNames"] = {"pattern": self.names}
        if self.longest_name is not None:
            stated["propertyNames"] = {**stated.get("propertyNames", {}), "maxLength": self.longest_name}
        return stated


@dataclass(frozen=True)
class Converted(FieldType[U], Generic[T, U]):
    """A value of one type, converted into another."""

    inner: FieldType[T]
    into: Callable[[T], U]

    def read(self, cursor: Cursor) -> U:
        return self.into(self.inner.read(cursor))

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return self.inner.schema(builder)


@dataclass(frozen=True)
class Expanding(FieldType[T]):
    """A value in whose texts `${…}` means something."""

    inner: FieldType[T]

    def read(self, cursor: Cursor) -> T:
        return self.inner.read(cursor.expanding())

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return self.inner.schema(replace(builder, expands=True))


@dataclass(frozen=True)
class OwnSecrets(FieldType[T]):
    """A value whose secrets are gathered by themselves: a target's, a probe's."""

    inner: FieldType[T]

    def read(self, cursor: Cursor) -> T:
        return self.inner.read(cursor.apart())

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return self.inner.schema(builder)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of ECMA-262 is found in the text: there `$` is the very end, not also a line end before it."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def read_all(wanted: dict[str, tuple[FieldType[T], Cursor]]) -> dict[str, T]:
    """Every value, or `InvalidValueError` after all of them were looked at."""
    values = {}
    for name, (field_type, cursor) in wanted.items():
        try:
            values[name] = field_type.read(cursor)
        except InvalidValueError:
            continue
    if len(values) < len(wanted):
        raise InvalidValueError
    return values
