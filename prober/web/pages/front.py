"""The values of the front page: the overall verdict in one sentence, then the targets, worst first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from prober.outcome import Verdict
from prober.report.details import cause
from prober.report.grouping import alike
from prober.report.next_step import next_step
from prober.status import WORST_FIRST, ProbeStatus
from prober.web.pages.chart_geometry import Spark, Strip, spark_of, strip_of
from prober.web.pages.formatting import When, ago, counted, one_line, percent, since, span
from prober.web.pages.list_query import ListedTarget, ListQuery, Pages, Selection, Totals, is_late
from prober.web.pages.recent_history import TargetHistory

_MAX_COMPLAINTS: Final = 3
"""Failures of one target that the front page shows; the target page has the rest."""
_MAX_ADDRESS: Final = 120
_MAX_MESSAGE: Final = 240
_TITLES: Final = {Verdict.FAIL: "Failing", Verdict.UNKNOWN: "Unknown", Verdict.PASS: "Passing"}


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """Probes that do not pass, and why: those that fail alike are one."""

    probe: str
    others: int
    """Number of probes that fail alike."""
    verdict: Verdict
    cause: str
    message: str
    next_step: str
    since: When | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One target on the front page."""

    name: str
    address: str
    verdict: Verdict
    since: When | None
    complaints: tuple[Complaint, ...]
    further: int
    """Number of failing probes that are not shown."""
    probes: str
    ran: When | None
    """When its latest run ended."""
    late: str
    """How late its runs are; empty where they are on time."""
    maintenance: bool
    strip: Strip | None
    spark: Spark | None
    uptime: str | None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Targets of one verdict."""

    verdict: Verdict
    title: str
    count: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class DisabledRow:
    """A target of which every probe is disabled."""

    name: str
    address: str
    probes: str


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A link that shows only the targets of one verdict, or all."""

    title: str
    count: int
    link: str
    chosen: bool
    verdict: Verdict | None


@dataclass(frozen=True, kw_only=True)
class Front:
    """All values of the front page."""

    headline: str
    verdict: Verdict
    details: tuple[str, ...]
    filters: tuple[Filter, ...]
    word: str
    wanted: Verdict | None
    groups: tuple[Group, ...]
    disabled: tuple[DisabledRow, ...]
    pages: Pages
    earlier: str | None
    later: str | None
    has_history: bool


def front_of(
    selection: Selection,
    query: ListQuery,
    *,
    now: datetime,
    past: Mapping[str, TargetHistory] | None,
    maintenance: Collection[str],
) -> Front:
    """`maintenance` holds the probes in a maintenance window now; `past` is None without history."""
    rows = [
        _row(each, now, None if past is None else past.get(each.target.target.name, TargetHistory()), maintenance)
        for each in selection.shown
    ]
    groups = tuple(
        Group(verdict=verdict, title=_TITLES[verdict], count=selection.matching[verdict], rows=tuple(of_verdict))
        for verdict, of_verdict in groupby(rows, key=lambda row: row.verdict)
    )
    number = selection.pages.number
    return Front(
        headline=headline(selection.totals),
        verdict=overall(selection.totals),
        details=tuple(_details(selection.totals)),
        filters=tuple(_filters(selection, query)),
        word=one_line(query.word, most=200),
        wanted=query.verdict,
        groups=groups,
        disabled=tuple(
            DisabledRow(
                name=each.target.name,
                address=one_line(each.target.address, most=_MAX_ADDRESS),
                probes=counted(len(each.disabled), "probe"),
            )
            for each in selection.disabled
        ),
        pages=selection.pages,
        earlier=query.link(verdict=query.verdict, page=number - 1) if number > 1 else None,
        later=query.link(verdict=query.verdict, page=number + 1) if number < selection.pages.count else None,
        has_history=past is not None,
    )


def overall(totals: Totals) -> Verdict:
    """The worst verdict that any target has."""
    return next((verdict for verdict in WORST_FIRST if totals.verdicts.get(verdict)), Verdict.UNKNOWN)


