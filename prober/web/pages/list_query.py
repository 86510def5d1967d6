"""Selects the targets of the front page: by standing and search word, worst first, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from prober.outcome import Verdict
from prober.status import ProbeStatus, TargetStatus

PAGE_SIZE: Final = 50
"""Targets on a front page, and probes on a target page: a number that a person can scan."""
_MAX_WORD: Final = 200
_MAX_LABEL: Final = 300
_MAX_GROUPS: Final = 24
"""Labels that the front page offers."""


class Standing(StrEnum):
    """What a target is listed under, in the order of the groups: its verdict, or that its trouble is expected."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    PASS = "pass"  # noqa: S105 - a standing, not a password


_ORDER: Final = tuple(Standing)


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """The query of a page. Invalid values count as missing."""

    word: str = ""
    standing: Standing | None = None
    """The parameter `verdict`."""
    label: str = ""
    """Only targets with this label, written `team:search`."""
    page: int = 1

    @classmethod
    def of(cls, query: QueryParams) -> ListQuery:
        verdict, page = query.get("verdict", ""), query.get("page", "")
        return cls(
            word=query.get("q", "").strip()[:_MAX_WORD],
            standing=Standing(verdict) if verdict in set(Standing) else None,
            label=query.get("label", "")[:_MAX_LABEL],
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 and int(page) else 1,
        )

    def link(self, *, standing: Standing | None = None, page: int = 1) -> str:
        """The query string for another standing or page with the same word and label; `?` for all targets."""
        parts = {
            "q": self.word,
            "label": self.label,
            "verdict": standing or "",
            "page": str(page) if page > 1 else "",
        }
        return "?" + urlencode({key: value for key, value in parts.items() if value})


@dataclass(frozen=True, kw_only=True)
class ListedTarget:
    """A target with the values that decide its position in the list."""

    target: TargetStatus
    standing: Standing
    since: datetime | None
    late: bool


@dataclass(frozen=True, kw_only=True)
class LabelGroup:
    """The targets that share a label."""

    label: str
    """Written `team:search`."""
    targets: int
    failing: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts of all targets, whatever the query."""

    targets: int
    probes: int
    standings: Mapping[Standing, int]
    failing_probes: int
    """Of the targets that fail."""
    late: int
    waiting: int
    """Targets of which no probe has run yet."""
    disabled: int
    """Targets of which every probe is disabled; they are not among the `targets`."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """One page of many. `first` and `last` count from one."""

    number: int
    count: int
    first: int
    last: int
    found: int


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The targets of one page, with counts of all targets."""

    totals: Totals
    matching: Mapping[Standing, int]
    """Targets that match the word."""
    shown: tuple[ListedTarget, ...]
    pages: Pages
    labels: tuple[LabelGroup, ...]
    """Of all targets: those with the most failing targets first."""
    disabled: tuple[TargetStatus, ...]
    """Targets of which every probe is disabled, behind the others: on the last page, at most as many as a page has."""


def select_targets(
    targets: Sequence[TargetStatus], query: ListQuery, now: datetime, in_maintenance: Callable[[ProbeStatus], bool]
) -> Selection:
    """Reads every probe once. Run it in a thread: with thousands of probes it would block the event loop."""
    word = query.word.casefold()
    listed = [_list(target, now, in_maintenance) for target in targets if target.probes]
    found = [each for each in listed if _matches(each.target, word, query.label)]
    disabled = [
        each for each in targets if not each.probes and query.standing is None and _matches(each, word, query.label)
    ]
    wanted = [each for each in found if query.standing in (None, each.standing)]
    pages = paged(len(wanted), query.page)
    return Selection(
        totals=_totals(listed, len(targets) - len(listed)),
        matching=Counter(each.standing for each in found),
        shown=tuple(sorted(wanted, key=_rank)[pages.first - 1 : pages.last] if wanted else ()),
        pages=pages,
        labels=_label_groups(listed),
        disabled=tuple(disabled[:PAGE_SIZE]) if pages.number == pages.count else (),
    )


