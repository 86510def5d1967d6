"""The keywords that `prober.assertions.quick` knows: what each of them compiles to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from prober.assertions.quick_choice import any_of
from prober.assertions.violation import Check, Fault
from prober.json_values import Json, render, same


class NotSupported(ValueError):  # noqa: N818 - speaks of a schema, not of a call
    """A schema that uses more of JSON Schema than is compiled here."""


class Compiler(Protocol):
    """What makes checks of the schemas inside a schema."""

    def check(self, schema: Json, base: str) -> Check:
        """The check of a schema."""

    def reference(self, reference: str, base: str) -> Check:
        """The check of what a reference means."""

    def outermost(self) -> Check:
        """The check of the first document."""

    def resolved(self, schema: Json, base: str) -> Json:
        """A schema, or the one that it does nothing but refer to."""


Maker = Callable[[Compiler, Json, Json, str], Check]
"""From a keyword's value, the schema it stands in and that schema's base URI."""


def anything(_: Json) -> None:
    return None


def all_of(checks: list[Check]) -> Check:
    if not checks:
        return anything
    if len(checks) == 1:
        return checks[0]

    def check(value: Json) -> Fault | None:
        for one in checks:
            fault = one(value)
            if fault is not None:
                return fault
        return None

    return check


def _is_integer(value: Json) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, Callable[[Json], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _type(_: Compiler, names: Json, _schema: Json, _base: str) -> Check:
    names = names if isinstance(names, list) else [names]
    if not all(isinstance(name, str) for name in names):
        raise NotSupported("schemas in type")
    tests = [_TYPES[name] for name in names]
    expected = " or ".join(names)
    if len(tests) == 1:
        test = tests[0]
        return lambda value: None if test(value) else Fault("type", expected, value)
    return lambda value: None if any(test(value) for test in tests) else Fault("type", expected, value)


def _properties(compiler: Compiler, properties: Json, schema: Json, base: str) -> Check:
    checks = {name: compiler.check(inner, base) for name, inner in properties.items()}
    others = compiler.check(schema.get("additionalProperties", True), base)
    if others is anything:
        checks = {name: check for name, check in checks.items() if check is not anything}

    def check(value: Json) -> Fault | None:
        if isinstance(value, dict):
            for name, inner in value.items():
                fault = checks.get(name, others)(inner)
                if fault is not None:
                    fault.path.append(name)
                    return fault
        return None

    return check


def _additional_properties(compiler: Compiler, others: Json, _schema: Json, base: str) -> Check:
    return _properties(compiler, {}, {"additionalProperties": others}, base)


def _items(compiler: Compiler, items: Json, _schema: Json, base: str) -> Check:
    if isinstance(items, list):
        raise NotSupported("items as a list")
    one = compiler.check(items, base)

    def check(value: Json) -> Fault | None:
        if isinstance(value, list):
            for index, element in enumerate(value):
                fault = one(element)
                if fault is not None:
                    fault.path.append(index)
                    return fault
        return None

    return check


def _property_names(compiler: Compiler, names: Json, _schema: Json, base: str) -> Check:
    one = compiler.check(names, base)

    def check(value: Json) -> Fault | None:
        for name in value if isinstance(value, dict) else ():
            fault = one(name)
            if fault is not None:
                return fault
        return None

    return check


def _required(_: Compiler, names: Json, _schema: Json, _base: str) -> Check:
    def check(value: Json) -> Fault | None:
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    return Fault("required", f"member {render(name)}", value)
        return None

    return check


def _one_of_values(_: Compiler, values: Json, _schema: Json, _base: str) -> Check:
    expected = f"one of {render(values)}"
    return lambda value: None if any(same(value, one) for one in values) else Fault("enum", expected, value)


def _const(_: Compiler, constant: Json, _schema: Json, _base: str) -> Check:
    return lambda value: None if same(value, constant) else Fault("const", render(constant), value)


def _bound(keyword: str, words: str, holds: Callable[[Any, Any], bool]) -> Maker:
    """A maker for a bound on numbers."""

    def make(_: Compiler, bound: Json, _schema: Json, _base: str) -> Check:
        expected = f"{words} {bound}"
        return lambda value: None if not _is_number(value) or holds(value, bound) else Fault(keyword, expected, value)

    return make


def _at_least(keyword: str, kind: type, unit: str) -> Maker:
    """A maker for a least number of things."""

    def make(_: Compiler, least: Json, _schema: Json, _base: str) -> Check:
        expected = f"at least {least} {unit}"
        return lambda value: Fault(keyword, expected, value) if isinstance(value, kind) and len(value) < least else None  # type: ignore[arg-type]

    return make


def _at_most(keyword: str, kind: type, unit: str) -> Maker:
    """A maker for a greatest number of things."""

    def make(_: Compiler, most: Json, _schema: Json, _base: str) -> Check:
        expected = f"at most {most} {unit}"
        return lambda value: Fault(keyword, expected, value) if isinstance(value, kind) and len(value) > most else None  # type: ignore[arg-type]

    return make


def _unique_items(_: Compiler, wanted: Json, _schema: Json, _base: str) -> Check:
    def check(value: Json) -> Fault | None:
        if isinstance(value, list):
            names = [element for element in value if isinstance(element, str)]
            if len(set(names)) < len(names):
                return Fault("uniqueItems", "no element twice", value)
        return None

    # Only texts are looked at: the schemas of the drafts ask for unique names and unique values of `enum`, and the
    # drafts since 2019-09 no longer the latter.
    return check if wanted else anything


def _pattern(_: Compiler, pattern: Json, _schema: Json, _base: str) -> Check:
    search = re.compile(pattern).search
    expected = f"a match of {render(pattern)}"
    return lambda value: None if not isinstance(value, str) or search(value) else Fault("pattern", expected, value)


def _all_of(compiler: Compiler, schemas: Json, _schema: Json, base: str) -> Check:
    return all_of([compiler.check(inner, base) for inner in schemas])


def _reference(compiler: Compiler, reference: Json, _schema: Json, base: str) -> Check:
    return compiler.reference(reference, base)


def _dynamic_reference(compiler: Compiler, reference: Json, _schema: Json, _base: str) -> Check:
    """The schemas of the drafts use one dynamic anchor, `#meta`, which means the outermost of them."""
    if reference != "#meta":
        raise NotSupported(f"$dynamicRef {reference}")
    return compiler.outermost()


MAKERS: Final[Mapping[str, Maker]] = {
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "items": _items,
    "propertyNames": _property_names,
    "required": _required,
    "enum": _one_of_values,
    "const": _const,
    "minimum": _bound("minimum", "at least", lambda value, bound: value >= bound),
    "maximum": _bound("maximum", "at most", lambda value, bound: value <= bound),
    "exclusiveMinimum": _bound("exclusiveMinimum", "more than", lambda value, bound: value > bound),
    "exclusiveMaximum": _bound("exclusiveMaximum", "less than", lambda value, bound: value < bound),
    "minLength": _at_least("minLength", str, "characters"),
    "maxLength": _at_most("maxLength", str, "characters"),
    "minItems": _at_least("minItems", list, "elements"),
    "maxItems": _at_most("maxItems", list, "elements"),
    "minProperties": _at_least("minProperties", dict, "members"),
    "maxProperties": _at_most("maxProperties", dict, "members"),
    "format": lambda _compiler, _name, _schema, _base: anything,
    "uniqueItems": _unique_items,
    "pattern": _pattern,
    "allOf": _all_of,
    "anyOf": any_of,
    "$ref": _reference,
    "$dynamicRef": _dynamic_reference,
}
