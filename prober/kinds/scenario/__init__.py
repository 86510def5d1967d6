"""`kind: scenario`: steps in order with captured values, and a cleanup."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from prober.config.document.cursor import Cursor
from prober.config.fields.field_types import ListOf
from prober.config.fields.mapping_schema import Values, key, mapping_of, settings
from prober.config.kind import ProbeKind
from prober.kinds.placeholders import SCRATCH
from prober.kinds.reasons import CHECK_REASONS, TOOL_REASONS
from prober.kinds.step import STEP, Step, check_arguments, list_at, names_at
from prober.outcome import Reason


@settings
class ScenarioSettings:
    """Steps in order, in one session, then cleanup, which runs also after a failed step."""

    steps: tuple[Step, ...] = key(
        ListOf(item=STEP, wanted="a list of steps", least=1), "Calls, in order; the first that fails ends them."
    )
    cleanup: tuple[Step, ...] = key(
        ListOf(item=STEP, wanted="a list of steps"), "Calls that are made whatever became of the steps.", default=()
    )


def _check_placeholders(values: Values) -> None:
    """Check the nodes of the file, not the values: a step with a mistake still counts as capturing its names."""
    known = {SCRATCH}
    for step in _all_steps(values.cursor):
        if (arguments := step.find("arguments")) is not None:
            check_arguments(arguments, known)
        known.update(names_at(step.find("capture")))


def _all_steps(cursor: Cursor) -> list[Cursor]:
    return [*list_at(cursor.find("steps")), *list_at(cursor.find("cleanup"))]


def _build(values: Values) -> ScenarioSettings:
    taken: dict[str, int] = {}
    return ScenarioSettings(
        steps=tuple(_renamed(step, taken) for step in values.get("steps")),
        cleanup=tuple(_renamed(step, taken) for step in values.get("cleanup", ())),
    )


def _renamed(step: Step, taken: dict[str, int]) -> Step:
    """The step with a unique name, so that reports show which call of a tool failed."""
    taken[step.name] = taken.get(step.name, 0) + 1
    return step if taken[step.name] == 1 else replace(step, name=f"{step.name} ({taken[step.name]})")


KIND: Final = ProbeKind(
    rank=60,
    help="Tool calls in one session, in order, with captured values, then a cleanup that always runs.",
    settings=mapping_of(ScenarioSettings, build=_build, checks=(_check_placeholders,)),
    reasons=lambda _: TOOL_REASONS | CHECK_REASONS,
    next_steps={
        Reason.EXPECTATION_FAILED: "If the answer of the step {step} is right, change `expect` or `capture` of that"
        " step in the probe {probe}.",
    },
    answers=_all_steps,
    writes_need_target=True,
)
