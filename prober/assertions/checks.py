"""The checks of one answer, in order: the first that fails is the finding. Pure, and without a clock.

`answer_at_once` is for the event loop: it takes a few milliseconds at most and may have no answer. `judge` is for a
worker process: it may take any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

from prober.assertions.expectations import Expectation, check_expectation, is_cheap
from prober.assertions.json_schema.schema import Schema, SchemaError, first_mismatch, load_schema
from prober.assertions.json_schema.schema_libraries import EngineError
from prober.assertions.mismatch import Mismatch
from prober.assertions.result_shapes import Shape
from prober.json_values import Json, Path, cap
from prober.json_values.size import Size, size_of
from prober.outcome import Evidence, Reason

Rule = Schema | Expectation | Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """A JSON value to judge.

    `source` is the JSON text that it was parsed from, or that of something around it: then `within` leads to it. With
    it a large value reaches a worker process without being written out again, which takes ten times as long as to send.
    """

    value: Json
    source: bytes | None = field(default=None, repr=False)
    within: Path = ()

    def inside(self, name: str | int) -> Instance:
        """A member or element of it. Raises KeyError or IndexError."""
        return Instance(value=self.value[name], source=self.source, within=(*self.within, name))

    @cached_property
    def size(self) -> Size | None:
        """Counted once; None where there is too much to count."""
        return size_of(self.value)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule that an instance has to keep, and what it is called if it does not."""

    reason: Reason
    rule: Rule
    instance: Instance
    refused: bool = False
    """Whether jsonschema-rs has found already that the instance does not fit. What jsonschema says is then compared."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What there is to judge about one answer, in order."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Why an answer does not pass, or why we cannot tell (`undecided`)."""

    reason: Reason
    message: str
    evidence: Evidence = field(default_factory=Evidence)


def case_of(
    *,
    judged: Instance | None = None,
    schema: Schema | None = None,
    expect: Sequence[Expectation] = (),
    result: Instance | None = None,
    output_schema: Schema | None = None,
) -> Case:
    """The case of one answer: the server's own schema first, then the operator's, then the expectations in their order.

    `result` is the whole result of a tool call: its `structuredContent` is what the tool's `output_schema` is for, and
    has to be there if there is one. `judged` is what the operator's checks look at: another selection, maybe.
    """
    checks: list[Check] = []
    if output_schema is not None and result is not None:
        if "structuredContent" in result.value:
            instance = result.inside("structuredContent")
            checks.append(Check(reason=Reason.OUTPUT_SCHEMA_MISMATCH, rule=output_schema, instance=instance))
        else:
            checks.append(Check(reason=Reason.OUTPUT_SCHEMA_MISMATCH, rule=_structured(), instance=result))
    if judged is not None:
        if schema is not None:
            checks.append(Check(reason=Reason.SCHEMA_MISMATCH, rule=schema, instance=judged))
        checks += [Check(reason=Reason.EXPECTATION_FAILED, rule=one, instance=judged) for one in expect]
    return Case(checks=tuple(checks))


@cache
def _structured() -> Schema:
    return load_schema({"required": ["structuredContent"]}, folder=None)


def answer_at_once(case: Case) -> Finding | Case | None:
    """The first failed check; None if all hold; or a Case with the remaining checks, if only a worker process can
    finish them.

    A value that does not fit its schema is left as well: jsonschema has to say so too, and has the words for it.
    """
    for index, check in enumerate(case.checks):
        fits = _fits(check)
        if isinstance(fits, Finding):
            return fits
        if fits is not True:
            left = Check(reason=check.reason, rule=check.rule, instance=check.instance, refused=fits is False)
            return Case(checks=(left, *case.checks[index + 1 :]))
    return None


def is_worded_at_once(check: Check) -> bool:
    """Whether what jsonschema says of a refused instance is had within a few milliseconds, once it is imported."""
    arm = check.rule.arm_of(check.instance.value) if isinstance(check.rule, Shape) else check.rule
    return check.refused and isinstance(arm, Schema) and arm.is_worded_at_once(check.instance.size)


def _fits(check: Check) -> bool | Finding | None:
    rule, instance = check.rule, check.instance
    if isinstance(rule, Expectation):
        return (judge(Case(checks=(check,))) or True) if is_cheap(rule, instance.value, instance.size) else None
    if isinstance(rule, Schema):
        return rule.fits(instance.value, instance.size)
    arm = rule.arm_of(instance.value)
    return _finding(check, arm) if isinstance(arm, Mismatch) else arm.fits(instance.value, instance.size)


def judge(case: Case) -> Finding | None:
    """The first check that fails, None if all hold. May take any time and memory.

    What the libraries stumble over is `undecided`. A mistake of our own is raised.
    """
    for check in case.checks:
        try:
            found = _mismatch(check)
        except SchemaError as problem:
            message = f"the outputSchema that the server declares cannot be used: {problem}"
            return Finding(reason=problem.reason, message=message, evidence=Evidence(pointer=problem.pointer))
        except (EngineError, RecursionError, MemoryError) as error:
            return undecided(error)
        if found is not None:
            return _finding(check, found)
        if check.refused:
            return _disagreement(check)
    return None


def undecided(error: Exception) -> Finding:
    """The finding for a case that could not be judged because the judging itself failed."""
    why = _GAVE_UP.get(type(error), cap(str(error)))
    return Finding(reason=Reason.UNDECIDED, message=f"could not be judged: {why}")


_GAVE_UP: Final[Mapping[type[Exception], str]] = {
    RecursionError: "the schema or the value is nested too deeply",
    MemoryError: "it took too much memory",
}


def _mismatch(check: Check) -> Mismatch | None:
    rule, value = check.rule, check.instance.value
    if isinstance(rule, Expectation):
        return check_expectation(rule, value)
    arm = rule if isinstance(rule, Schema) else rule.arm_of(value)
    if isinstance(arm, Mismatch):
        return arm
    if not check.refused and arm.surely_fits(value):
        return None
    return first_mismatch(arm, value)


def _finding(check: Check, found: Mismatch) -> Finding:
    evidence = Evidence(pointer=found.pointer, keyword=found.keyword, seen=found.seen, expected=found.expected)
    return Finding(reason=check.reason, message=found.message, evidence=evidence)


def _disagreement(check: Check) -> Finding:
    """The finding of a value that jsonschema-rs refused and jsonschema takes: nobody is to be woken for that."""
    rule = check.rule
    if isinstance(rule, Shape):
        arm = rule.arm_of(check.instance.value)
        assert isinstance(arm, Schema), "a mismatch found without a schema needs no second opinion"
        rule = arm
    assert isinstance(rule, Schema), "only schemas have two opinions"
    other = rule.opinion(check.instance.value)
    assert other is not None, "it refused the very same before"
    return Finding(
        reason=Reason.UNDECIDED,
        message=f"jsonschema finds that it fits its schema, jsonschema-rs does not: {other.message}",
        evidence=Evidence(
            pointer=other.pointer,
            keyword=other.keyword,
            seen=other.seen,
            expected=cap(f"by jsonschema-rs: {other.expected}; by jsonschema: as it is"),
        ),
    )
