"""The types of fields: each reads a value from a cursor and describes itself as JSON Schema.

One class does both, so that the loader and the schema for editors cannot disagree.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from prober.config.document.cursor import Cursor, InvalidValueError
from prober.config.document.nodes import ListNode, MappingNode

T = TypeVar("T")

JsonSchema: TypeAlias = dict[str, Any]

_EXPANSION: Final = r"\$\{"


@dataclass(frozen=True, kw_only=True)
class SchemaBuilder:
    """The state of writing a JSON Schema: shared definitions, and whether `${…}` is expanded here."""

    definitions: dict[str, JsonSchema] = field(default_factory=dict)
    expands: bool = False

    def text(self, **limits: Any) -> JsonSchema:
        """A text within limits. A text with a `${…}` passes: it cannot be checked before the expansion."""
        within: JsonSchema = {"type": "string", **limits}
        return {"anyOf": [within, {"type": "string", "pattern": _EXPANSION}]} if self.expands else within


class FieldType(ABC, Generic[T]):
    """One type of values."""

    json_schema: ClassVar[JsonSchema] = {}
    """The schema of a type that does not override `schema`."""

    @abstractmethod
    def words(self) -> str:
        """The expected value, in words."""

    @abstractmethod
    def read(self, cursor: Cursor) -> T:
        """The value at the cursor. Reports every mistake there and raises `InvalidValueError` if there was one."""

    def schema(self, builder: SchemaBuilder) -> JsonSchema:  # noqa: ARG002 - for overrides
        """The type as JSON Schema. Never stricter than `read`."""
        return self.json_schema

    def below(self) -> tuple[str, FieldType[Any]] | None:
        """The type of inner values and the suffix of their path: `[]`, `.NAME` or empty."""
        return None

    def show(self, value: Any) -> Any:
        """A default as it is written in YAML, or None if it should not be shown."""
        return value if isinstance(value, bool | str) else None


class Boolean(FieldType[bool]):
    """`true` or `false`."""

    json_schema: ClassVar[JsonSchema] = {"type": "boolean"}

    def words(self) -> str:
        return "true or false"

    def read(self, cursor: Cursor) -> bool:
        value = getattr(cursor.node, "value", None)
        if not isinstance(value, bool):
            raise cursor.wrong_type(self.words())
        return value


@dataclass(frozen=True, kw_only=True)
class Integer(FieldType[int]):
    """A whole number within limits, both inclusive."""

    least: int
    most: int

    def words(self) -> str:
        return f"a whole number from {self.least} to {self.most:,}"

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
    """A text, not empty unless allowed. `wanted` describes `pattern` in words."""

    wanted: str = "a text"
    pattern: str | None = None
    """It means the same in Python and in ECMA-262."""
    complaint: Callable[[str], str | None] | None = None
    """Returns the mistake in a text, or None. It must not quote the text: an expanded `${…}` may be a secret."""
    may_be_empty: bool = False

    def words(self) -> str:
        return self.wanted

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

    choices: tuple[str, ...]

    def words(self) -> str:
        return " or ".join((", ".join(self.choices[:-1]), self.choices[-1])) if self.choices[1:] else self.choices[0]

    def read(self, cursor: Cursor) -> str:
        word = cursor.text(self.words())
        if word not in self.choices:
            raise cursor.error(f"expected {self.words()}, found {cursor.shown}")
        return word

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return builder.text(enum=list(self.choices))


class Json(FieldType[Any]):
    """Any JSON value."""

    def words(self) -> str:
        return "any value"

    def read(self, cursor: Cursor) -> Any:
        match cursor.node:
            case MappingNode():
                return {child.name: self.read(child) for child in cursor.entries("a mapping")}
            case ListNode():
                return [self.read(child) for child in cursor.items("a list")]
            case node:
                return cursor.text("a text") if isinstance(node.value, str) else node.value


class JsonObject(FieldType[dict[str, Any]]):
    """A mapping of names to any JSON values."""

    json_schema: ClassVar[JsonSchema] = {"type": "object"}

    def words(self) -> str:
        return "a mapping of names to any values"

    def read(self, cursor: Cursor) -> dict[str, Any]:
        json = Json()
        return read_all({child.name: (json, child) for child in cursor.entries("a mapping")})


@dataclass(frozen=True, kw_only=True)
class ListOf(FieldType[tuple[T, ...]]):
    """A list of values of one type."""

    item: FieldType[T]
    wanted: str = "a list"
    least: int = 0

    def words(self) -> str:
        return self.wanted

    def read(self, cursor: Cursor) -> tuple[T, ...]:
        children = list(cursor.items(self.wanted))
        if len(children) < self.least:
            raise cursor.error("must not be empty" if self.least == 1 else f"needs at least {self.least}")
        return tuple(read_all({child.name: (self.item, child) for child in children}).values())

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        limits = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.item.schema(builder), **limits}

    def below(self) -> tuple[str, FieldType[Any]]:
        return "[]", self.item


@dataclass(frozen=True, kw_only=True)
class MapOf(FieldType[dict[str, T]]):
    """A mapping of free names to values of one type. `names_wanted` describes the pattern `names` in words."""

    value: FieldType[T]
    names: str | None = None
    names_wanted: str = ""
    longest_name: int | None = None
    reserved: Callable[[str], str | None] | None = None
    """Returns why a name may not be used, or None."""

    def words(self) -> str:
        return f"a mapping of names to {self.value.words()}"

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

    def below(self) -> tuple[str, FieldType[Any]]:
        return ".NAME", self.value


def matches(pattern: str, text: str) -> bool:
    """Whether the text has a match of an ECMA-262 pattern, in which `$` never matches before a trailing line end."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def read_all(wanted: dict[str, tuple[FieldType[T], Cursor]]) -> dict[str, T]:
    """All values. Reads every one before it raises `InvalidValueError`."""
    values = {}
    for name, (field_type, cursor) in wanted.items():
        try:
            values[name] = field_type.read(cursor)
        except InvalidValueError:
            continue
    if len(values) < len(wanted):
        raise InvalidValueError
    return values
