"""The values of a target page: its state, its probes, present and earlier failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from prober.outcome import Outcome, Verdict
from prober.report.details import cause, warning_notes
from prober.report.formatting import counted, duration, percent, rfc3339
from prober.status import WORST_FIRST, ProbeStatus, TargetStatus
from prober.web.pages.chart_geometry import Phases, Spark, Strip, phases_of, strip_of
from prober.web.pages.clients_view import ClientRow, clients_of
from prober.web.pages.failure_view import (
    MAX_LINE,
    MAX_MESSAGE,
    MAX_NOTES,
    FailureView,
    earlier_failures,
    present_failures,
)
from prober.web.pages.formatting import When, ago, one_line, since, span
from prober.web.pages.front import late, response_times
from prober.web.pages.list_query import PAGE_SIZE, Pages, is_late, paged
from prober.web.pages.recent_history import TargetHistory
from prober.web.pages.target_facts import Fact, facts_of

_VERBS: Final = {
    Verdict.FAIL: ("fails", "fail"),
    Verdict.UNKNOWN: ("is unknown", "are unknown"),
    Verdict.PASS: ("passes", "pass"),
}


@dataclass(frozen=True, kw_only=True)
class ScheduleState:
    """The state of one probe in the scheduler."""

    next_due: datetime | None
    maintenance: bool


@dataclass(frozen=True, kw_only=True)
class ProbeRow:
    """One probe in the table."""

    name: str
    kind: str
    verdict: Verdict
    cause: str
    since: When | None
    ran: When | None
    took: str
    phases: Phases | None
    every: str
    due: When | None
    late: str
    maintenance: bool
    skipped: str
    race: str
    run: str
    """The id of its last run; empty where it has not run."""
    may_be_run: bool
    """Whether the page offers to run it now."""


@dataclass(frozen=True, kw_only=True)
class DisabledProbe:
    """A probe that is not run, for the configuration says so."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Detail:
    """All values of a target page."""

    name: str
    address: str
    verdict: Verdict
    state: str
    """The verdict, or that the target is disabled: what the page is coloured by."""
    headline: str
    since: When | None
    maintenance: bool
    facts: tuple[Fact, ...]
    clients: tuple[ClientRow, ...]
    """Of the server, where a probe looks at what they can use."""
    warnings: tuple[str, ...]
    strip: Strip | None
    spark: Spark | None
    pace: str
    """How long its latest runs took; empty where nothing is known."""
    uptime: str | None
    present: tuple[FailureView, ...]
    probes: tuple[ProbeRow, ...]
    disabled: tuple[DisabledProbe, ...]
    pages: Pages
    earlier: str | None
    later: str | None
    failures: tuple[FailureView, ...]
    failures_read: int
    """Failed runs that were read from history, including runs that `present` shows."""
    has_history: bool


def shown_probes(target: TargetStatus, page: int) -> tuple[Pages, tuple[ProbeStatus, ...]]:
    """The probes of one page, worst first."""
    pages = paged(len(target.probes), page)
    ordered = sorted(target.probes, key=lambda status: WORST_FIRST.index(status.verdict))
    return pages, tuple(ordered[pages.first - 1 : pages.last])


