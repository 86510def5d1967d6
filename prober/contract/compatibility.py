"""Whether a schema can stand in for another: the rules of compatibility, which depend on who writes the value.

What callers send (`Side.INPUT`) may be asked for less, never for more: whatever the old schema took, the new one has
to take. What callers read (`Side.OUTPUT`) may promise more, never less: whatever the new schema lets through, the old
one has let through. So every difference is first found to narrow or to widen what is allowed, or neither (`unclear`),
and the side says what that means. Four rules are not of that logic but of what people do:

    a property is added       additive on either side, unless an argument is required: an open object took it anyhow
    an argument is removed    breaking, even where the object is open: what callers say with it is no longer heard
    an answer's object opens  additive: nobody reads members that nobody knows
    a default changes         breaking for an argument: calls that leave it out now do something else

What changed in a way that the rules cannot put in order is breaking, to be on the safe side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import Final

from prober.contract.alternative_pairs import pair_up
from prober.contract.change import Change, Severity, Where, change
from prober.contract.compatibility_rules import ABSENT, MAX_MEMBERS, RULES, alike, show
from prober.contract.normalize import ANNOTATIONS, Alternative, alternatives, base_type
from prober.json_values import Json, render, same

REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")

MAX_STEPS: Final = 10_000
"""Pairs of schemas that are compared within one: a bound for schemas that refer to each other at every turn."""


class Side(Enum):
    """Who writes the values."""

    INPUT = auto()
    """Callers: a tool's arguments."""
    OUTPUT = auto()
    """The server: a tool's results."""


def compare_schemas(old: Json, new: Json, *, side: Side, where: Where) -> Iterator[list[Change]]:
    """The changes from one schema to another, each at its place below `where`, in small bounded steps.

    What several places share is compared where it is met first.
    """
    comparison = Comparison(side=side, old_root=old, new_root=new)
    try:
        if not same(old, new):
            comparison.schemas(old, new, where)
        for _ in range(MAX_STEPS):
            if not comparison.waiting:
                return
            yield comparison.step()
    except RecursionError:
        pass
    yield [change(Severity.BREAKING, where, "changed, and too large or too deep to be compared in full")]


