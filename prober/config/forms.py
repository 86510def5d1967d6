"""The forms a value can have: each reads one from its place and states itself as JSON Schema.

Both stand in one class, so that what the loader accepts and what an editor is told cannot come apart.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from prober.config import units
from prober.config.document import ListNode, MappingNode
from prober.config.place import Place, Refused

T = TypeVar("T")
U = TypeVar("U")

JsonSchema: TypeAlias = dict[str, Any]

_EXPANSION: Final = r"\$\{"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The JSON Schema being written: its shared definitions, and whether `${…}` means something where we are."""

    definitions: dict[str, JsonSchema] = field(default_factory=dict)
    expands: bool = False

    def text(self, **limits: Any) -> JsonSchema:
        """A text within limits. One that holds a `${…}` cannot be judged before the value is put in."""
        within: JsonSchema = {"type": "string", **limits}
        return {"anyOf": [within, {"type": "string", "pattern": _EXPANSION}]} if self.expands else within


class Form(ABC, Generic[T]):
    """How one kind of value is written."""

    stated: ClassVar[JsonSchema] = {}
    """The schema of a form that is the same wherever it stands."""

    @abstractmethod
    def read(self, place: Place) -> T:
        """The value at the place. Notes every mistake there and raises `Refused` if there was one."""

    def schema(self, sheet: Sheet) -> JsonSchema:  # noqa: ARG002 - for the forms that ask it
        """The form as JSON Schema. Never stricter than `read`."""
        return self.stated

    def show(self, value: Any) -> Any:
        """A default as it would be written, or None where that would say nothing."""
        return value if isinstance(value, bool | str) else None


class Flag(Form[bool]):
    """`true` or `false`."""

    stated: ClassVar[JsonSchema] = {"type": "boolean"}

    def read(self, place: Place) -> bool:
        value = getattr(place.node, "value", None)
        if not isinstance(value, bool):
            raise place.refuse_for("true or false")
        return value


@dataclass(frozen=True, kw_only=True)
class Whole(Form[int]):
    """A whole number within limits, both inclusive."""

    least: int
    most: int

    def read(self, place: Place) -> int:
        value = getattr(place.node, "value", None)
        if not isinstance(value, int) or isinstance(value, bool):
            raise place.refuse_for("a whole number")
        if not self.least <= value <= self.most:
            raise place.refuse(f"must be from {self.least} to {self.most:,}")
        return value

    def schema(self, sheet: Sheet) -> JsonSchema:  # noqa: ARG002 - a number looks the same everywhere
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def show(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, kw_only=True)
class Text(Form[str]):
    """A text, not empty unless allowed. `wanted` says in words what `pattern` asks for."""

    wanted: str = "a text"
    pattern: str | None = None
    """Means the same to Python and to ECMA-262."""
    complaint: Callable[[str], str | None] | None = None
    """Says what is wrong with the text, without showing it: a `${…}` may have been put in."""
    may_be_empty: bool = False

    def read(self, place: Place) -> str:
        text = place.text(self.wanted)
        if not text and not self.may_be_empty:
            raise place.refuse("must not be empty")
        if self.pattern is not None and not matches(self.pattern, text):
            raise place.refuse(f"expected {self.wanted}")
        if self.complaint is not None and (complaint := self.complaint(text)) is not None:
            raise place.refuse(complaint)
        return text

    def schema(self, sheet: Sheet) -> JsonSchema:
        if self.pattern is not None:
            return sheet.text(pattern=self.pattern)
        return {"type": "string"} if self.may_be_empty else {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Choice(Form[str]):
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, place: Place) -> str:
        wanted = " or ".join((", ".join(self.words[:-1]), self.words[-1])) if self.words[1:] else self.words[0]
        word = place.text(wanted)
        if word not in self.words:
            raise place.refuse(f"expected {wanted}, found {place.shown}")
        return word

    def schema(self, sheet: Sheet) -> JsonSchema:
        return sheet.text(enum=list(self.words))


class Duration(Form[float]):
    """A span of time with its unit, in seconds."""

    def read(self, place: Place) -> float:
        if (number := _bare_number(place)) is not None:
            raise place.refuse(f"a duration needs a unit; write {number}s")
        seconds = units.parse_duration(place.text("a duration such as 5s"))
        if seconds is None:
            raise place.refuse(f"expected a duration such as 500ms, 5s, 1m30s or 1h, found {place.shown}")
        if seconds == 0:
            raise place.refuse("must be longer than 0s")
        if seconds > units.LONGEST:
            raise place.refuse(f"must not be longer than {units.show_duration(units.LONGEST)}")
        return seconds

    def schema(self, sheet: Sheet) -> JsonSchema:
        return sheet.text(pattern=units.DURATION_PATTERN)

    def show(self, value: Any) -> Any:
        return None if value is None else units.show_duration(value)


