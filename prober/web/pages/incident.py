"""Runs that did not pass, as the page of a target tells them: why, where, and the proof of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.board import Standing
from prober.history import PastFailure
from prober.outcome import Outcome, Reason, Verdict
from prober.report.account import Note, cause, proof, warnings
from prober.web.pages.words import When, ago, brief, counted, passage, since

LINE: Final = 160
"""Characters of a line that a server may have had a hand in."""
MESSAGE: Final = 2_000
_DETAIL: Final = 6_000
NOTES: Final = 12
"""Pieces of evidence that are shown of one run."""


@dataclass(frozen=True, kw_only=True)
class Incident:
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


def incident_now(standing: Standing, now: datetime) -> Incident:
    """What a probe that has run and did not pass says at present."""
    assert standing.last is not None
    begun = standing.since or standing.last.ended
    streak = f"{counted(standing.streak, 'run')} in a row" if standing.streak > 1 else ""
    outcome, maintenance = standing.last.outcome, standing.last.maintenance
    return _incident(outcome, cause(outcome), since(begun, now), streak=streak, maintenance=maintenance)


def incident_then(failure: PastFailure, now: datetime) -> Incident:
    """What history has kept of a run that did not pass."""
    reason = next((reason for reason in Reason if reason == failure.reason), None)
    outcome = Outcome(
        target=failure.target,
        probe=failure.probe,
        kind=failure.kind,
        verdict=failure.verdict,
        reason=reason,
        step=failure.step,
        message=failure.message,
        evidence=failure.evidence,
        warnings=failure.warnings,
        started_at=failure.started_at,
        duration_seconds=failure.duration_seconds,
    )
    # A reason that an earlier version knew is told as it stands.
    why = cause(outcome) if reason else failure.reason or ""
    return _incident(outcome, why, ago(failure.started_at, now), maintenance=failure.maintenance)


def _incident(outcome: Outcome, why: str, when: When, *, maintenance: bool, streak: str = "") -> Incident:
    notes = [*proof(outcome), *warnings(outcome)]
    return Incident(
        key=f"{outcome.probe}-{milliseconds(outcome.started_at)}",
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


def milliseconds(moment: datetime) -> int:
    """As exact as history is."""
    return int(moment.timestamp() * 1000)
