"""Mappings with known keys, declared on the fields of a dataclass.

    @settings
    class Window:
        cron: str = key(Cron(), "When it opens: five fields, in UTC.")

    WINDOW = mapping_of(Window)

The loader, the JSON Schema for editors and the documentation use the same declaration: the name, type and default of a
key are those of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, Final, Generic, Protocol, dataclass_transform

from prober.config.document.cursor import Cursor, InvalidValueError
from prober.config.document.diagnostics import did_you_mean
from prober.config.fields.field_types import FieldType, JsonSchema, SchemaBuilder, T

_KEY: Final = "prober.config.key"
_INLINE: Final = "prober.config.inline"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a mapping. `model` and `field` are the dataclass and field that it fills."""

    name: str
    value_type: FieldType[Any]
    help: str
    default: Any = None
    """The value if the key is not written; None if the default cannot be shown."""
    required: bool = False
    model: type | None = None
    field: str = ""
    within: Field[Any] | None = None
    """For a key of an inline field: the field of `model` whose value has `field`."""

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        """The value as JSON Schema, with description and default."""
        stated = {**self.value_type.schema(builder), "description": self.help}
        shown = None if self.required else self.value_type.show(self.default)
        return stated if shown is None else {**stated, "default": shown}


def key(
    value_type: FieldType[Any],
    help: str,
    *,
    name: str = "",
    optional: bool = False,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    repr: bool = True,
) -> Any:
    """A field that is a key of the configuration.

    The key of a field without a default is required, unless it is `optional`: then the schema's `build` must set it.
    """
    declared = {_KEY: (value_type, help, name, optional)}
    if default_factory is not MISSING:
        return field(default_factory=default_factory, repr=repr, metadata=declared)
    return field(default=default, repr=repr, metadata=declared)


def inline(*, default: Any, narrowed: Mapping[str, FieldType[Any]] | None = None) -> Any:
    """A field whose own fields are keys beside the others, some of them `narrowed` to another type.

    The defaults of those keys are the values of the field's default.
    """
    return field(default=default, metadata={_INLINE: narrowed or {}})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key, inline, field))
def settings(cls: type[T]) -> type[T]:
    """A frozen dataclass with keys of the configuration among its fields."""
    return dataclass(frozen=True, kw_only=True)(cls)


def keys_of(model: type, **narrowed: FieldType[Any]) -> tuple[Key, ...]:
    """The keys that the fields of a dataclass declare, some of them `narrowed` to another type."""
    return tuple(_keys(model, narrowed))


def _keys(model: type, narrowed: Mapping[str, FieldType[Any]]) -> Iterator[Key]:
    for each in fields(model):
        if (inner := each.metadata.get(_INLINE)) is not None:
            for below in keys_of(type(each.default), **inner):
                yield replace(below, model=model, within=each, default=getattr(each.default, below.field))
        elif _KEY in each.metadata:
            value_type, help_text, name, optional = each.metadata[_KEY]
            required = each.default is MISSING and each.default_factory is MISSING
            yield Key(
                name=name or each.name,
                value_type=narrowed.get(each.name, value_type),
                help=help_text,
                default=None if each.default is MISSING else each.default,
                required=required and not optional,
                model=model,
                field=each.name,
            )


