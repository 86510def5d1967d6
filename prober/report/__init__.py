"""Reports on the outcomes of one pass: for a person, a program, a CI system, Prometheus.

Each report is imported when it is written: rich, prometheus_client and xml take longer to import than a small pass
takes to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Final, Protocol, TextIO

from prober.outcome import Outcome


class Report(Protocol):
    """Writes one whole report. `started_at` is the start of the pass, with a time zone."""

    def __call__(self, outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None: ...


def _report(module: str) -> Report:
    """The report of a module of this package, imported when it is written."""

    def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
        report: Report = import_module(f"prober.report.{module}").write
        report(outcomes, started_at=started_at, verbose=verbose, stream=stream)

    return write


def _table(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    from prober.report.tty import wants_colours

    report = _report("terminal" if wants_colours(stream) else "plain_text")
    report(outcomes, started_at=started_at, verbose=verbose, stream=stream)


REPORTS: Final[Mapping[str, Report]] = {
    "table": _table,
    "json": _report("json_report"),
    "junit": _report("junit"),
    "sarif": _report("sarif"),
    "github": _report("github"),
    "prometheus": _report("prometheus"),
}
"""By the value of `run --output`."""
