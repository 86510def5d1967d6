"""The report for GitHub Actions: the table in the log, and an annotation at the line of each probe that did not pass.

`job_summary` is the page that GitHub shows for the job. The log is a channel of commands there, so that nothing a
server says may begin one: the table is written while commands are stopped by a word that nobody can guess.
Source: "Workflow commands for GitHub Actions", and the escapes of @actions/core.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TextIO

from prober.json_values import cap
from prober.outcome import Outcome, Verdict
from prober.report import plain_text
from prober.report.details import as_lines, cause, evidence_notes
from prober.report.formatting import duration
from prober.report.source_place import source_place
from prober.report.summary import Summary, worst_first
from prober.report.tty import writable
from prober.report.untrusted import block, line

_LEVEL: Final = {Verdict.FAIL: "error", Verdict.UNKNOWN: "warning"}
_MARK: Final = {Verdict.FAIL: "❌ fail", Verdict.UNKNOWN: "❔ unknown", Verdict.PASS: "✅ pass"}
_MAX_ROWS: Final = 500
"""Rows of a summary: GitHub refuses one of more than 1 MiB."""
_MAX_MESSAGE: Final = 300
_MARKUP: Final = str.maketrans({character: f"&#{ord(character)};" for character in "&<>\"'|`*_~[](){}#!\\:@"})


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    token = secrets.token_hex(16)
    stream.write(f"::stop-commands::{token}\n")
    plain_text.write(outcomes, started_at=started_at, verbose=verbose, stream=stream)
    stream.write(f"::{token}::\n")
    stream.writelines(writable(command, stream) + "\n" for command in annotation_lines(outcomes))


def annotation_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """An error for each failed probe, a warning for each unknown one, a notice for each warning; the worst first."""
    for outcome in worst_first(outcomes):
        name = line(f"{outcome.target}/{outcome.probe}")
        if level := _LEVEL.get(outcome.verdict):
            lines = filter(None, (block(outcome.message), *as_lines(evidence_notes(outcome))))
            yield _command(
                level, outcome, title=f"{name}: {cause(outcome)}", message="\n".join(lines) or cause(outcome)
            )
        for warning in outcome.warnings:
            yield _command("notice", outcome, title=f"{name}: warning", message=block(warning))


def job_summary(outcomes: Sequence[Outcome], *, started_at: datetime) -> str:
    """The pass as Markdown: a table of what did not pass, and one of what did behind a fold."""
    ordered = worst_first(outcomes)
    bad = [outcome for outcome in ordered if outcome.verdict is not Verdict.PASS]
    good = [outcome for outcome in ordered if outcome.verdict is Verdict.PASS]
    lines = [f"### MCP probes: {Summary.of(outcomes, started_at=started_at)}", ""]
    if bad:
        lines += [*_table(bad[:_MAX_ROWS]), ""]
    if len(bad) > _MAX_ROWS:
        lines += [f"and {len(bad) - _MAX_ROWS} more, see the log", ""]
    if good:
        lines += [f"<details><summary>{len(good)} passed</summary>", "", *_table(good[:_MAX_ROWS]), ""]
        lines += ["</details>", ""]
    return "\n".join(lines) + "\n"


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| verdict | target | probe | time | reason |"
    yield "|---|---|---|--:|---|"
    for outcome in outcomes:
        why = _code(cause(outcome)) + (f"<br>{_code(outcome.message)}" if outcome.message else "")
        names = f"{_code(outcome.target)} | {_code(outcome.probe)}"
        yield f"| {_MARK[outcome.verdict]} | {names} | {duration(outcome.duration_seconds)} | {why} |"


def _code(text: str) -> str:
    """A text in which nothing is markup, a link or the name of a person; empty for none."""
    return f"<code>{cap(line(text), _MAX_MESSAGE).translate(_MARKUP)}</code>" if text else ""


def _command(level: str, outcome: Outcome, *, title: str, message: str) -> str:
    place = source_place(outcome)
    properties = {"title": title}
    if place is not None:
        properties = {"file": place.path, "line": str(place.line), **properties}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
