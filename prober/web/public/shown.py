"""The values of the page for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from urllib.parse import quote

from prober.outcome import Verdict
from prober.report.formatting import duration, percent
from prober.report.untrusted import block
from prober.web.pages.badge import Tone
from prober.web.pages.chart_geometry import Strip, strip_of
from prober.web.pages.formatting import When, ago, one_line, since
from prober.web.pages.list_query import Pages, paged
from prober.web.public.conditions import Condition, words_of
from prober.web.public.overview import INCIDENT_DAYS, Incident, Overview, Shown

PAGE_SIZE: Final = 100
_INCIDENTS: Final = 20
TONES: Final[Mapping[Condition, Tone]] = {
    Condition.DOWN: Verdict.FAIL,
    Condition.DEGRADED: "warning",
    Condition.NO_DATA: Verdict.UNKNOWN,
    Condition.MAINTENANCE: Verdict.UNKNOWN,
    Condition.OPERATIONAL: Verdict.PASS,
}
LOOKS: Final[Mapping[Condition, str]] = {
    Condition.DOWN: "fail",
    Condition.DEGRADED: "degraded",
    Condition.NO_DATA: "unknown",
    Condition.MAINTENANCE: "wrench",
    Condition.OPERATIONAL: "pass",
}
"""By name, the icon and the class of the style sheet."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One target."""

    name: str
    condition: str
    look: str
    symptoms: str
    since: When | None
    strip: Strip | None
    uptime: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """Targets with one value of the label; without a heading where nothing is grouped."""

    heading: str
    count: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class NoteShown:
    """What the operator says."""

    at: When
    text: str


@dataclass(frozen=True, kw_only=True)
class IncidentShown:
    """An incident."""

    name: str
    target: str
    goes_on: bool
    symptoms: str
    began: When
    took: str
    notes: tuple[NoteShown, ...]
    """The latest first."""


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A badge to be copied."""

    label: str
    source: str
    markdown: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """All values of the page."""

    headline: str
    details: tuple[str, ...]
    """What else there is."""
    look: str
    groups: tuple[Group, ...]
    pages: Pages
    earlier: str | None
    later: str | None
    incidents: tuple[IncidentShown, ...] | None
    more_incidents: int
    days: int
    watched_since: str
    """The first day of which something is known, where it is later than the days that are shown."""
    badges: tuple[Badge, ...]


def page_of(overview: Overview, *, number: int, url: str) -> Page:
    """`url` is that of the page, with a slash at its end, for what is copied."""
    pages = paged(len(overview.targets), number, size=PAGE_SIZE)
    shown = overview.targets[pages.first - 1 : pages.last] if overview.targets else ()
    incidents, first = overview.incidents, overview.watched_since
    young = first is not None and (overview.at.date() - first).days < INCIDENT_DAYS
    return Page(
        headline=headline(overview),
        details=tuple(_details(overview)),
        look=LOOKS[overall(overview)],
        groups=tuple(_groups(shown, overview)),
        pages=pages,
        earlier=f"?page={pages.number - 1}" if pages.number > 1 else None,
        later=f"?page={pages.number + 1}" if pages.number < pages.count else None,
        incidents=None if incidents is None else tuple(_incident(each, overview.at) for each in incidents[:_INCIDENTS]),
        more_incidents=max(0, len(incidents or ()) - _INCIDENTS),
        days=INCIDENT_DAYS,
        watched_since=f"{first.day} {first:%b %Y}" if young and first is not None else "",
        badges=tuple(_badges(shown, url)),
    )


def overall(overview: Overview) -> Condition:
    """The worst; in maintenance only where everything is."""
    found = {each.condition for each in overview.targets}
    if not found or not overview.ready:
        return Condition.NO_DATA
    if found <= {Condition.MAINTENANCE, Condition.OPERATIONAL}:
        return max(found, key=[*Condition].index)
    return next(condition for condition in Condition if condition in found)


def headline(overview: Overview) -> str:
    """`2 of 14 servers are down`."""
    count, condition = len(overview.targets), overall(overview)
    if not count or not overview.ready:
        return "No data"
    some = Counter(each.condition for each in overview.targets)[condition]
    if condition is Condition.OPERATIONAL and some < count:
        return f"{some:,} of {count:,} servers operational, the others in maintenance"
    if condition is Condition.NO_DATA:
        return "No data" if some == count else f"No data of {some:,} of {count:,} servers"
    if some == count:
        return f"The server is {condition}" if count == 1 else f"All {count:,} servers are {condition}"
    return f"{some:,} of {count:,} servers {'is' if some == 1 else 'are'} {condition}"


def _details(overview: Overview) -> Iterator[str]:
    counted = Counter(each.condition for each in overview.targets)
    said = overall(overview)
    if len(counted) > 1:
        yield from (f"{counted[each]:,} {each}" for each in Condition if counted[each] and each is not said)


def short_headline(overview: Overview) -> str:
    """For a badge: `2 down`."""
    condition = overall(overview)
    some = Counter(each.condition for each in overview.targets)[condition]
    return f"{some:,} {condition}" if condition in (Condition.DOWN, Condition.DEGRADED) else condition.value


def _groups(shown: Sequence[Shown], overview: Overview) -> Iterator[Group]:
    of_all, good = Counter[str](), Counter[str]()
    for each in overview.targets:
        of_all[each.heading] += 1
        good[each.heading] += each.condition is Condition.OPERATIONAL
    grouped = any(of_all)
    for heading, rows in groupby(shown, key=lambda each: each.heading):
        yield Group(
            heading=one_line(heading, most=80) or ("Others" if grouped else ""),
            count=f"{good[heading]:,} of {of_all[heading]:,} operational",
            rows=tuple(_row(each, overview.at) for each in rows),
        )


def _row(each: Shown, now: datetime) -> Row:
    uptime = each.past.uptime if each.past is not None else None
    return Row(
        name=each.name,
        condition=each.condition.value,
        look=LOOKS[each.condition],
        symptoms=each.symptoms,
        since=since(each.since, now) if each.since is not None else None,
        strip=strip_of(each.past.days, now.date()) if each.past is not None else None,
        uptime=percent(uptime) if uptime is not None else "",
    )


def _incident(incident: Incident, now: datetime) -> IncidentShown:
    recorded = incident.recorded
    return IncidentShown(
        name=recorded.name,
        target=incident.target,
        goes_on=recorded.until is None,
        symptoms=words_of(recorded.symptoms),
        began=ago(recorded.since, now),
        took=duration(((recorded.until or now) - recorded.since).total_seconds()),
        notes=tuple(NoteShown(at=ago(note.at, now), text=block(note.text)) for note in reversed(recorded.notes)),
    )


def _badges(shown: Sequence[Shown], url: str) -> Iterator[Badge]:
    yield _badge("all servers", "badge.svg", url)
    for each in shown:
        yield _badge(each.name, f"badge/{quote(each.name, safe='')}.svg", url)


def _badge(label: str, source: str, url: str) -> Badge:
    alternative = label.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return Badge(label=label, source=source, markdown=f"[![{alternative}]({url}{source})]({url})")