@dataclass
class Comparison:
    """One comparison, a pair of schemas at a time. A pair that was met before holds no news: so recursion ends."""

    side: Side
    old_root: Json
    new_root: Json
    waiting: deque[tuple[Json, Json, Where]] = field(default_factory=deque)
    changes: list[Change] = field(default_factory=list)
    met: set[tuple[int, int]] = field(default_factory=set)
    """Identities, of what the roots keep alive."""

    @property
    def reads(self) -> bool:
        """Whether callers read the values, rather than write them."""
        return self.side is Side.OUTPUT

    def add(self, severity: Severity, where: Where, message: str) -> None:
        self.changes.append(change(severity, where, message))

    def narrowed(self, where: Where, message: str) -> None:
        self.add(Severity.BREAKING if not self.reads else Severity.ADDITIVE, where, message)

    def widened(self, where: Where, message: str) -> None:
        self.add(Severity.ADDITIVE if not self.reads else Severity.BREAKING, where, message)

    def unclear(self, where: Where, message: str = "changed in a way that cannot be compared") -> None:
        self.add(Severity.BREAKING, where, message)

    def schemas(self, old: Json, new: Json, where: Where) -> None:
        """Have two schemas compared, in their turn."""
        if isinstance(old, dict) and isinstance(new, dict):
            if (id(old), id(new)) in self.met:
                return
            self.met.add((id(old), id(new)))
        self.waiting.append((old, new, where))

    def step(self) -> list[Change]:
        """Compare the pair that has waited longest. The changes between them, without those of schemas inside."""
        self.changes = []
        self.pair(*self.waiting.popleft())
        return list(dict.fromkeys(self.changes))

    def pair(self, old: Json, new: Json, where: Where) -> None:
        """Compare what two schemas allow."""
        olds, news = alternatives(old, self.old_root), alternatives(new, self.new_root)
        if any(map(_takes_all, olds)) or any(map(_takes_all, news)):
            self.to_or_from_anything(olds, news, where)
            self.annotations(old, new, where)
            return
        if len(olds) == len(news) == 1:
            self.types(olds[0], news[0], where)
            return
        pairs = pair_up(olds, news)
        for one, other in pairs.pairs:
            self.types(one, other, where)
        for gone in pairs.gone:
            self.narrowed(where, f"{_describe(gone)} is no longer allowed")
        for come in pairs.come:
            self.widened(where, f"{_describe(come)} is now allowed")

    def to_or_from_anything(self, olds: list[Alternative], news: list[Alternative], where: Where) -> None:
        """Compare alternatives of which one takes every value, on either side."""
        if not any(map(_takes_all, news)):
            self.narrowed(where, f"was anything, is now {' or '.join(map(_describe, news)) or 'nothing'}")
        elif not any(map(_takes_all, olds)):
            self.widened(where, f"was {' or '.join(map(_describe, olds)) or 'nothing'}, is now anything")

    def types(self, old: Alternative, new: Alternative, where: Where) -> None:
        """Compare two alternatives: their types, then their keywords if they are of one kind."""
        before, after = old.get("type"), new.get("type")
        if before is not None and after is not None and base_type(old) != base_type(new):
            self.unclear(where, f"type changed from {before} to {after}")
            return
        if before != after:
            narrows = before is None or after == "integer"
            (self.narrowed if narrows else self.widened)(where, f"type was {before or 'any'}, is now {after or 'any'}")
        self.keywords(old, new, where)

    def keywords(self, old: Alternative, new: Alternative, where: Where) -> None:
        self.annotations(old, new, where)
        if "properties" in old or "properties" in new or "required" in old or "required" in new:
            self.members(old, new, where)
        if len(old) + len(new) > MAX_MEMBERS:
            if not same(old, new):
                self.unclear(where, "changed, and has too many keywords to be compared")
            return
        for name in sorted((old.keys() | new.keys()) - _ELSEWHERE - ANNOTATIONS):
            before, after = old.get(name, ABSENT), new.get(name, ABSENT)
            compare = RULES.get(name)
            if compare is not None:
                compare(self, name, before, after, (*where, name))
            elif name not in _JUDGING:
                if not alike(before, after):
                    self.add(Severity.COSMETIC, (*where, name), "an annotation changed")
            elif not alike(before, after):
                self.unclear(where if name == "?" else (*where, name))
            elif _refers({name: after}) and not self.same_definitions:
                self.unclear(where, "refers to definitions, of which some changed")

    @cached_property
    def same_definitions(self) -> bool:
        """Whether what references lead to, which are not followed, is what it was."""
        old, new = (
            [_mapping(root).get(name, {}) for name in ("$defs", "definitions")]
            for root in (self.old_root, self.new_root)
        )
        return same(old, new)

    def annotations(self, old: Json, new: Json, where: Where) -> None:
        """Report the words that changed, and a default."""
        if not isinstance(old, dict) or not isinstance(new, dict):
            return
        for name in sorted(ANNOTATIONS):
            if not alike(old.get(name, ABSENT), new.get(name, ABSENT)):
                self.add(Severity.COSMETIC, (*where, name), "changed")
        before, after = old.get("default", ABSENT), new.get("default", ABSENT)
        if not alike(before, after):
            severity = Severity.COSMETIC
            if not self.reads:
                severity = Severity.ADDITIVE if before is ABSENT else Severity.BREAKING
            self.add(severity, (*where, "default"), f"was {show(before)}, is now {show(after)}")

    def members(self, old: Alternative, new: Alternative, where: Where) -> None:
        """Compare the properties of two objects, and which of them are required."""
        for name, kind in (("properties", dict), ("required", list)):
            values = old.get(name, ABSENT), new.get(name, ABSENT)
            if not alike(*values) and any(value is not ABSENT and not isinstance(value, kind) for value in values):
                self.unclear((*where, name))
        before, after = _mapping(old.get("properties")), _mapping(new.get("properties"))
        if len(before) + len(after) > MAX_MEMBERS:
            self.unclear((*where, "properties"), "changed, and too many to be compared")
            return
        needed, needs = _names(old.get("required")), _names(new.get("required"))
        for name in sorted(before.keys() | after.keys() | needed | needs):
            place = (*where, "properties", name)
            if name in before and name not in after:
                self.add(Severity.BREAKING, place, "removed")
                continue
            if name in after and name not in before:
                required = name in needs and name not in needed and not self.reads
                severity = Severity.BREAKING if required else Severity.ADDITIVE
                self.add(severity, place, "added, and required" if required else "added")
                continue
            if name in needs and name not in needed:
                self.narrowed(place, "is now required")
            elif name in needed and name not in needs:
                self.widened(place, "is no longer required")
            if name in before:
                self.schemas(before[name], after[name], place)


_ELSEWHERE: Final = frozenset({"type", "properties", "required", "default"})
"""Keywords that are compared by methods of their own."""
_JUDGING: Final = frozenset(
    {"?", "$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "contains"}
    | {"minContains", "maxContains", "dependentRequired", "dependentSchemas", "dependencies"}
    | {"unevaluatedProperties", "unevaluatedItems", "additionalItems", "extends", "disallow"}
    | {"divisibleBy", "x-mcp-header"}
)
"""Keywords that judge and that no rule puts in order; `x-mcp-header` says how an argument has to be sent."""


def _takes_all(alternative: Alternative) -> bool:
    return not alternative.keys() - ANNOTATIONS - {"default"}


def _refers(value: Json) -> bool:
    """Whether there is a reference anywhere in a value."""
    if isinstance(value, dict):
        return any(name in value for name in REFERENCES) or any(map(_refers, value.values()))
    return isinstance(value, list) and any(map(_refers, value))


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _names(value: Json) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()


def _describe(alternative: Alternative) -> str:
    said = {key: value for key, value in alternative.items() if key not in ANNOTATIONS}
    return str(said["type"]) if said.keys() == {"type"} else render(said, 100)
