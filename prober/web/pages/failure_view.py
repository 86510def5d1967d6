"""The values of a failed run on a target page: cause, message and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from prober.history import PastFailure
from prober.outcome import Exchange, Outcome, Verdict
from prober.report.details import Note, cause, evidence_notes, figures, warning_notes
from prober.report.formatting import counted, rfc3339
from prober.report.grouping import alike
from prober.report.json_layout import laid_out
from prober.report.next_step import next_step
from prober.report.untrusted import block
from prober.status import ProbeStatus
from prober.web.pages.chart_geometry import Phases, phases_of
from prober.web.pages.formatting import When, ago, lines_within, one_line, since

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
    run: str
    """The id of the run."""
    probes: tuple[str, ...]
    """Names of the probes that fail alike."""
    verdict: Verdict
    cause: str
    message: str
    next_step: str
    notes: tuple[Note, ...]
    further: int
    """Number of notes that are not shown."""
    exchanges: tuple[ExchangeView, ...]
    """Where they are still known."""
    when: When
    streak: str
    maintenance: bool


@dataclass(frozen=True, kw_only=True)
class ExchangeView:
    """A request and its answer."""

    figures: str
    phases: Phases | None
    sides: tuple[Note, ...]
    """What was sent, and what was received."""


def exchanges_of(outcome: Outcome) -> tuple[ExchangeView, ...]:
    """Untrusted texts, laid out and cut."""
    return tuple(map(_exchange, outcome.exchanges))


def _exchange(exchange: Exchange) -> ExchangeView:
    texts = (("sent", exchange.sent), ("received", exchange.received))
    return ExchangeView(
        figures=figures(exchange),
        phases=phases_of(exchange.phases),
        sides=tuple(
            Note(label=label, text=lines_within(laid_out(block(text).strip("\n")), most=_MAX_NOTE))
            for label, text in texts
            if text
        ),
    )


def present_failures(statuses: Sequence[ProbeStatus], now: datetime) -> tuple[FailureView, ...]:
    """The latest runs of probes that did not pass; those that are alike are one entry."""
    by_probe = {status.probe.name: status for status in statuses}
    groups = alike(status.last.outcome for status in statuses if status.last is not None)
    return tuple(_present_failure([by_probe[outcome.probe] for outcome in group], now) for group in groups)


def _present_failure(statuses: Sequence[ProbeStatus], now: datetime) -> FailureView:
    """The failure of the first of them, with the names of all; since when, and how often in a row, that of the one that
    failed first."""
    last = [status.last for status in statuses if status.last is not None]
    oldest = min(statuses, key=lambda status: status.stands_since or now)
    view = failure_view(
        last[0].outcome,
        cause(last[0].outcome),
        since(oldest.stands_since or last[0].ended, now),
        streak=f"{counted(oldest.streak, 'failure')} in a row" if oldest.streak > 1 else "",
        maintenance=all(run.maintenance for run in last),
    )
    return replace(view, probes=tuple(status.probe.name for status in statuses))


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
    return failure_view(
        latest.outcome, _cause(latest), ago(latest.started_at, now), streak=streak, maintenance=maintenance
    )


def _cause(failure: PastFailure) -> str:
    """The cause; a reason that only an earlier version knew stays as it is."""
    return cause(failure.outcome) or failure.reason or ""


def failure_view(outcome: Outcome, why: str, when: When, *, maintenance: bool, streak: str = "") -> FailureView:
    """Of a run that passed, the warnings are all that there is to see."""
    notes = [*evidence_notes(outcome), *warning_notes(outcome)]
    return FailureView(
        key=f"{outcome.probe}-{_milliseconds(outcome.started_at)}",
        run=rfc3339(outcome.started_at),
        probes=(outcome.probe,),
        verdict=outcome.verdict,
        cause=one_line(why, most=MAX_LINE),
        message=lines_within(outcome.message, most=MAX_MESSAGE),
        next_step=next_step(outcome),
        notes=tuple(Note(label=note.label, text=lines_within(note.text, most=_MAX_NOTE)) for note in notes[:MAX_NOTES]),
        further=max(len(notes) - MAX_NOTES, 0),
        exchanges=exchanges_of(outcome),
        when=when,
        streak=streak,
        maintenance=maintenance,
    )


def _milliseconds(moment: datetime) -> int:
    """The precision of history."""
    return int(moment.timestamp() * 1000)