class Size(Form[int]):
    """A number of bytes with its unit."""

    def read(self, place: Place) -> int:
        if (number := _bare_number(place)) is not None:
            raise place.refuse(f"a size needs a unit; write {number}B, {number}KiB or {number}MiB")
        size = units.parse_size(place.text("a size such as 2MiB"))
        if size is None:
            raise place.refuse(f"expected a size such as 100B, 500KiB or 2MiB, found {place.shown}")
        if size == 0:
            raise place.refuse("must be larger than 0B")
        return size

    def schema(self, sheet: Sheet) -> JsonSchema:
        return sheet.text(pattern=units.SIZE_PATTERN)

    def show(self, value: Any) -> Any:
        return None if value is None else units.show_size(value)


def _bare_number(place: Place) -> str | None:
    """The number, in quotes or not, where only a unit is missing."""
    text = place.raw_text()
    if text is not None:
        return text if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None
    return str(getattr(place.node, "text", "")) if place.type_word == "a number" else None


class Json(Form[Any]):
    """Any value that JSON has."""

    def read(self, place: Place) -> Any:
        match place.node:
            case MappingNode():
                return {child.name: self.read(child) for child in place.entries("a mapping")}
            case ListNode():
                return [self.read(child) for child in place.items("a list")]
            case node:
                return place.text("a text") if isinstance(node.value, str) else node.value


class JsonObject(Form[dict[str, Any]]):
    """A mapping of names to any values that JSON has."""

    stated: ClassVar[JsonSchema] = {"type": "object"}

    def read(self, place: Place) -> dict[str, Any]:
        json = Json()
        return read_all({child.name: (json, child) for child in place.entries("a mapping")})


@dataclass(frozen=True, kw_only=True)
class ListOf(Form[tuple[T, ...]]):
    """A list of values of one form."""

    item: Form[T]
    wanted: str = "a list"
    least: int = 0

    def read(self, place: Place) -> tuple[T, ...]:
        children = list(place.items(self.wanted))
        if len(children) < self.least:
            raise place.refuse("must not be empty" if self.least == 1 else f"needs at least {self.least}")
        return tuple(read_all({child.name: (self.item, child) for child in children}).values())

    def schema(self, sheet: Sheet) -> JsonSchema:
        limits = {"minItems": self.least} if self.least else {}
        return {"type": "array", "items": self.item.schema(sheet), **limits}


@dataclass(frozen=True, kw_only=True)
class MapOf(Form[dict[str, T]]):
    """A mapping of free names to values of one form. `names_wanted` says in words what the pattern `names` asks for."""

    value: Form[T]
    names: str | None = None
    names_wanted: str = ""
    longest_name: int | None = None
    reserved: Callable[[str], str | None] | None = None
    """Says why a name may not be used."""

    def read(self, place: Place) -> dict[str, T]:
        children = list(place.entries("a mapping"))
        bad = [child for child in children if not self._name_is_good(child)]
        values = read_all({child.name: (self.value, child) for child in children})
        if bad:
            raise Refused
        return values

    def _name_is_good(self, place: Place) -> bool:
        name = place.name
        if self.names is not None and not matches(self.names, name):
            place.mistake(f"not a name: expected {self.names_wanted}")
        elif self.longest_name is not None and len(name) > self.longest_name:
            place.mistake(f"a name has at most {self.longest_name} characters")
        elif self.reserved is not None and (why := self.reserved(name)) is not None:
            place.mistake(why)
        else:
            return True
        return False

    def schema(self, sheet: Sheet) -> JsonSchema:
        stated: JsonSchema = {"type": "object", "additionalProperties": self.value.schema(sheet)}
        if self.names is not None:
            stated["propertyNames"] = {"pattern": self.names}
        if self.longest_name is not None:
            stated["propertyNames"] = {**stated.get("propertyNames", {}), "maxLength": self.longest_name}
        return stated


@dataclass(frozen=True)
class Converted(Form[U], Generic[T, U]):
    """A value of one form, turned into another type."""

    form: Form[T]
    into: Callable[[T], U]

    def read(self, place: Place) -> U:
        return self.into(self.form.read(place))

    def schema(self, sheet: Sheet) -> JsonSchema:
        return self.form.schema(sheet)


@dataclass(frozen=True)
class Expanding(Form[T]):
    """A value in whose texts `${…}` means something."""

    form: Form[T]

    def read(self, place: Place) -> T:
        return self.form.read(place.expanding())

    def schema(self, sheet: Sheet) -> JsonSchema:
        return self.form.schema(replace(sheet, expands=True))


@dataclass(frozen=True)
class Apart(Form[T]):
    """A value whose secrets are gathered by themselves: a target's, a probe's."""

    form: Form[T]

    def read(self, place: Place) -> T:
        return self.form.read(place.apart())

    def schema(self, sheet: Sheet) -> JsonSchema:
        return self.form.schema(sheet)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of ECMA-262 is found in the text: there `$` is the very end, not also a line end before it."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def read_all(wanted: dict[str, tuple[Form[T], Place]]) -> dict[str, T]:
    """Every value, or `Refused` after all of them were looked at."""
    values = {}
    for name, (form, place) in wanted.items():
        try:
            values[name] = form.read(place)
        except Refused:
            continue
    if len(values) < len(wanted):
        raise Refused
    return values
