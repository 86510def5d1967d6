"""`report`: how the targets were in a stretch of time, from the history of a daemon."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import typer

from prober.availability_report import Report, csv_table, html_page, report_of, text
from prober.availability_report.document import as_json
from prober.cli.exit_codes import PASSED, refuse
from prober.cli.history_file import ask_history
from prober.cli.selection import DEFAULT_PATH, paths_or_default, refuse_mistakes
from prober.config import ConfigError
from prober.config.document.diagnostics import did_you_mean
from prober.config.fields.units import parse_duration
from prober.config.model import Target
from prober.history.availability import availability
from prober.loader import load
from prober.report.formatting import parse_rfc3339
from prober.report.tty import writable

_SECONDS: Final = 600.0
"""A year of a large fleet is read within a minute; what takes ten of them is stuck."""
_MOST_SECONDS: Final = 10 * 366 * 86_400.0
FORMS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": lambda report: "\n".join(text.lines(report)) + "\n",
    "json": lambda report: json.dumps(as_json(report), indent=2, allow_nan=False) + "\n",
    "html": html_page.page,
    "csv": csv_table.lines,
    "csv-incidents": csv_table.incident_lines,
}


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """The options of `report`, as typed."""

    paths: Sequence[Path]
    history: Path | None
    from_: str | None
    to: str | None
    last: str | None
    targets: Sequence[str]
    output: str


def report(options: ReportOptions) -> int:
    """Write the report; returns the exit code."""
    form, file = _output(options.output)
    now = datetime.now(UTC)
    since, until = _period(options, now)
    configured = _configured(options.paths)
    past = ask_history(
        options.history,
        lambda connection: availability(connection, since=since, until=until),
        seconds=_SECONDS,
        without="; a daemon writes it, and --history FILE names another one",
    )
    _check_targets(options.targets, {*past.targets, *configured})
    made = FORMS[form](report_of(past, configured=configured, now=now, targets=options.targets))
    if file is None:
        sys.stdout.write(writable(made, sys.stdout))
        return PASSED
    try:
        file.write_text(made, encoding="utf-8", newline="")
    except OSError as error:
        refuse(f"--output {options.output}: not written: {error.strerror or error}")
    typer.echo(f"{file}: written")
    return PASSED


def _output(text_: str) -> tuple[str, Path | None]:
    form, equals, name = text_.partition("=")
    if form not in FORMS:
        refuse(f"--output {text_}: choose one of {', '.join(FORMS)}, or FORMAT=FILE for a file")
    if equals and not name:
        refuse(f"--output {text_}: name a file behind the =")
    return form, Path(name) if name else None


def _period(options: ReportOptions, now: datetime) -> tuple[datetime, datetime]:
    if options.last is not None and (options.from_ is not None or options.to is not None):
        refuse("--last: it ends now; leave it out, or leave --from and --to out")
    until = _moment("--to", options.to) if options.to is not None else now
    if options.from_ is not None:
        since = _moment("--from", options.from_)
    else:
        since = until - timedelta(seconds=_seconds(options.last or "30d"))
    if since >= until:
        refuse(f"--from {options.from_}: it is not before {'--to' if options.to else 'now'}")
    return since, until


def _seconds(last: str) -> float:
    seconds = parse_duration(last)
    if seconds is None or not 0 < seconds <= _MOST_SECONDS:
        refuse(f"--last {last}: expected a time such as 24h or 30d, at most ten years")
    return seconds


_FIRST_YEAR: Final = 1970
"""No history is older, and the first years of the calendar have no ten years before them."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _moment(option: str, text_: str) -> datetime:
    """A day means its beginning in UTC."""
    found = parse_rfc3339(f"{text_}T00:00:00Z" if _DAY.fullmatch(text_) else text_)
    if found is None:
        refuse(f"{option} {text_}: expected a day such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z")
    if found.year < _FIRST_YEAR:
        refuse(f"{option} {text_}: expected a time in {_FIRST_YEAR} or later")
    return found


def _configured(paths: Sequence[Path]) -> Mapping[str, Target]:
    """Objectives and tags. Without a file there are none, unless one was named."""
    if not paths and not DEFAULT_PATH.exists():
        return {}
    try:
        return load(paths_or_default(paths), environ=os.environ).targets
    except ConfigError as error:
        refuse_mistakes(error, nothing_was="read")


def _check_targets(patterns: Sequence[str], known: Collection[str]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            refuse(
                did_you_mean(f"--target {pattern}: no such target, neither configured nor in that time", pattern, known)
            )
