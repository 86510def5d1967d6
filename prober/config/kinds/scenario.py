"""`kind: scenario`: steps in order with captured values, and a cleanup."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from prober.config.checks import PathForm, check_keys, checks_of
from prober.config.document import ListNode, MappingNode, ScalarNode
from prober.config.expansion import without_variables
from prober.config.forms import Expanding, JsonObject, ListOf, MapOf, Text
from prober.config.kinds.call import SOURCES
from prober.config.kinds.kind import Kind
from prober.config.mistake import with_help
from prober.config.model import Checks, ScenarioSettings, Step
from prober.config.place import Place
from prober.config.placeholders import ALWAYS_THERE, NAME_PATTERN, names_in
from prober.config.record import Fields, Key, Record


def _capture_reserved(name: str) -> str | None:
    return "this name is taken: it is a fresh name for every run" if name == ALWAYS_THERE else None


def _build_step(fields: Fields) -> Step:
    return Step(name=fields.get("name", fields.get("tool")), checks=checks_of(fields, Checks()), **fields.of(Step))


STEP: Final = Record(
    keys=(
        Key(name="name", form=Text(), doc="What reports call the step; the tool's name if not given."),
        Key(name="tool", of=Step, form=Text(), doc="The tool to call."),
        Key(
            name="arguments",
            of=Step,
            form=Expanding(JsonObject()),
            doc='Arguments of the call. "{name}" is a value captured before, "{scratch}" a fresh name for every run.',
        ),
        Key(
            name="capture",
            of=Step,
            form=MapOf(
                value=PathForm(),
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


def _check_placeholders(fields: Fields) -> None:
    """Looks at the file, not at what was read of it: a step with another mistake still captures for the next one."""
    known = {ALWAYS_THERE}
    for step in _all_steps(fields.place):
        if (arguments := step.find("arguments")) is not None:
            check_arguments(arguments, known)
        known.update(names_at(step.find("capture")))


def _all_steps(place: Place) -> list[Place]:
    return [*_list_at(place.find("steps")), *_list_at(place.find("cleanup"))]


def check_arguments(place: Place, known: set[str], *, complaint: str = "nothing captures {} before this step") -> None:
    """Placeholders in arguments stand for names that are known. `complaint` is told the name that is not."""
    node = place.node
    if isinstance(node, MappingNode):
        if (name := _unquoted(node)) in known:
            place.mistake(f'without quotes this is a mapping; write "{{{name}}}"')
            return
        for child in place.entries("a mapping"):
            check_arguments(child, known, complaint=complaint)
    for child in _list_at(place):
        check_arguments(child, known, complaint=complaint)
    for name in sorted(names_in(without_variables(place.raw_text() or "")) - known):
        place.mistake(with_help(complaint.format(name), name, sorted(known)))


def _unquoted(node: MappingNode) -> str | None:
    """The name in `{name}`, which YAML reads as a mapping of the name to nothing."""
    if len(node.entries) != 1:
        return None
    ((name, (_, value)),) = node.entries.items()
    return name if isinstance(value, ScalarNode) and value.value is None and not value.text else None


def _list_at(place: Place | None) -> list[Place]:
    return list(place.items("a list")) if place is not None and isinstance(place.node, ListNode) else []


def names_at(place: Place | None) -> list[str]:
    return list(place.node.entries) if place is not None and isinstance(place.node, MappingNode) else []


def _build(fields: Fields) -> ScenarioSettings:
    taken: dict[str, int] = {}
    return ScenarioSettings(
        steps=tuple(_renamed(step, taken) for step in fields.get("steps")),
        cleanup=tuple(_renamed(step, taken) for step in fields.get("cleanup", ())),
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
            form=ListOf(item=STEP, wanted="a list of steps", least=1),
            doc="Calls, in order; the first that fails ends them.",
        ),
        Key(
            name="cleanup",
            of=ScenarioSettings,
            form=ListOf(item=STEP, wanted="a list of steps"),
            doc="Calls that are made whatever became of the steps.",
        ),
    ),
    build=_build,
    checks=(_check_placeholders,),
    answers=_all_steps,
    writes_need_target=True,
)
