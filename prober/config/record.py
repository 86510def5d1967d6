"""Mappings with known keys: one declaration a key, from which the parser, its help and the schema are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, Final, Generic, Protocol

from prober.config.forms import Form, JsonSchema, Sheet, T
from prober.config.mistake import with_help
from prober.config.place import Place, Refused

_REQUIRED: Final[Any] = object()


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a mapping: its name, form and meaning.

    `of` is the dataclass whose field it fills, and whose default it has; a field without a default makes the key
    required. A key without `of` is turned into something else by the record's `build`.
    """

    name: str
    form: Form[Any]
    doc: str
    of: type | None = None
    field: str = ""
    """The field's name where it is not the key's."""
    default: Any = None
    """Where the field's own default is not what holds here."""
    required: bool = False

    @property
    def field_name(self) -> str:
        """The field that the key fills."""
        return self.field or self.name

    def schema(self, sheet: Sheet) -> JsonSchema:
        """The value as JSON Schema, with meaning and default."""
        stated = {**self.form.schema(sheet), "description": self.doc}
        shown = None if self.is_required else self.form.show(self.default_value)
        return stated if shown is None else {**stated, "default": shown}

    @cached_property
    def default_value(self) -> Any:
        """What holds where the key is not written."""
        return _default(self.of, self.field_name) if self.default is None else self.default

    @cached_property
    def is_required(self) -> bool:
        """Whether the mapping must have the key."""
        return self.required or self.default_value is _REQUIRED


def _default(model: type | None, name: str) -> Any:
    for known in fields(model) if model is not None else ():
        if known.name == name:
            if known.default is not MISSING:
                return known.default
            return None if known.default_factory is not MISSING else _REQUIRED
    return None


class Fields:
    """What was read of a mapping."""

    def __init__(self, place: Place, keys: Sequence[Key]):
        self.place = place
        self._keys = keys
        self._values: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """Whether the key is written in the file, with a good value or a bad one."""
        return self.place.find(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a key; the default where it is not written or could not be read."""
        return self._values.get(name, default)

    def put(self, name: str, value: Any) -> None:
        """Keep the value of a key."""
        self._values[name] = value

    def at(self, name: str) -> Place:
        """Where a key stands: the mapping itself if it is not written."""
        return self.place.nearest(name)

    def of(self, model: type) -> dict[str, Any]:
        """The values that fill fields of `model`, by field. What is not written is left to the model's defaults."""
        return {
            key.field_name: self._values[key.name] for key in self._keys if key.of is model and key.name in self._values
        }


class Rule(Protocol):
    """What must be true of the keys together, whatever their values."""

    def check(self, fields: Fields) -> None:
        """Notes the mistake if it is not."""
        ...

    def schema(self) -> JsonSchema:
        """The rule as JSON Schema."""
        ...


@dataclass(frozen=True)
class ExactlyOne(Rule):
    """One of two keys, not both."""

    first: str
    second: str

    def check(self, fields: Fields) -> None:
        if fields.has(self.first) and fields.has(self.second):
            fields.at(self.second).mistake(f"not together with {self.first}")
        elif not fields.has(self.first) and not fields.has(self.second):
            fields.place.mistake(f"needs {self.first} or {self.second}")

    def schema(self) -> JsonSchema:
        return {"oneOf": [{"required": [self.first]}, {"required": [self.second]}]}


@dataclass(frozen=True)
class OnlyWith(Rule):
    """A key that means nothing without another one."""

    needed: str
    key: str

    def check(self, fields: Fields) -> None:
        if fields.has(self.key) and not fields.has(self.needed):
            fields.at(self.key).mistake(f"only together with {self.needed}")

    def schema(self) -> JsonSchema:
        return {"dependentRequired": {self.key: [self.needed]}}


@dataclass(frozen=True)
class NotWith(Rule):
    """Keys that mean nothing beside another one."""

    other: str
    keys: tuple[str, ...]

    def check(self, fields: Fields) -> None:
        for key in self.keys:
            if fields.has(key) and fields.has(self.other):
                fields.at(key).mistake(f"not together with {self.other}")

    def schema(self) -> JsonSchema:
        return {"dependentSchemas": {self.other: {"properties": dict.fromkeys(self.keys, False)}}}


@dataclass(frozen=True)
class AtLeastOne(Rule):
    """A mapping that says nothing without one of its keys."""

    keys: tuple[str, ...]

    def check(self, fields: Fields) -> None:
        if not any(fields.has(key) for key in self.keys):
            fields.place.mistake(f"needs {' or '.join(self.keys)}")

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"required": [key]} for key in self.keys]}


Check = Callable[[Fields], None]
"""Compares values with each other and notes mistakes. Values that could not be read are absent."""


@dataclass(frozen=True, kw_only=True)
class Record(Form[T], Generic[T]):
    """A mapping with known keys. `build` makes its value and runs only when nothing was wrong."""

    keys: tuple[Key, ...]
    build: Callable[[Fields], T]
    rules: tuple[Rule, ...] = ()
    checks: tuple[Check, ...] = ()
    wanted: str = "a mapping"

    def read(self, place: Place) -> T:
        return self.build(self.read_fields(place))

    def read_fields(self, place: Place) -> Fields:
        """All keys, checked with each other."""
        noted = len(place.book.mistakes)
        fields = Fields(place, self.keys)
        known = {key.name: key for key in self.keys}
        children = {child.name: child for child in place.entries(self.wanted)}
        for name, child in children.items():
            if name not in known:
                child.mistake(with_help("unknown key", name, known))
        # In declared order: what stands first may be needed by what comes later.
        for name, key in known.items():
            if name in children:
                try:
                    fields.put(name, key.form.read(children[name]))
                except Refused:
                    continue
            elif key.is_required:
                place.mistake(f"needs {name}")
        for rule in self.rules:
            rule.check(fields)
        for check in self.checks:
            check(fields)
        if len(place.book.mistakes) > noted:
            raise Refused
        return fields

    def schema(self, sheet: Sheet) -> JsonSchema:
        stated: JsonSchema = {
            "type": "object",
            "properties": {key.name: key.schema(sheet) for key in self.keys},
            "additionalProperties": False,
        }
        if required := [key.name for key in self.keys if key.is_required]:
            stated["required"] = required
        if self.rules:
            stated["allOf"] = [rule.schema() for rule in self.rules]
        return stated


def record_of(model: type[T], *keys: Key, **more: Any) -> Record[T]:
    """A mapping whose keys are all fields of one dataclass."""
    return Record(keys=keys, build=lambda fields: model(**fields.of(model)), **more)
