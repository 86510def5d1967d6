"""Outcomes of one pass as a report: for a person, for a program, for a CI system, for Prometheus.

`REPORTS` is all of them. Each is imported when it is asked for: rich, prometheus_client and xml take longer to import
than a small pass takes to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, TextIO

from prober.outcome import Outcome


class Report(Protocol):
    """Writes one whole report. `started_at` is when the pass began, with a time zone."""

    def __call__(self, outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None: ...


def _table(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    from prober.report.tty import is_terminal

    if is_terminal(stream):
        from prober.report.terminal import write
    else:
        from prober.report.plain_text import write
    write(outcomes, started_at=started_at, verbose=verbose, stream=stream)


def _json(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    from prober.report.json_report import write

    write(outcomes, started_at=started_at, verbose=verbose, stream=stream)


def _junit(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    from prober.report.junit import write

    write(outcomes, started_at=started_at, verbose=verbose, stream=stream)


def _prometheus(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    from prober.report.prometheus import write

    write(outcomes, started_at=started_at, verbose=verbose, stream=stream)


REPORTS: Final[Mapping[str, Report]] = {
    "table": _table,
    "json": _json,
    "junit": _junit,
    "prometheus": _prometheus,
}
"""By the name that `run --output` takes."""
