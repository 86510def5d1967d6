"""The values of a list of runs, and of the page of one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from prober.outcome import Verdict
from prober.recent import RecentRun
from prober.report.details import cause
from prober.report.formatting import counted, duration
from prober.report.repeating import replay_line, run_line
from prober.web.pages.failure_view import MAX_LINE, FailureView, failure_view
from prober.web.pages.formatting import When, ago, one_line

_MAX_MESSAGE: Final = 240


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run in a list."""

    run: str
    target: str
    probe: str
    kind: str
    verdict: Verdict
    cause: str
    message: str
    began: When
    took: str
    exchanges: str
    marks: tuple[str, ...]
    """What is special about it: that somebody asked for it, that it was in a maintenance window."""


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """All values of the page of a run."""

    row: RunRow
    failure: FailureView
    """Message, evidence, next step and exchanges, of a run that passed as well."""
    left_out: str
    is_recent: bool
    """Whether its exchanges are still known."""
    run_line: str
    replay_line: str
    """Of a run that did not pass."""
    may_be_run: bool
    """Whether the page offers to run the probe again."""
    has_target: bool
    """Whether its target still has a page."""


def rows_of(runs: Iterable[RecentRun], now: datetime) -> tuple[RunRow, ...]:
    return tuple(_row(run, now) for run in runs)


def _row(run: RecentRun, now: datetime) -> RunRow:
    outcome = run.outcome
    marks = (("asked for", run.asked_for), ("in maintenance", run.maintenance))
    return RunRow(
        run=run.run_id,
        target=outcome.target,
        probe=outcome.probe,
        kind=outcome.kind,
        verdict=outcome.verdict,
        cause=one_line(cause(outcome), most=MAX_LINE),
        message=one_line(outcome.message, most=_MAX_MESSAGE),
        began=ago(outcome.started_at, now),
        took=duration(outcome.duration_seconds),
        exchanges=counted(len(outcome.exchanges) + run.left_out, "exchange"),
        marks=tuple(mark for mark, holds in marks if holds),
    )


def page_of(
    run: RecentRun,
    now: datetime,
    *,
    is_recent: bool,
    paths: Sequence[Path],
    daemon: str,
    may_be_run: bool,
    has_target: bool,
) -> RunPage:
    """`paths` are those of the configuration, `daemon` is the address of this prober."""
    outcome = run.outcome
    replay = replay_line(paths, outcome.probe, run_id=run.run_id, daemon=daemon)
    began = ago(outcome.started_at, now)
    return RunPage(
        row=_row(run, now),
        failure=failure_view(outcome, cause(outcome), began, maintenance=run.maintenance),
        left_out=f"{counted(run.left_out, 'exchange')} before these" if run.left_out else "",
        is_recent=is_recent,
        run_line=run_line(paths, outcome.probe),
        replay_line="" if outcome.verdict is Verdict.PASS else replay,
        may_be_run=may_be_run,
        has_target=has_target,
    )
