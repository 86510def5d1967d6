"""Mappings with known keys: one declaration a key, from which the parser, its help and the schema are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, Final, Generic, Protocol

from prober.config.cursor import Cursor, InvalidValueError
from prober.config.diagnostics import did_you_mean
from prober.config.field_types import FieldType, JsonSchema, SchemaBuilder, T

_REQUIRED: Final[Any] = object()


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a mapping: its name, form and meaning.

    `of` is the dataclass whose field it fills, and whose default it has; a field without a default makes the key
    required. A key without `of` is turned into something else by the record's `build`.
    """

    name: str
    value_type: FieldType[Any]
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

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        """The value as JSON Schema, with meaning and default."""
        stated = {**self.value_type.schema(builder), "description": self.doc}
        shown = None if self.is_required else self.value_type.show(self.default_value)
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


class Values:
    """What was read of a mapping."""

    def __init__(self, cursor: Cursor, keys: Sequence[Key]):
        self.cursor = cursor
        self._keys = keys
        self._values: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """Whether the key is written in the file, with a good value or a bad one."""
        return self.cursor.find(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a key; the default where it is not written or could not be read."""
        return self._values.get(name, default)

    def put(self, name: str, value: Any) -> None:
        """Keep the value of a key."""
        self._values[name] = value

    def at(self, name: str) -> Cursor:
        """Where a key stands: the mapping itself if it is not written."""
        return self.cursor.nearest(name)

    def of(self, model: type) -> dict[str, Any]:
        """The values that fill fields of `model`, by field. What is not written is left to the model's defaults."""
        return {
            key.field_name: self._values[key.name] for key in self._keys if key.of is model and key.name in self._values
        }


class Rule(Protocol):
    """What must be true of the keys together, whatever their values."""

    def check(self, values: Values) -> None:
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

    def check(self, values: Values) -> None:
        if values.has(self.first) and values.has(self.second):
            values.at(self.second).report(f"not together with {self.first}")
        elif not values.has(self.first) and not values.has(self.second):
            values.cursor.report(f"needs {self.first} or {self.second}")

    def schema(self) -> JsonSchema:
        return {"oneOf": [{"required": [self.first]}, {"required": [self.second]}]}


@dataclass(frozen=True)
class OnlyWith(Rule):
    """A key that means nothing without another one."""

    needed: str
    key: str

    def check(self, values: Values) -> None:
        if values.has(self.key) and not values.has(self.needed):
            values.at(self.key).report(f"only together with {self.needed}")

    def schema(self) -> JsonSchema:
        return {"dependentRequired": {self.key: [self.needed]}}


@dataclass(frozen=True)
class NotWith(Rule):
    """Keys that mean nothing beside another one."""

    other: str
    keys: tuple[str, ...]

    def check(self, values: Values) -> None:
        for key in self.keys:
            if values.has(key) and values.has(self.other):
                values.at(key).report(f"not together with {self.other}")

    def schema(self) -> JsonSchema:
        return {"dependentSchemas": {self.other: {"properties": dict.fromkeys(self.keys, False)}}}


@dataclass(frozen=True)
class AtLeastOne(Rule):
    """A mapping that says nothing without one of its keys."""

    keys: tuple[str, ...]

    def check(self, values: Values) -> None:
        if not any(values.has(key) for key in self.keys):
            values.cursor.report(f"needs {' or '.join(self.keys)}")

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"required": [key]} for key in self.keys]}


CrossCheck = Callable[[Values], None]
"""Compares values with each other and notes mistakes. Values that could not be read are absent."""


@dataclass(frozen=True, kw_only=True)
class MappingSchema(FieldType[T], Generic[T]):
    """A mapping with known keys. `build` makes its value and runs only when nothing was wrong."""

    keys: tuple[Key, ...]
    build: Callable[[Values], T]
    rules: tuple[Rule, ...] = ()
    checks: tuple[CrossCheck, ...] = ()
    wanted: str = "a mapping"

    def read(self, cursor: Cursor) -> T:
        return self.build(self.read_fields(cursor))

    def read_fields(self, cursor: Cursor) -> Values:
        """All keys, checked with each other."""
        noted = len(cursor.scope.mistakes)
        values = Values(cursor, self.keys)
        known = {key.name: key for key in self.keys}
        children = {child.name: child for child in cursor.entries(self.wanted)}
        for name, child in children.items():
            if name not in known:
                child.report(did_you_mean("unknown key", name, known))
        # In declared order: what stands first may be needed by what comes later.
        for name, key in known.items():
            if name in children:
                try:
                    values.put(name, key.value_type.read(children[name]))
                except InvalidValueError:
                    continue
            elif key.is_required:
                cursor.report(f"needs {name}")
        for rule in self.rules:
            rule.check(values)
        for check in self.checks:
            check(values)
        if len(cursor.scope.mistakes) > noted:
            raise InvalidValueError
        return values

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        stated: JsonSchema = {
            "type": "object",
            "properties": {key.name: key.schema(builder) for key in self.keys},
            "additionalProperties": False,
        }
        if required := [key.name for key in self.keys if key.is_required]:
            stated["required"] = required
        if self.rules:
            stated["allOf"] = [rule.schema() for rule in self.rules]
        return stated


def mapping_of(model: type[T], *keys: Key, **more: Any) -> MappingSchema[T]:
    """A mapping whose keys are all fields of one dataclass."""
    return MappingSchema(keys=keys, build=lambda values: model(**values.of(model)), **more)