def paged(found: int, number: int, *, size: int = PAGE_SIZE) -> Pages:
    """The page with that number, or the last page."""
    count = max(-(-found // size), 1)
    number = min(number, count)
    first = (number - 1) * size + 1
    return Pages(number=number, count=count, first=first, last=min(first + size - 1, found), found=found)


def is_late(status: ProbeStatus, now: datetime, started_at: datetime | None = None) -> bool:
    """Whether a probe has not run for twice its interval plus its timeout.

    The time of a probe that never ran counts from `started_at`. A probe with `cron` is never late here: only the
    scheduler knows its due times.
    """
    if status.probe.cron is not None:
        return False
    latest = status.last.outcome.started_at if status.last else started_at
    limit = 2 * status.probe.interval + status.probe.timeout
    return latest is not None and (now - latest).total_seconds() > limit


def _list(target: TargetStatus, now: datetime, in_maintenance: Callable[[ProbeStatus], bool]) -> ListedTarget:
    return ListedTarget(
        target=target,
        standing=_standing(target, in_maintenance),
        since=target.stands_since if target.verdict is not Verdict.PASS else None,
        late=any(is_late(status, now) for status in target.probes),
    )


def _standing(target: TargetStatus, in_maintenance: Callable[[ProbeStatus], bool]) -> Standing:
    """In maintenance is a target whose trouble is all expected, or of which every probe is in a window.

    A failure of a window is expected until the next run, which may come after the window.
    """

    def is_expected(status: ProbeStatus) -> bool:
        return in_maintenance(status) or (status.last is not None and status.last.maintenance)

    bad = [status for status in target.probes if status.verdict is not Verdict.PASS]
    rests = all(map(is_expected, bad)) if bad else all(map(in_maintenance, target.probes))
    return Standing.MAINTENANCE if rests else Standing(target.verdict)


def _rank(listed: ListedTarget) -> tuple[int, float, str]:
    """Worst verdict first; failing targets by start, latest first; passing targets late ones first, then by name."""
    rank = 2 * _ORDER.index(listed.standing) + (listed.standing is Standing.PASS and not listed.late)
    newest_first = -listed.since.timestamp() if listed.since else 0.0
    return (rank, newest_first, listed.target.target.name)


def _label_groups(listed: Sequence[ListedTarget]) -> tuple[LabelGroup, ...]:
    targets, failing = Counter[str](), Counter[str]()
    for each in listed:
        labels = labels_of(each.target)
        targets.update(labels)
        if each.standing is Standing.FAIL:
            failing.update(labels)
    groups = (LabelGroup(label=label, targets=count, failing=failing[label]) for label, count in targets.items())
    return tuple(sorted(groups, key=lambda group: (-group.failing, group.label))[:_MAX_GROUPS])


def labels_of(target: TargetStatus) -> list[str]:
    """Its labels as a query has them."""
    return [f"{name}:{value}" for name, value in target.target.labels.items()]


def _matches(target: TargetStatus, word: str, label: str) -> bool:
    if label and label not in labels_of(target):
        return False
    if not word:
        return True
    probes = (*(status.probe for status in target.probes), *target.disabled)
    texts = [target.target.name, target.target.address, *target.target.tags, *target.target.labels.values()]
    texts += [text for probe in probes for text in (probe.name, *probe.tags)]
    return any(word in text.casefold() for text in texts)


def _totals(listed: Sequence[ListedTarget], disabled: int) -> Totals:
    return Totals(
        targets=len(listed),
        probes=sum(len(each.target.probes) for each in listed),
        standings=Counter(each.standing for each in listed),
        failing_probes=sum(len(each.target.of(Verdict.FAIL)) for each in listed if each.standing is Standing.FAIL),
        late=sum(each.late for each in listed),
        waiting=sum(all(status.last is None for status in each.target.probes) for each in listed),
        disabled=disabled,
    )
