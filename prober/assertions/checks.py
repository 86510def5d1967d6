"""Judging one answer: a case is a row of checks, the first that fails is the finding. Pure, and without a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

from prober.assertions.cost import Size, size_of
from prober.assertions.expectations import Expectation, check_expectation, is_cheap
from prober.assertions.jsonpath import Place
from prober.assertions.mismatch import Mismatch
from prober.assertions.result_shapes import MAX_AT_ONCE, Shape, check_result
from prober.assertions.schema import Schema, SchemaError, cheap, first_mismatch, load_schema, waits_for_library
from prober.json_values import Json, cap
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
    within: Place = ()

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

    @property
    def cheap(self) -> bool:
        """Whether it takes a few milliseconds at most, whatever is in the instance."""
        rule, size = self.rule, self.instance.size
        if isinstance(rule, Schema):
            return cheap(rule, size)
        if isinstance(rule, Expectation):
            return is_cheap(rule, size)
        return size is not None or size_of(self.instance.value, most=MAX_AT_ONCE) is not None

    @property
    def waits_for_library(self) -> bool:
        """Whether it would begin with an import of a tenth of a second; not to be asked of what is not cheap."""
        return isinstance(self.rule, Schema) and waits_for_library(self.rule, self.instance.value)


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


def judge(case: Case) -> Finding | None:
    """The first check that fails, None if all hold. May take any time, see `Check.cheap`. Raises nothing."""
    for check in case.checks:
        finding = _judge(check)
        if finding is not None:
            return finding
    return None


def undecided(error: Exception) -> Finding:
    """The finding of a case that something went wrong with, rather than in."""
    why = _GAVE_UP.get(type(error), f"{type(error).__name__}: {cap(str(error))}")
    return Finding(reason=Reason.UNDECIDED, message=f"could not be judged: {why}")


_GAVE_UP: Final[Mapping[type[Exception], str]] = {
    RecursionError: "the schema or the value is nested too deeply",
    MemoryError: "it took too much memory",
}


def _judge(check: Check) -> Finding | None:
    try:
        mismatch = _mismatch(check.rule, check.instance.value)
    except SchemaError as problem:
        message = f"the declared schema cannot be used: {problem}"
        return Finding(reason=problem.reason, message=message, evidence=Evidence(pointer=problem.pointer))
    except Exception as error:  # the libraries have such: jsonschema's `multipleOf` raises on 1e400
        return undecided(error)
    if mismatch is None:
        return None
    evidence = Evidence(
        pointer=mismatch.pointer, keyword=mismatch.keyword, seen=mismatch.seen, expected=mismatch.expected
    )
    return Finding(reason=check.reason, message=mismatch.message, evidence=evidence)


def _mismatch(rule: Rule, value: Json) -> Mismatch | None:
    if isinstance(rule, Schema):
        return first_mismatch(rule, value)
    if isinstance(rule, Expectation):
        return check_expectation(rule, value)
    return check_result(rule.method, rule.version, value)
