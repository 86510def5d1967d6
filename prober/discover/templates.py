"""Comments at the end of a probe file: the tools without a probe, by reason, and probes for a person to complete."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from prober.discover.arguments import MissingValue, missing_values
from prober.discover.surveyed import SkippedTool, SkipReason, Survey
from prober.discover.yaml_emit import comment, escape_dollars, flow, mapping_lines

MAX_NAMES: Final = 100
"""Names of tools that one comment holds."""

_WIDTH: Final = 116


def skipped_lines(survey: Survey, *, target: str, probes: Mapping[str, str]) -> list[str]:
    """Comments about the tools without a probe: a template each where arguments are wanted, else a line a reason."""
    skipped = [tool for tool in survey.tools if isinstance(tool, SkippedTool)]
    writing = [tool.name for tool in skipped if tool.reason is SkipReason.WRITES]
    silent = [tool.name for tool in skipped if tool.reason is SkipReason.NOT_READ_ONLY]
    lines = ["", f"  # Not called, for they say that they write: {len(writing)}", *_wrapped(writing)] if writing else []
    lines += _silent_lines(silent, target, probes)
    for tool in skipped:
        if tool.arguments is not None:
            lines += ["", *_template(tool, target, probes[tool.name])]
    uncalled = (SkipReason.WRITES, SkipReason.NOT_READ_ONLY)
    others = [tool for tool in skipped if tool.arguments is None and tool.reason not in uncalled]
    for tool in others:
        why = f"{tool.reason}: {tool.detail}" if tool.detail else str(tool.reason)
        lines += [*([""] if tool is others[0] else []), f"  # {comment(tool.name)}: {comment(why)}"]
    return lines


def _silent_lines(silent: Sequence[str], target: str, probes: Mapping[str, str]) -> Iterator[str]:
    if not silent:
        return
    many = len(silent) > 1
    yield ""
    yield (
        f"  # {len(silent)} tool{'s do' if many else ' does'} not say readOnlyHint: true, so {'they' if many else 'it'}"
        f" {'were' if many else 'was'} not called:"
    )
    yield from _wrapped(silent)
    yield "  # If some only read, name them in the target, by name or by a pattern (or say `init --read-only 'get_*'`):"
    yield "  #     read_only_tools: [get_*]"
    first, *rest = mapping_lines(probes[silent[0]], {"target": target, "kind": "call", "tool": silent[0]})
    yield f"  # {first[2:]}     # then complete this for each and take the marks away"
    yield from (f"  # {line[2:]}" for line in [*rest, "    arguments: {}"])


def _wrapped(names: Sequence[str]) -> Iterator[str]:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    text = ", ".join(comment(name, limit=64) for name in names[:MAX_NAMES]) + more
    yield from (f"  #   {line}" for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False))


def _template(tool: SkippedTool, target: str, probe: str) -> Iterator[str]:
    """A probe in comments, whose arguments a person has to choose, or to choose better."""
    first, *rest = mapping_lines(probe, {"target": target, "kind": "call", "tool": tool.name})
    why = "" if tool.reason is SkipReason.MISSING else f"{comment(tool.detail, limit=80)}; "
    yield f"  # {first[2:]}     # {why}choose its arguments and take the marks away"
    lines = [*rest, "    arguments:", *_argument_lines(tool.arguments or {}, "      ")]
    yield from (f"  # {line[2:]}" for line in lines)


def _argument_lines(arguments: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Arguments, one a line, with the hint of each value that a person has to fill in."""
    for name, value in arguments.items():
        if isinstance(value, MissingValue):
            yield f"{indent}{flow(name)}:     # {comment(value.hint, limit=120)}"
        elif isinstance(value, dict) and missing_values(value):
            yield f"{indent}{flow(name)}:"
            yield from _argument_lines(value, indent + "  ")
        else:
            yield f"{indent}{flow(name)}: {flow(escape_dollars(value))}"


def by_reason(tools: Iterable[SkippedTool]) -> dict[SkipReason, list[SkippedTool]]:
    """The tools without a probe, by reason, in the order of the reasons."""
    found = list(tools)
    groups = {reason: [tool for tool in found if tool.reason is reason] for reason in SkipReason}
    return {reason: group for reason, group in groups.items() if group}