def detail_of(
    target: TargetStatus,
    shown: tuple[Pages, tuple[ProbeStatus, ...]],
    *,
    now: datetime,
    started_at: datetime,
    past: TargetHistory | None,
    minutes: Sequence[float | None],
    schedule: Mapping[str, ScheduleState],
    may_write: bool,
) -> Detail:
    """`past` is None without history; `schedule` holds every shown probe; `minutes` are mean durations by the minute.

    `may_write` is whether probes that may write may be run from the page.
    """
    pages, statuses = shown
    bad = [s for s in statuses if s.last is not None and s.verdict is not Verdict.PASS]
    present = {s.probe.name: s.stands_since for s in target.probes if s.stands_since and s.verdict is not Verdict.PASS}
    outcomes = [s.last.outcome for s in target.probes if s.last is not None]
    numbers = _latest_facts(outcomes)
    return Detail(
        name=target.target.name,
        address=one_line(target.target.address, most=400),
        verdict=target.verdict,
        state=target.verdict.value if target.probes else "disabled",
        headline=_headline(target),
        since=since(target.stands_since, now) if target.stands_since else None,
        maintenance=any(state.maintenance for state in schedule.values()),
        facts=facts_of(target, numbers, now),
        clients=clients_of(numbers),
        warnings=tuple(dict.fromkeys(_warnings(outcomes)))[:MAX_NOTES],
        strip=strip_of(past.days, now.date()) if past else None,
        spark=response_times(past, minutes),
        pace=duration(minutes[-1]) if minutes and minutes[-1] is not None else "",
        uptime=percent(past.uptime) if past and past.uptime is not None else None,
        present=present_failures(bad, now),
        probes=tuple(
            replace(
                _row(status, schedule[status.probe.name], now, started_at),
                may_be_run=may_write or not status.probe.allow_writes,
            )
            for status in statuses
        ),
        disabled=tuple(DisabledProbe(name=probe.name, kind=probe.kind) for probe in target.disabled[:PAGE_SIZE]),
        pages=pages,
        earlier=f"?page={pages.number - 1}" if pages.number > 1 else None,
        later=f"?page={pages.number + 1}" if pages.number < pages.count else None,
        failures=earlier_failures(past.failures, present, now) if past else (),
        failures_read=len(past.failures) if past else 0,
        has_history=past is not None,
    )


def _headline(target: TargetStatus) -> str:
    count, of = len(target.of(target.verdict)), len(target.probes)
    if target.disabled and not of:
        return "disabled"
    if all(status.last is None for status in target.probes):
        return "not probed yet"
    one, many = _VERBS[target.verdict]
    if of == 1:
        return f"its probe {one}"
    return f"all {of:,} probes {many}" if count == of else f"{count:,} of {of:,} probes {one if count == 1 else many}"


def _latest_facts(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The facts of all last runs, each of the latest run that had it."""
    numbers: dict[str, float] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.started_at):
        numbers |= outcome.facts
    return numbers


def _warnings(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{outcome.probe}: {one_line(note.text, most=MAX_MESSAGE)}"
        for outcome in outcomes
        for note in warning_notes(outcome)
    ]


def _row(status: ProbeStatus, scheduled: ScheduleState, now: datetime, started_at: datetime) -> ProbeRow:
    probe, last = status.probe, status.last
    outcome = last.outcome if last else None
    overdue = scheduled.next_due is not None and is_late(status, now, started_at)
    never_ran = f"due every {span(probe.interval)}, has not run yet" if overdue and not last else ""
    return ProbeRow(
        name=probe.name,
        kind=probe.kind,
        verdict=status.verdict,
        cause=one_line(cause(outcome), most=MAX_LINE) if outcome else "has not run yet",
        since=since(status.stands_since, now) if status.stands_since else None,
        ran=ago(last.ended, now) if last else None,
        took=duration(outcome.duration_seconds) if outcome else "",
        phases=phases_of(outcome.phases) if outcome else None,
        every=f"cron {probe.cron}" if probe.cron else span(probe.interval),
        due=ago(scheduled.next_due, now) if scheduled.next_due else None,
        late=(late(status, now) or never_ran) if overdue else "",
        maintenance=scheduled.maintenance,
        skipped=f"{counted(status.skipped, 'run')} left out" if status.skipped else "",
        race=_race(outcome.facts) if outcome else "",
        run=rfc3339(outcome.started_at) if outcome else "",
        may_be_run=not probe.allow_writes,
    )


def _race(facts: Mapping[str, float]) -> str:
    """`200 operations, 8 at once; 7 lost update`."""
    if "race_operations" not in facts:
        return ""
    parts = [counted(int(facts["race_operations"]), "operation")]
    if "race_overlap" in facts:
        parts.append(f"up to {int(facts['race_overlap'])} at once")
    parts += [
        f"{int(count):,} {name.removeprefix('race_violations_')}"
        for name, count in facts.items()
        if name.startswith("race_violations_") and count
    ]
    return ", ".join(parts)