def headline(totals: Totals) -> str:
    """`2 of 14 targets fail`."""
    failing, unknown = totals.verdicts.get(Verdict.FAIL, 0), totals.verdicts.get(Verdict.UNKNOWN, 0)
    if not totals.targets:
        return "Nothing is probed"
    if failing:
        return _some_of(failing, totals.targets, one="fails", many="fail")
    if totals.waiting == totals.targets:
        return "No target has been probed yet" if totals.targets > 1 else "The target has not been probed yet"
    if unknown:
        return _some_of(unknown, totals.targets, one="is unknown", many="are unknown")
    return f"All {totals.targets:,} targets pass" if totals.targets > 1 else "The target passes"


def _some_of(count: int, of: int, *, one: str, many: str) -> str:
    if count == of:
        return f"All {of:,} targets {many}" if of > 1 else f"The target {one}"
    return f"{count:,} of {of:,} targets {one if count == 1 else many}"


def _details(totals: Totals) -> list[str]:
    failing = totals.failing_probes
    parts = [
        f"{failing:,} of {counted(totals.probes, 'probe')} {'fails' if failing == 1 else 'fail'}"
        if failing
        else counted(totals.probes, "probe")
    ]
    unknown = totals.verdicts.get(Verdict.UNKNOWN, 0)
    if unknown and totals.verdicts.get(Verdict.FAIL):
        parts.append(f"{counted(unknown, 'target')} unknown")
    if totals.excused:
        parts.append(f"{totals.excused:,} of the failing in maintenance")
    if totals.disabled:
        parts.append(f"{counted(totals.disabled, 'target')} disabled")
    if totals.late:
        parts.append(f"{counted(totals.late, 'target')} with late runs")
    return parts


def _filters(selection: Selection, query: ListQuery) -> list[Filter]:
    of_all = Filter(
        title="All",
        count=sum(selection.matching.values()),
        link=query.link(),
        chosen=query.verdict is None,
        verdict=None,
    )
    return [of_all] + [
        Filter(
            title=_TITLES[verdict],
            count=selection.matching[verdict],
            link=query.link(verdict=verdict),
            chosen=query.verdict is verdict,
            verdict=verdict,
        )
        for verdict in WORST_FIRST
    ]


def _row(listed: ListedTarget, now: datetime, past: TargetHistory | None, maintenance: Collection[str]) -> Row:
    target, verdict = listed.target, listed.verdict
    failing, unknown = target.of(Verdict.FAIL), target.of(Verdict.UNKNOWN)
    by_probe = {status.probe.name: status for status in (*failing, *unknown)}
    bad = alike(status.last.outcome for status in by_probe.values() if status.last is not None)
    ends = [status.last.ended for status in target.probes if status.last is not None]
    return Row(
        name=target.target.name,
        address=one_line(target.target.address, most=_MAX_ADDRESS),
        verdict=verdict,
        since=since(listed.since, now) if listed.since else None,
        complaints=tuple(_complaint(by_probe[group[0].probe], len(group) - 1, now) for group in bad[:_MAX_COMPLAINTS]),
        further=sum(map(len, bad[_MAX_COMPLAINTS:])),
        probes=counted(len(target.probes), "probe")
        + (f" and {len(target.disabled):,} disabled" if target.disabled else ""),
        ran=ago(max(ends), now) if ends else None,
        late=late(next((s for s in target.probes if is_late(s, now)), None), now),
        maintenance=any(status.probe.name in maintenance for status in target.probes),
        strip=strip_of(past.days, now.date()) if past else None,
        spark=spark_of(past.seconds) if past else None,
        uptime=percent(past.uptime) if past and past.uptime is not None else None,
    )


def _complaint(status: ProbeStatus, others: int, now: datetime) -> Complaint:
    assert status.last is not None
    outcome = status.last.outcome
    return Complaint(
        probe=status.probe.name,
        others=others,
        verdict=outcome.verdict,
        cause=one_line(cause(outcome), most=120),
        message=one_line(outcome.message, most=_MAX_MESSAGE),
        next_step=next_step(outcome),
        since=since(status.since, now) if status.since else None,
    )


def late(status: ProbeStatus | None, now: datetime) -> str:
    """`last run 5 min ago, due every 30 s`; empty for none."""
    if status is None or status.last is None:
        return ""
    seconds = (now - status.last.outcome.started_at).total_seconds()
    return f"last run {span(seconds)} ago, due every {span(status.probe.interval)}"
