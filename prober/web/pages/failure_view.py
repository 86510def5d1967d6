"""Runs that did not pass, as the page of a target tells them: why, where, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.history import PastFailure
from prober.outcome import Outcome, Reason, Verdict
from prober.report.details import Note, all_notes, cause
from prober.status import ProbeStatus
from prober.web.pages.formatting import When, ago, brief, counted, passage, since

LINE: Final = 160
"""Characters of a line that a server may have had a hand in."""
MESSAGE: Final = 2_000
_DETAIL: Final = 4_000
NOTES: Final = 12
"""Pieces of evidence that are shown of one run."""
_EARLIER: Final = 20


@dataclass(frozen=True, kw_only=True)
class FailureView:
    """A run that did not pass, with what proves it."""

    key: str
    probe: str
    verdict: Verdict
    cause: str
    message: str
    notes: tuple[Note, ...]
    further: int
    """Notes that were left out."""
    when: When
    streak: str
    maintenance: bool


def present_failure(status: ProbeStatus, now: datetime) -> FailureView:
    """What a probe that has run and did not pass says at present."""
    assert status.last is not None
    begun = status.since or status.last.ended
    streak = f"{counted(status.streak, 'run')} in a row" if status.streak > 1 else ""
    outcome, maintenance = status.last.outcome, status.last.maintenance
    return _failure_view(outcome, cause(outcome), since(begun, now), streak=streak, maintenance=maintenance)


def earlier_failures(
    failures: Sequence[PastFailure], present: Mapping[str, datetime], now: datetime
) -> tuple[FailureView, ...]:
    """What history has kept of runs that did not pass, the latest first, each probe's with one cause as one.

    `present` says since when a probe stands as it does: what belongs to that is told elsewhere.
    """
    alike: dict[tuple[str, str], list[PastFailure]] = {}
    for failure in failures:
        begun = present.get(failure.probe)
        if begun is None or _milliseconds(failure.started_at) < _milliseconds(begun):
            alike.setdefault((failure.probe, _why(failure)), []).append(failure)
    return tuple(_earlier_failure(each, now) for each in list(alike.values())[:_EARLIER])


def _earlier_failure(failures: Sequence[PastFailure], now: datetime) -> FailureView:
    latest, first = failures[0], failures[-1]
    count = len(failures)
    streak = f"{counted(count, 'run')}, the first {ago(first.started_at, now).text}" if count > 1 else ""
    maintenance = all(each.maintenance for each in failures)
    return _failure_view(
        _outcome_of(latest), _why(latest), ago(latest.started_at, now), streak=streak, maintenance=maintenance
    )


def _why(failure: PastFailure) -> str:
    """A reason that an earlier version knew is told as it stands."""
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
        cause=brief(why, most=LINE),
        message=passage(outcome.message, most=MESSAGE),
        notes=tuple(Note(label=note.label, text=passage(note.text, most=_DETAIL)) for note in notes[:NOTES]),
        further=max(len(notes) - NOTES, 0),
        when=when,
        streak=streak,
        maintenance=maintenance,
    )


def _milliseconds(moment: datetime) -> int:
    """As exact as history is."""
    return int(moment.timestamp() * 1000)