class Values:
    """The values read from a mapping."""

    def __init__(self, cursor: Cursor, keys: Sequence[Key]):
        self.cursor = cursor
        self._keys = keys
        self._values: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """Whether the key is written in the file, with a valid value or not."""
        return self.cursor.find(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a key; the default if it is not written or invalid."""
        return self._values.get(name, default)

    def put(self, name: str, value: Any) -> None:
        """Set the value of a key."""
        self._values[name] = value

    def at(self, name: str) -> Cursor:
        """The cursor of a key; the cursor of the mapping if the key is not written."""
        return self.cursor.nearest(name)

    def of(self, model: type) -> dict[str, Any]:
        """The values written in the file, keyed by field name of `model`. Defaults of the model fill the others."""
        arguments: dict[str, Any] = {}
        for each in self._keys:
            if each.model is model and each.name in self._values:
                value = self._values[each.name]
                if each.within is None:
                    arguments[each.field] = value
                else:
                    outer = each.within
                    arguments[outer.name] = replace(arguments.get(outer.name, outer.default), **{each.field: value})
        return arguments


class Rule(Protocol):
    """A condition on which keys are written, whatever their values."""

    def check(self, values: Values) -> None:
        """Report the mistake if the condition is not met."""
        ...

    def schema(self) -> JsonSchema:
        """The rule as JSON Schema."""
        ...


class ExactlyOne(Rule):
    """One of some keys, and no second one."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def check(self, values: Values) -> None:
        written = [name for name in self._keys if values.has(name)]
        for name in written[1:]:
            values.at(name).report(f"not together with {written[0]}")
        if not written:
            values.cursor.report(f"needs {', '.join(self._keys[:-1])} or {self._keys[-1]}")

    def schema(self) -> JsonSchema:
        return {"oneOf": [{"required": [name]} for name in self._keys]}


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
        for name in self.keys:
            if values.has(name) and values.has(self.other):
                values.at(name).report(f"not together with {self.other}")

    def schema(self) -> JsonSchema:
        return {"dependentSchemas": {self.other: {"properties": dict.fromkeys(self.keys, False)}}}


@dataclass(frozen=True)
class AtLeastOne(Rule):
    """A mapping that says nothing without one of its keys."""

    keys: tuple[str, ...]

    def check(self, values: Values) -> None:
        if not any(values.has(name) for name in self.keys):
            values.cursor.report(f"needs {' or '.join(self.keys)}")

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"required": [name]} for name in self.keys]}


CrossCheck = Callable[[Values], None]
"""Compares values with each other and reports mistakes. Invalid values are absent."""


@dataclass(frozen=True, kw_only=True)
class MappingSchema(FieldType[T], Generic[T]):
    """A mapping with known keys. `build` makes its value; it is called only without mistakes."""

    keys: tuple[Key, ...]
    build: Callable[[Values], T]
    rules: tuple[Rule, ...] = ()
    checks: tuple[CrossCheck, ...] = ()

    def words(self) -> str:
        return "a mapping"

    def read(self, cursor: Cursor) -> T:
        noted = len(cursor.scope.mistakes)
        values = Values(cursor, self.keys)
        known = {each.name: each for each in self.keys}
        children = {child.name: child for child in cursor.entries(self.words())}
        for name, child in children.items():
            if name not in known:
                child.report(did_you_mean("unknown key", name, known))
        # In declared order: later keys may need the values of earlier ones.
        for name, each in known.items():
            if name in children:
                try:
                    values.put(name, each.value_type.read(children[name]))
                except InvalidValueError:
                    continue
            elif each.required:
                cursor.report(f"needs {name}")
        for rule in self.rules:
            rule.check(values)
        for check in self.checks:
            check(values)
        if len(cursor.scope.mistakes) > noted:
            raise InvalidValueError
        return self.build(values)

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        stated: JsonSchema = {
            "type": "object",
            "properties": {each.name: each.schema(builder) for each in self.keys},
            "additionalProperties": False,
        }
        if required := [each.name for each in self.keys if each.required]:
            stated["required"] = required
        if self.rules:
            stated["allOf"] = [rule.schema() for rule in self.rules]
        return stated


def mapping_of(
    model: type[T],
    *,
    build: Callable[[Values], T] | None = None,
    rules: tuple[Rule, ...] = (),
    checks: tuple[CrossCheck, ...] = (),
) -> MappingSchema[T]:
    """The mapping whose keys the fields of a dataclass declare."""
    return MappingSchema(
        keys=keys_of(model), build=build or (lambda values: model(**values.of(model))), rules=rules, checks=checks
    )
