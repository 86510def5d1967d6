"""Random schemas and values through both implementations: no mismatch that only one of them sees.

    python -m tests.assertions.random_pairs --pairs 1000000 --seed 1

Prints how often both said the same and every pair on which they differ, and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from prober.assertions.checks import Case, Check, Instance, answer_at_once, judge
from prober.assertions.json_schema.schema import Schema, SchemaError, first_mismatch, load_schema
from prober.assertions.json_schema.schema_libraries import EngineError
from prober.outcome import Reason

PER_SCHEMA: Final = 20
"""Values that are judged by one schema."""
DRAFTS: Final = (
    *(None, None, None, "https://json-schema.org/draft/2019-09/schema"),
    *(f"http://json-schema.org/draft-{number}/schema#" for number in ("07", "06", "04")),
)
NAMES: Final = ("a", "b", "kind", "é", "x-1")
NUMBERS: Final = (0, 1, -1, 2, 3, 1.0, 2.5, -0.0, 0.1, 0.3, 1e-9, 1e15, 10**15, 2**53 - 1)
HUGE: Final = (2**53 + 1, 10**30, 1e300, -(2**70))
TEXTS: Final = (
    *("", "a", "ab", "é", "e\u0301", "😀", "A1", "٣", "a\n", " ", "x-1", "1.5", "null", "a" * 12),
    *("2024-02-29", "2023-02-29", "12:00:00Z", "2024-01-01T00:00:00Z", "P1D", "a@b.test", "::1", "1.2.3.4"),
    *("https://a.test/b?c", "123e4567-e89b-12d3-a456-426614174000", "/a/~0", "a-b.test"),
)
PATTERNS: Final = (
    *(
        "^a",
        "a$",
        "^[a-z]+$",
        r"^\d+$",
        r"^\w*$",
        r"\s",
        "^.$",
        "a|b",
        "(ab)?",
        "^x-",
        "[^a]",
        "^$",
        "a{2,3}",
        r"\bab\b",
    ),
    *(r"\bab\b", r"\D", r"\W", r"\S", "^[a-zA-Z_][a-zA-Z0-9_]*$", "é", r"^[\w-]+$", r"\.", "(?i)A", "(?:a|b)+c?"),
)
FORMATS: Final = (
    *("date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid", "json-pointer"),
    *("idn-email", "regex", "no-such-format", "uri-reference"),
)
TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")


@dataclass
class Dice:
    """A source of random schemas and values."""

    seed: int
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def value(self, depth: int = 3) -> Any:
        choice = self.random.random()
        if depth > 0 and choice < 0.25:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        if depth > 0 and choice < 0.55:
            return {self.random.choice(NAMES): self.value(depth - 1) for _ in range(self.random.randrange(4))}
        if choice < 0.7:
            return self.random.choice(NUMBERS if self.random.random() < 0.98 else HUGE)
        if choice < 0.9:
            return self.random.choice(TEXTS)
        return self.random.choice((None, True, False))

    def document(self) -> Any:
        """A schema with definitions that it may refer to."""
        draft = self.random.choice(DRAFTS)
        schema = self.schema(3)
        if isinstance(schema, bool):
            return schema
        schema["$defs"] = {name: self.schema(2) for name in ("one", "two")}
        return schema if draft is None else {"$schema": draft, **schema}

    def schema(self, depth: int) -> Any:
        if self.random.random() < 0.04:
            return self.random.random() < 0.7
        made: dict[str, Any] = {}
        for _ in range(self.random.choice((1, 1, 2, 2, 3))):
            made |= self.keyword(depth)
        return made

    def keyword(self, depth: int) -> dict[str, Any]:
        makers: list[Callable[[int], dict[str, Any]]] = [self._plain, self._plain, self._bounds]
        if depth > 0:
            makers += [self._members, self._elements, self._choices]
        return self.random.choice(makers)(depth)

    def _plain(self, _depth: int) -> dict[str, Any]:
        pick = self.random.choice
        return pick(
            (
                lambda: {"type": pick(TYPES)},
                lambda: {"type": self.random.sample(TYPES, 2)},
                lambda: {"enum": [self.value(1) for _ in range(3)]},
                lambda: {"const": self.value(2)},
                lambda: {"pattern": pick(PATTERNS)},
                lambda: {"format": pick(FORMATS)},
                lambda: {"required": self.random.sample(NAMES, 2)},
                lambda: {"uniqueItems": pick((True, True, False))},
                lambda: {"dependentRequired": {pick(NAMES): [pick(NAMES)]}},
                lambda: {"$ref": pick(("#", "#/$defs/one", "#/$defs/two"))},
            )
        )()

    def _bounds(self, _depth: int) -> dict[str, Any]:
        pick = self.random.choice
        if self.random.random() < 0.4:
            name = pick(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"))
            return {name: self.random.randrange(4)}
        if self.random.random() < 0.3:
            return {"multipleOf": pick((1, 2, 0.5, 0.1, 0.01, 3, 1e-9, 1.5))}
        return {pick(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")): pick(NUMBERS)}

    def _members(self, depth: int) -> dict[str, Any]:
        pick, inner = self.random.choice, depth - 1
        return pick(
            (
                lambda: {"properties": {pick(NAMES): self.schema(inner) for _ in range(2)}},
                lambda: {"properties": {pick(NAMES): self.schema(inner)}, "additionalProperties": self.schema(inner)},
                lambda: {"additionalProperties": pick((False, self.schema(inner)))},
                lambda: {"patternProperties": {pick(PATTERNS): self.schema(inner)}},
                lambda: {"propertyNames": self.schema(0)},
                lambda: {"dependentSchemas": {pick(NAMES): self.schema(inner)}},
                lambda: {"unevaluatedProperties": False} if self.random.random() < 0.1 else {"minProperties": 1},
            )
        )()

    def _elements(self, depth: int) -> dict[str, Any]:
        pick, inner = self.random.choice, depth - 1
        return pick(
            (
                lambda: {"items": self.schema(inner)},
                lambda: {"items": [self.schema(inner) for _ in range(2)]},
                lambda: {"prefixItems": [self.schema(inner) for _ in range(2)], "items": self.schema(inner)},
                lambda: {"contains": self.schema(inner), "minContains": self.random.randrange(3)},
                lambda: {"additionalItems": self.schema(inner)},
                lambda: {"unevaluatedItems": False} if self.random.random() < 0.1 else {"minItems": 1},
            )
        )()

    def _choices(self, depth: int) -> dict[str, Any]:
        inner = depth - 1
        if self.random.random() < 0.3:
            return {"if": self.schema(inner), "then": self.schema(inner), "else": self.schema(inner)}
        if self.random.random() < 0.3:
            return {"not": self.schema(inner)}
        return {self.random.choice(("allOf", "anyOf", "oneOf")): [self.schema(inner) for _ in range(2)]}


@dataclass
class Tally:
    """How often what was said. `alone` are the pairs that only jsonschema-rs, and only jsonschema, refuses."""

    counts: Counter[str] = field(default_factory=Counter)
    alone: list[tuple[str, Any, Any]] = field(default_factory=list)
    known: list[tuple[str, Any, Any]] = field(default_factory=list)
    """Those of them that have a known cause."""
    unshared: list[tuple[Any, Any]] = field(default_factory=list)
    """Pairs with a verdict of failure that one of the implementations does not share."""


def schemas(dice: Dice) -> Iterator[tuple[Any, Schema]]:
    """Sound schemas without end."""
    while True:
        document = dice.document()
        try:
            yield document, load_schema(document, folder=None)
        except SchemaError:
            continue


def compare(*, pairs: int, seed: int) -> Tally:
    """Judge that many pairs, each by both implementations and as a probe does."""
    dice, tally = Dice(seed), Tally()
    for document, schema in schemas(dice):
        for _ in range(PER_SCHEMA):
            if tally.counts.total() == pairs:
                return tally
            _compare(tally, document, schema, dice.value())
    raise AssertionError("there is no end of schemas")


def _compare(tally: Tally, document: Any, schema: Schema, value: Any) -> None:
    instance = Instance(value=value)
    quick = schema.fits(value, instance.size)
    try:
        full: bool | None = first_mismatch(schema, value) is None
    except (EngineError, RecursionError):
        full = None
    left = answer_at_once(Case(checks=(Check(reason=Reason.SCHEMA_MISMATCH, rule=schema, instance=instance),)))
    finding = judge(left) if isinstance(left, Case) else left
    if finding is not None and finding.reason is Reason.SCHEMA_MISMATCH and (full is not False or quick is True):
        tally.unshared.append((document, value))
    if quick is None:
        tally.counts["left to the worker"] += 1
    elif quick is full:
        tally.counts["both: fits" if quick else "both: does not fit"] += 1
    elif full is None:
        tally.counts["jsonschema raises"] += 1
    else:
        said = "only jsonschema refuses" if quick else "only jsonschema-rs refuses"
        tally.counts[said] += 1
        (tally.known if _is_known(document, value) else tally.alone).append((said, document, value))


def _is_known(document: Any, value: Any) -> bool:
    """Whether the two differ only because jsonschema divides doubles: to it 2 is no `multipleOf` 1e-9."""
    schema = load_schema(_without_fractions(document), folder=None)
    try:
        return schema.fits(value, Instance(value=value).size) is (first_mismatch(schema, value) is None)
    except EngineError:
        return False


def _without_fractions(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_fractions(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: each for name, each in schema.items() if name != "multipleOf" or isinstance(each, int)}
    return {name: _without_fractions(each) for name, each in kept.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    tally = compare(pairs=given.pairs, seed=given.seed)
    for said, count in tally.counts.most_common():
        print(f"{count:9,}  {said}")
    print(f"{len(tally.unshared):9,}  failures that only one of them sees")
    print(f"{len(tally.known):9,}  differences of `multipleOf` with a fraction, {len(tally.alone):,} others:")
    for said, document, value in tally.alone[:50]:
        print(f"{said}: {document!r} {value!r}")
    return 1 if tally.alone or tally.unshared else 0


if __name__ == "__main__":
    sys.exit(main())
