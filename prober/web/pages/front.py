"""The values of the front page: the overall verdict in one sentence, then the targets, worst first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from prober.outcome import Verdict
from prober.report.details import cause
from prober.report.formatting import counted, duration, percent, rfc3339
from prober.report.grouping import alike
from prober.report.next_step import next_step
from prober.status import ProbeStatus
from prober.web.pages.chart_geometry import Spark, Strip, spark_of, strip_of
from prober.web.pages.formatting import When, ago, one_line, since, span
from prober.web.pages.list_query import ListedTarget, ListQuery, Pages, Selection, Standing, Totals, is_late
from prober.web.pages.recent_history import TargetHistory

_MAX_COMPLAINTS: Final = 3
"""Failures of one target that the front page shows; the target page has the rest."""
_MAX_ADDRESS: Final = 120
_MAX_MESSAGE: Final = 240
_TITLES: Final = {
    Standing.FAIL: "Failing",
    Standing.UNKNOWN: "Unknown",
    Standing.MAINTENANCE: "In maintenance",
    Standing.PASS: "Passing",
}


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """Probes that do not pass, and why: those that fail alike are one."""

    probe: str
    run: str
    """The id of its last run."""
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
    pace: str
    """How long its latest runs took; empty where nothing is known."""
    uptime: str | None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Targets of one standing."""

    standing: Standing
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
    """A link that shows only the targets of one standing, or all."""

    title: str
    count: int
    link: str
    chosen: bool
    icon: str


@dataclass(frozen=True, kw_only=True)
class Front:
    """All values of the front page."""

    headline: str
    verdict: Verdict
    details: tuple[str, ...]
    filters: tuple[Filter, ...]
    labels: tuple[Filter, ...]
    word: str
    label: str
    wanted: Standing | None
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
    minutes: Callable[[str], Sequence[float | None]],
    in_maintenance: Callable[[ProbeStatus], bool],
) -> Front:
    """`past` is None without history; `minutes` gives the mean duration of the runs of a target by the minute."""

    def row(listed: ListedTarget) -> Row:
        name = listed.target.target.name
        history = None if past is None else past.get(name, TargetHistory())
        return _row(listed, now, history, minutes(name), in_maintenance)

    groups = tuple(
        Group(
            standing=standing,
            title=_TITLES[standing],
            count=selection.matching[standing],
            rows=tuple(map(row, of_standing)),
        )
        for standing, of_standing in groupby(selection.shown, key=lambda each: each.standing)
    )
    number = selection.pages.number
    return Front(
        headline=headline(selection.totals),
        verdict=overall(selection.totals),
        details=tuple(_details(selection.totals)),
        filters=tuple(_filters(selection, query)),
        labels=tuple(_label_filters(selection, query)),
        word=one_line(query.word, most=200),
        label=query.label,
        wanted=query.standing,
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
        earlier=query.link(standing=query.standing, page=number - 1) if number > 1 else None,
        later=query.link(standing=query.standing, page=number + 1) if number < selection.pages.count else None,
        has_history=past is not None,
    )


def overall(totals: Totals) -> Verdict:
    """The worst verdict of the targets that are not in maintenance; unknown where all of them are."""
    judged = (standing for standing in Standing if standing is not Standing.MAINTENANCE)
    return next((Verdict(standing) for standing in judged if totals.standings.get(standing)), Verdict.UNKNOWN)


def headline(totals: Totals) -> str:
    """`2 of 14 targets fail`."""
    failing, unknown = totals.standings.get(Standing.FAIL, 0), totals.standings.get(Standing.UNKNOWN, 0)
    resting = totals.standings.get(Standing.MAINTENANCE, 0)
    if not totals.targets:
        return "Nothing is probed"
    if failing:
        return _some_of(failing, totals.targets, one="fails", many="fail")
    if totals.waiting == totals.targets:
        return "No target has been probed yet" if totals.targets > 1 else "The target has not been probed yet"
    if unknown:
        return _some_of(unknown, totals.targets, one="is unknown", many="are unknown")
    if resting == totals.targets:
        return _some_of(resting, totals.targets, one="is in maintenance", many="are in maintenance")
    if resting:
        return _some_of(totals.targets - resting, totals.targets, one="passes", many="pass")
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
    unknown = totals.standings.get(Standing.UNKNOWN, 0)
    if unknown and totals.standings.get(Standing.FAIL):
        parts.append(f"{counted(unknown, 'target')} unknown")
    if resting := totals.standings.get(Standing.MAINTENANCE, 0):
        parts.append(f"{counted(resting, 'target')} in maintenance")
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
        chosen=query.standing is None,
        icon="",
    )
    rest = Standing.MAINTENANCE
    return [of_all] + [
        Filter(
            title=_TITLES[standing],
            count=selection.matching[standing],
            link=query.link(standing=standing),
            chosen=query.standing is standing,
            icon="wrench" if standing is rest else standing.value,
        )
        for standing in Standing
        if standing is not rest or selection.totals.standings.get(rest) or query.standing is rest
    ]


def _label_filters(selection: Selection, query: ListQuery) -> list[Filter]:
    """The chosen label leads back to all targets."""
    return [
        Filter(
            title=one_line(group.label, most=60),
            count=group.failing or group.targets,
            link=replace(query, label="" if group.label == query.label else group.label).link(standing=query.standing),
            chosen=group.label == query.label,
            icon=Standing.FAIL.value if group.failing else "",
        )
        for group in selection.labels
    ]


def _row(
    listed: ListedTarget,
    now: datetime,
    past: TargetHistory | None,
    minutes: Sequence[float | None],
    in_maintenance: Callable[[ProbeStatus], bool],
) -> Row:
    target, verdict = listed.target, listed.target.verdict
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
        maintenance=any(map(in_maintenance, target.probes)),
        strip=strip_of(past.days, now.date()) if past else None,
        spark=response_times(past, minutes),
        pace=duration(minutes[-1]) if minutes and minutes[-1] is not None else "",
        uptime=percent(past.uptime) if past and past.uptime is not None else None,
    )


def _complaint(status: ProbeStatus, others: int, now: datetime) -> Complaint:
    assert status.last is not None
    outcome = status.last.outcome
    return Complaint(
        probe=status.probe.name,
        run=rfc3339(outcome.started_at),
        others=others,
        verdict=outcome.verdict,
        cause=one_line(cause(outcome), most=120),
        message=one_line(outcome.message, most=_MAX_MESSAGE),
        next_step=next_step(outcome),
        since=since(status.stands_since, now) if status.stands_since else None,
    )


def response_times(past: TargetHistory | None, minutes: Sequence[float | None]) -> Spark | None:
    """By the hour as soon as two hours are known, else by the minute; None where two minutes are not known either."""
    by_the_hour = spark_of(past.seconds, by="hour") if past else None
    return by_the_hour or spark_of(minutes, by="minute")


def late(status: ProbeStatus | None, now: datetime) -> str:
    """`last run 5 min ago, due every 30 s`; empty for none."""
    if status is None or status.last is None:
        return ""
    seconds = (now - status.last.outcome.started_at).total_seconds()
    return f"last run {span(seconds)} ago, due every {span(status.probe.interval)}"
