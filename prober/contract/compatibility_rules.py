"""The rules of compatibility, keyword by keyword: whether a change narrows or widens what a schema allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from prober.contract.change import Severity, Where
from prober.json_values import Json, hashable, render, same

if TYPE_CHECKING:
    from prober.contract.compatibility import Comparison

MAX_MEMBERS: Final = 5_000
"""Properties or values, old and new together, that one step compares."""

ABSENT: Final[Any] = object()
"""In place of the value of a keyword that is not there."""


def alike(before: Json, after: Json) -> bool:
    return before is after if ABSENT in (before, after) else same(before, after)


def show(value: Json) -> str:
    return "absent" if value is ABSENT else render(value, 80)


Rule = Callable[["Comparison", str, Json, Json, Where], None]
"""Compares the values of a keyword, before and after, at a place."""


def _bound(*, lowest: bool, default: float) -> Rule:
    """The rule of a bound: a lower one narrows as it grows, an upper one as it shrinks."""

    def compare(to: Comparison, _name: str, before: Json, after: Json, where: Where) -> None:
        low, high = (default if value is ABSENT else value for value in (before, after))
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (low, high)):
            if not alike(before, after):
                to.unclear(where)
        elif low != high:
            report = to.narrowed if (high > low) is lowest else to.widened
            report(where, f"was {show(before)}, is now {show(after)}")

    return compare


def _enum(to: Comparison, _name: str, before: Json, after: Json, where: Where) -> None:
    if not all(value is ABSENT or isinstance(value, list) for value in (before, after)):
        return to.unclear(where)
    if sum(len(value) for value in (before, after) if value is not ABSENT) > MAX_MEMBERS:
        return None if alike(before, after) else to.unclear(where, "changed, and too many to be compared")
    if before is ABSENT:
        return to.narrowed(where, f"is now one of {show(after)}")
    if after is ABSENT:
        return to.widened(where, f"is no longer one of {show(before)}")
    olds, news = set(map(hashable, before)), set(map(hashable, after))
    gone = [value for value in before if hashable(value) not in news]
    come = [value for value in after if hashable(value) not in olds]
    if gone:
        to.narrowed(where, f"no longer has {', '.join(render(value, 40) for value in gone[:10])}")
    if come:
        to.widened(where, f"now also has {', '.join(render(value, 40) for value in come[:10])}")
    return None


def _stated(to: Comparison, _name: str, before: Json, after: Json, where: Where) -> None:
    """A keyword that narrows by being there, and whose values have no order."""
    if alike(before, after):
        return
    if before is ABSENT:
        to.narrowed(where, f"is now {show(after)}")
    elif after is ABSENT:
        to.widened(where, f"is no longer {show(before)}")
    else:
        to.unclear(where, f"was {show(before)}, is now {show(after)}")


def _multiple_of(to: Comparison, name: str, before: Json, after: Json, where: Where) -> None:
    whole = all(isinstance(value, int) and not isinstance(value, bool) and value > 0 for value in (before, after))
    if whole and before != after and max(before, after) % min(before, after) == 0:
        (to.narrowed if after > before else to.widened)(where, f"was {before}, is now {after}")
    else:
        _stated(to, name, before, after, where)


def _unique(to: Comparison, _name: str, before: Json, after: Json, where: Where) -> None:
    if (before is True) != (after is True):
        (to.narrowed if after is True else to.widened)(where, f"is now {show(after)}")


def _inner(to: Comparison, name: str, before: Json, after: Json, where: Where) -> None:
    """A schema for what is below, where none means that anything may be."""
    old, new = (True if value is ABSENT else value for value in (before, after))
    if isinstance(old, dict | bool) and isinstance(new, dict | bool):
        to.schemas(old, new, where)
    else:
        _each(to, name, before, after, where)


def _each(to: Comparison, _name: str, before: Json, after: Json, where: Where) -> None:
    """Schemas by name or in a row; only the same names, or as many, can be set against each other."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key in sorted(before):
            to.schemas(before[key], after[key], (*where, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            to.schemas(old, new, (*where, index))
    elif not alike(before, after):
        to.unclear(where)


def _additional(to: Comparison, name: str, before: Json, after: Json, where: Where) -> None:
    opens = [value is not False for value in (before, after)]
    if opens[0] == opens[1]:
        _inner(to, name, before, after, where)
    elif to.reads:
        to.add(Severity.ADDITIVE, where, "undeclared members may now be there" if opens[1] else "is now closed")
    elif opens[1]:
        to.widened(where, "undeclared arguments are now taken")
    else:
        to.narrowed(where, "undeclared arguments are no longer taken")


RULES: Final[Mapping[str, Rule]] = {
    "enum": _enum,
    "minimum": _bound(lowest=True, default=-math.inf),
    "exclusiveMinimum": _bound(lowest=True, default=-math.inf),
    "maximum": _bound(lowest=False, default=math.inf),
    "exclusiveMaximum": _bound(lowest=False, default=math.inf),
    "multipleOf": _multiple_of,
    "minLength": _bound(lowest=True, default=0),
    "maxLength": _bound(lowest=False, default=math.inf),
    "pattern": _stated,
    "format": _stated,
    "minItems": _bound(lowest=True, default=0),
    "maxItems": _bound(lowest=False, default=math.inf),
    "uniqueItems": _unique,
    "items": _inner,
    "prefixItems": _each,
    "patternProperties": _each,
    "minProperties": _bound(lowest=True, default=0),
    "maxProperties": _bound(lowest=False, default=math.inf),
    "propertyNames": _inner,
    "additionalProperties": _additional,
}
