"""`kind: scenario`: steps in order with captured values, and a cleanup."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from prober.config.checks import JsonPathField, check_keys, checks_of
from prober.config.cursor import Cursor
from prober.config.diagnostics import did_you_mean
from prober.config.expansion import without_variables
from prober.config.field_types import Expanding, JsonObject, ListOf, MapOf, Text
from prober.config.kinds.call import SOURCES
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key, MappingSchema, Values
from prober.config.model import Checks, ScenarioSettings, Step
from prober.config.placeholders import ALWAYS_THERE, NAME_PATTERN, names_in
from prober.config.yaml_document import ListNode, MappingNode, ScalarNode


def _capture_reserved(name: str) -> str | None:
    return "this name is taken: it is a fresh name for every run" if name == ALWAYS_THERE else None


def _build_step(values: Values) -> Step:
    return Step(name=values.get("name", values.get("tool")), checks=checks_of(values, Checks()), **values.of(Step))


STEP: Final = MappingSchema(
    keys=(
        Key(name="name", value_type=Text(), doc="What reports call the step; the tool's name if not given."),
        Key(name="tool", of=Step, value_type=Text(), doc="The tool to call."),
        Key(
            name="arguments",
            of=Step,
            value_type=Expanding(JsonObject()),
            doc='Arguments of the call. "{name}" is a value captured before, "{scratch}" a fresh name for every run.',
        ),
        Key(
            name="capture",
            of=Step,
            value_type=MapOf(
                value=JsonPathField(),
                names=NAME_PATTERN,
                names_wanted="letters, digits and _, not beginning with a digit",
                reserved=_capture_reserved,
            ),
            doc="Values to keep for later steps: a name and the JSONPath that selects exactly one node.",
        ),
        *check_keys(SOURCES, Checks()),
    ),
    build=_build_step,
)


def _check_placeholders(values: Values) -> None:
    """Looks at the file, not at what was read of it: a step with another mistake still captures for the next one."""
    known = {ALWAYS_THERE}
    for step in _all_steps(values.cursor):
        if (arguments := step.find("arguments")) is not None:
            check_arguments(arguments, known)
        known.update(names_at(step.find("capture")))


def _all_steps(cursor: Cursor) -> list[Cursor]:
    return [*_list_at(cursor.find("steps")), *_list_at(cursor.find("cleanup"))]


def check_arguments(
    cursor: Cursor, known: set[str], *, complaint: str = "nothing captures {} before this step"
) -> None:
    """Placeholders in arguments stand for names that are known. `complaint` is told the name that is not."""
    node = cursor.node
    if isinstance(node, MappingNode):
        if (name := _unquoted(node)) in known:
            cursor.report(f'without quotes this is a mapping; write "{{{name}}}"')
            return
        for child in cursor.entries("a mapping"):
            check_arguments(child, known, complaint=complaint)
    for child in _list_at(cursor):
        check_arguments(child, known, complaint=complaint)
    for name in sorted(names_in(without_variables(cursor.raw_text() or "")) - known):
        cursor.report(did_you_mean(complaint.format(name), name, sorted(known)))


def _unquoted(node: MappingNode) -> str | None:
    """The name in `{name}`, which YAML reads as a mapping of the name to nothing."""
    if len(node.entries) != 1:
        return None
    ((name, (_, value)),) = node.entries.items()
    return name if isinstance(value, ScalarNode) and value.value is None and not value.text else None


def _list_at(cursor: Cursor | None) -> list[Cursor]:
    return list(cursor.items("a list")) if cursor is not None and isinstance(cursor.node, ListNode) else []


def names_at(cursor: Cursor | None) -> list[str]:
    return list(cursor.node.entries) if cursor is not None and isinstance(cursor.node, MappingNode) else []


def _build(values: Values) -> ScenarioSettings:
    taken: dict[str, int] = {}
    return ScenarioSettings(
        steps=tuple(_renamed(step, taken) for step in values.get("steps")),
        cleanup=tuple(_renamed(step, taken) for step in values.get("cleanup", ())),
    )


def _renamed(step: Step, taken: dict[str, int]) -> Step:
    """The step with a name of its own: reports tell the second call of a tool from the first."""
    taken[step.name] = taken.get(step.name, 0) + 1
    return step if taken[step.name] == 1 else replace(step, name=f"{step.name} ({taken[step.name]})")


KIND: Final = Kind(
    doc="Steps in one session, in order, then a cleanup that always runs.",
    keys=(
        Key(
            name="steps",
            of=ScenarioSettings,
            value_type=ListOf(item=STEP, wanted="a list of steps", least=1),
            doc="Calls, in order; the first that fails ends them.",
        ),
        Key(
            name="cleanup",
            of=ScenarioSettings,
            value_type=ListOf(item=STEP, wanted="a list of steps"),
            doc="Calls that are made whatever became of the steps.",
        ),
    ),
    build=_build,
    checks=(_check_placeholders,),
    answers=_all_steps,
    writes_need_target=True,
)
