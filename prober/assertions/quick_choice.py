"""What `anyOf` compiles to in `prober.assertions.quick`: by the tag where there is one, else one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prober.assertions.violation import Check, Fault
from prober.json_values import Json, render

if TYPE_CHECKING:
    from prober.assertions.quick_keywords import Compiler


def any_of(compiler: Compiler, schemas: Json, _schema: Json, base: str) -> Check:
    """Alternatives: by the value of a tag where every one of them has its own, else one after the other."""
    others = [inner for inner in schemas if inner != {"type": "null"}] or schemas
    nullable = len(others) < len(schemas)
    checks = [compiler.check(inner, base) for inner in others]
    one = checks[0] if len(checks) == 1 else _tagged(compiler, others, checks, base) or _in_turn(checks)
    if not nullable:
        return one

    def check(value: Json) -> Fault | None:
        if value is None:
            return None
        fault = one(value)
        if fault is not None and fault.keyword == "type" and not fault.path:
            fault.expected += " or null"
        return fault

    return check


def _tagged(compiler: Compiler, schemas: list[Json], checks: list[Check], base: str) -> Check | None:
    """A choice by the member that is required and constant in every alternative, and different in each."""
    resolved = [compiler.resolved(schema, base) for schema in schemas]
    for tag in resolved[0].get("required", ()):
        constants = [_constant(schema.get("properties", {}).get(tag)) for schema in resolved]
        required = all(tag in schema.get("required", ()) for schema in resolved)
        if (
            required
            and all(isinstance(constant, str) for constant in constants)
            and len(set(constants)) == len(constants)
        ):
            return _by_tag(tag, dict(zip(constants, checks, strict=True)))
    return None


def _constant(schema: Json) -> Json:
    return schema.get("const") if isinstance(schema, dict) else None


def _by_tag(tag: str, checks: Mapping[str, Check]) -> Check:
    expected = f"one of {render(list(checks))}"

    def check(value: Json) -> Fault | None:
        if not isinstance(value, dict):
            return Fault("type", "object", value)
        if tag not in value:
            return Fault("required", f"member {render(tag)}", value)
        chosen = value[tag]
        if isinstance(chosen, str) and chosen in checks:
            return checks[chosen](value)
        return Fault("enum", expected, chosen, [tag])

    return check


def _in_turn(checks: list[Check]) -> Check:
    def check(value: Json) -> Fault | None:
        faults = []
        for one in checks:
            fault = one(value)
            if fault is None:
                return None
            faults.append(fault)
        deepest = max(len(fault.path) for fault in faults)
        furthest = [fault for fault in faults if len(fault.path) == deepest]
        if len(furthest) == 1:
            return furthest[0]
        if deepest > 0:
            return Fault("anyOf", "one of the alternatives", value)
        return Fault("anyOf", " or ".join(dict.fromkeys(fault.expected for fault in faults)), value)

    return check
