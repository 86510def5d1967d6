"""The values of a failed run on a target page: cause, message and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.history import PastFailure
from prober.outcome import Outcome, Reason, Verdict
from prober.report.details import Note, all_notes, cause
from prober.status import ProbeStatus
from prober.web.pages.formatting import When, ago, counted, lines_within, one_line, since

MAX_LINE: Final = 160
"""Characters of a line that may hold text of a server."""
MAX_MESSAGE: Final = 2_000
_MAX_NOTE: Final = 4_000
MAX_NOTES: Final = 12
"""Notes that are shown for one run."""
_MAX_EARLIER: Final = 20


@dataclass(frozen=True, kw_only=True)
class FailureView:
    """A run that did not pass, with its evidence."""

    key: str
    probe: str
    verdict: Verdict
    cause: str
    message: str
    notes: tuple[Note, ...]
    further: int
    """Number of notes that are not shown."""
    when: When
    streak: str
    maintenance: bool


def present_failure(status: ProbeStatus, now: datetime) -> FailureView:
    """The latest run of a probe, which did not pass."""
    assert status.last is not None
    began = status.since or status.last.ended
    streak = f"{counted(status.streak, 'failure')} in a row" if status.streak > 1 else ""
    outcome, maintenance = status.last.outcome, status.last.maintenance
    return _failure_view(outcome, cause(outcome), since(began, now), streak=streak, maintenance=maintenance)


def earlier_failures(
    failures: Sequence[PastFailure], present: Mapping[str, datetime], now: datetime
) -> tuple[FailureView, ...]:
    """Failed runs in history, latest first; runs of one probe with one cause are one entry.

    `present` holds the start of each present failure, by probe: runs since that start are left out.
    """
    alike: dict[tuple[str, str], list[PastFailure]] = {}
    for failure in failures:
        began = present.get(failure.probe)
        if began is None or _milliseconds(failure.started_at) < _milliseconds(began):
            alike.setdefault((failure.probe, _cause(failure)), []).append(failure)
    return tuple(_earlier_failure(each, now) for each in list(alike.values())[:_MAX_EARLIER])


def _earlier_failure(failures: Sequence[PastFailure], now: datetime) -> FailureView:
    latest, first = failures[0], failures[-1]
    count = len(failures)
    streak = f"{counted(count, 'run')}, the first {ago(first.started_at, now).text}" if count > 1 else ""
    maintenance = all(each.maintenance for each in failures)
    return _failure_view(
        _outcome_of(latest), _cause(latest), ago(latest.started_at, now), streak=streak, maintenance=maintenance
    )


def _cause(failure: PastFailure) -> str:
    """The cause; a reason that only an earlier version knew stays as it is."""
    return cause(_outcome_of(failure)) or failure.reason or ""


def _outcome_of(failure: PastFailure) -> Outcome:
    return Outcome(
        target=failure.target,
        probe=failure.probe,
        kind=failure.kind,
        verdict=failure.verdict,
        reason=next((reason for reason in Reason if reason == failure.reason), None),
        step=failure.step,
        message=failure.message,
        evidence=failure.evidence,
        warnings=failure.warnings,
        started_at=failure.started_at,
        duration_seconds=failure.duration_seconds,
    )


def _failure_view(outcome: Outcome, why: str, when: When, *, maintenance: bool, streak: str = "") -> FailureView:
    notes = list(all_notes(outcome, verbose=False))
    return FailureView(
        key=f"{outcome.probe}-{_milliseconds(outcome.started_at)}",
        probe=outcome.probe,
        verdict=outcome.verdict,
        cause=one_line(why, most=MAX_LINE),
        message=lines_within(outcome.message, most=MAX_MESSAGE),
        notes=tuple(Note(label=note.label, text=lines_within(note.text, most=_MAX_NOTE)) for note in notes[:MAX_NOTES]),
        further=max(len(notes) - MAX_NOTES, 0),
        when=when,
        streak=streak,
        maintenance=maintenance,
    )


def _milliseconds(moment: datetime) -> int:
    """The precision of history."""
    return int(moment.timestamp() * 1000)
