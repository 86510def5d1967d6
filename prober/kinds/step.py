"""A step of a scenario, or the setup or cleanup of a race: its settings, and the placeholders in its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prober.config.answer_checks import Checks, JsonPathField
from prober.config.document.cursor import Cursor
from prober.config.document.diagnostics import did_you_mean
from prober.config.document.expansion import without_variables
from prober.config.document.nodes import ListNode, MappingNode, ScalarNode
from prober.config.fields.field_types import JsonObject, MapOf, Text
from prober.config.fields.mapping_schema import Values, inline, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.kinds.placeholders import NAME_PATTERN, SCRATCH, names_in


def _capture_reserved(name: str) -> str | None:
    return "this name is taken: it is a fresh name for every run" if name == SCRATCH else None


@settings
class Step:
    """One tool call. `{name}` in arguments stands for a captured value: see `placeholders`."""

    name: str = key(Text(), "What reports call the step; the tool's name if not given.", optional=True)
    tool: str = key(Text(), "The tool to call.")
    arguments: Mapping[str, Any] = key(
        Expanding(JsonObject()),
        'Arguments of the call. "{name}" is a value captured before, "{scratch}" a fresh name for every run.',
        default_factory=dict,
        repr=False,
    )
    capture: Mapping[str, str] = key(
        MapOf(
            value=JsonPathField(),
            names=NAME_PATTERN,
            names_wanted="letters, digits and _, not beginning with a digit",
            reserved=_capture_reserved,
        ),
        "Values to keep for later steps: a name and the JSONPath that selects exactly one node.",
        default_factory=dict,
    )
    """The paths select from the judged value."""
    checks: Checks = inline(default=Checks())


def _build(values: Values) -> Step:
    return Step(**{"name": values.get("tool"), **values.of(Step)})


STEP: Final = mapping_of(Step, build=_build)


def check_arguments(
    cursor: Cursor, known: set[str], *, complaint: str = "nothing captures {} before this step"
) -> None:
    """Report each placeholder whose name is not `known`; the message is `complaint` with the name."""
    node = cursor.node
    if isinstance(node, MappingNode):
        if (name := _unquoted(node)) in known:
            cursor.report(f'without quotes this is a mapping; write "{{{name}}}"')
            return
        for child in cursor.entries("a mapping"):
            check_arguments(child, known, complaint=complaint)
    for child in list_at(cursor):
        check_arguments(child, known, complaint=complaint)
    for name in sorted(names_in(without_variables(cursor.raw_text() or "")) - known):
        cursor.report(did_you_mean(complaint.format(name), name, sorted(known)))


def _unquoted(node: MappingNode) -> str | None:
    """The name in `{name}`, which YAML reads as a mapping of the name to nothing."""
    if len(node.entries) != 1:
        return None
    ((name, (_, value)),) = node.entries.items()
    return name if isinstance(value, ScalarNode) and value.value is None and not value.text else None


def list_at(cursor: Cursor | None) -> list[Cursor]:
    return list(cursor.items("a list")) if cursor is not None and isinstance(cursor.node, ListNode) else []


def names_at(cursor: Cursor | None) -> list[str]:
    return list(cursor.node.entries) if cursor is not None and isinstance(cursor.node, MappingNode) else []
