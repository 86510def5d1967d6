"""Reports what `init` found, wrote and left out: lines for people, or one JSON document for programs.

`prober/report/schema/init.schema.json` is the schema of the document. Both have texts of the server, made harmless.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prober.cli.selection import counted
from prober.discover.arguments import missing_values
from prober.discover.surveyed import CalledTool, SkippedTool, SkipReason, Survey
from prober.discover.templates import by_reason
from prober.json_values import cap
from prober.outcome import Failure
from prober.report.json_report import failure_fields, server_fields, text_or_null
from prober.report.untrusted import line

VERSION: Final = 1

_NAMES: Final = 5
"""Names of tools that a line shows."""

_ERRORS: Final = 5
"""Lines that show what tools said when they failed, for each reason."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What `init` has written: the probe file, all files, and the probe of each tool that has one."""

    target: str
    path: Path
    files: Sequence[Path]
    probes: Mapping[str, str]
    new: Mapping[str, Sequence[str]] | None = None
    """With --update: what was new in the server, by section."""
    gone: Mapping[str, Sequence[str]] = field(default_factory=dict)


def summary(survey: Survey, written: Written) -> Iterator[str]:
    """The lines for people."""
    server = survey.server
    name = " ".join(filter(None, (server.name or "A server without a name", server.version)))
    yield line(f"{name}, MCP {server.protocol_version}")
    yield from (line(f"{each.section}/list failed: {each.message}") for each in survey.failed_lists)
    yield from _new_and_gone(written)
    called = [tool for tool in survey.tools if isinstance(tool, CalledTool)]
    borrowing = sum(bool(tool.borrowed) for tool in called)
    how = f", {borrowing} of them with an id from another tool" if borrowing else ""
    tools = counted(survey.tools, "new tool" if written.new is not None else "tool")
    if survey.tools or written.new is None:
        yield f"{tools}: {len(called)} answered and have a probe each{how}"
    yield from skipped_lines(each for each in survey.tools if isinstance(each, SkippedTool))
    contract = "" if survey.contract is not None else " The contract is not pinned: it holds a secret, or no JSON."
    yield f"{counted(written.files, 'file')} written.{contract} Next: mcp-prober run {written.path}"


def skipped_lines(tools: Iterable[SkippedTool]) -> Iterator[str]:
    """The tools without a probe, for people, by reason."""
    for reason, group in by_reason(tools).items():
        yield from _reason_lines(reason, group)


def document(results: Sequence[Mapping[str, Any]]) -> str:
    """The JSON document."""
    return json.dumps({"version": VERSION, "results": results}, indent=2, allow_nan=False)


def result(address: str, *, found: Mapping[str, Any] | None = None, failure: Failure | None = None) -> dict[str, Any]:
    """What came of one server. Neither found nor failed is one whose files were not written."""
    return {
        "address": text_or_null(address),
        "found": found,
        "failure": None if failure is None else failure_fields(failure),
    }


def found(survey: Survey, written: Written) -> dict[str, Any]:
    """What was found and written, for programs."""
    return {
        "target": written.target,
        "file": str(written.path),
        "files": [str(path) for path in written.files],
        **server_fields(survey.server),
        "pinned": survey.contract is not None,
        "tools": [_tool(tool, written) for tool in survey.tools],
        "failed_lists": [{"list": each.section, "message": text_or_null(each.message)} for each in survey.failed_lists],
        "new": None if written.new is None else _by_section(written.new),
        "gone": _by_section(written.gone),
    }


def _tool(tool: CalledTool | SkippedTool, written: Written) -> dict[str, Any]:
    skipped = isinstance(tool, SkippedTool)
    return {
        "name": text_or_null(tool.name),
        "probe": written.probes.get(tool.name),
        "skipped": tool.reason.name.lower() if isinstance(tool, SkippedTool) else None,
        "detail": text_or_null(tool.detail) if isinstance(tool, SkippedTool) and tool.detail else None,
        "missing": sorted(map(str, map(text_or_null, missing_values(tool.arguments or {})))) if skipped else [],
    }


def _by_section(names: Mapping[str, Sequence[str]]) -> dict[str, list[str | None]]:
    return {section: [text_or_null(name) for name in names.get(section, ())] for section in ("tools", "prompts")}


def _new_and_gone(written: Written) -> Iterator[str]:
    if written.new is None:
        return
    for section in ("tools", "prompts"):
        if names := written.new.get(section):
            yield line(f"new {section}: {_shortened(names)}")
        if names := written.gone.get(section):
            yield line(f"{section} that the server no longer has, kept in the file: {_shortened(names)}")
    if not written.new and not written.gone:
        yield "nothing is new, nothing has gone"


def _reason_lines(reason: SkipReason, group: Sequence[SkippedTool]) -> Iterator[str]:
    if reason in (SkipReason.WRITES, SkipReason.NOT_READ_ONLY):
        yield line(f"  {len(group)} {reason}: {_shortened([tool.name for tool in group])}")
    elif reason is SkipReason.MISSING:
        told = [f"{tool.name} ({', '.join(missing_values(tool.arguments or {}))})" for tool in group]
        yield line(f"  {len(group)} {reason}: {_shortened(told)}")
    else:
        alike: dict[str, list[str]] = {}
        for tool in group:
            alike.setdefault(tool.detail, []).append(tool.name)
        shown = dict(list(alike.items())[:_ERRORS])
        for detail, names in shown.items():
            yield line(f"  {len(names)} {reason}: {_shortened(names)}" + (f": {cap(detail, 160)}" if detail else ""))
        if rest := [name for detail, names in alike.items() if detail not in shown for name in names]:
            yield line(f"  {len(rest)} more {reason}: {_shortened(rest)}")


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(cap(name, 80) for name in names[:_NAMES]) + more
