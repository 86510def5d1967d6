"""Selects the targets of the front page: by verdict and search word, worst first, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from prober.outcome import Verdict
from prober.status import WORST_FIRST, ProbeStatus, TargetStatus

PAGE_SIZE: Final = 50
"""Targets on a front page, and probes on a target page: a number that a person can scan."""
_MAX_WORD: Final = 200


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """The query of a page. Invalid values count as missing."""

    word: str = ""
    verdict: Verdict | None = None
    page: int = 1

    @classmethod
    def of(cls, query: QueryParams) -> ListQuery:
        verdict, page = query.get("verdict", ""), query.get("page", "")
        return cls(
            word=query.get("q", "").strip()[:_MAX_WORD],
            verdict=Verdict(verdict) if verdict in set(Verdict) else None,
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 and int(page) else 1,
        )

    def link(self, *, verdict: Verdict | None = None, page: int = 1) -> str:
        """The query string for another verdict or page with the same word; `?` for all targets."""
        parts = {"q": self.word, "verdict": verdict or "", "page": str(page) if page > 1 else ""}
        return "?" + urlencode({key: value for key, value in parts.items() if value})


@dataclass(frozen=True, kw_only=True)
class ListedTarget:
    """A target with the values that decide its position in the list."""

    target: TargetStatus
    verdict: Verdict
    since: datetime | None
    excused: bool
    """Whether all its failing probes failed in a maintenance window."""
    late: bool


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts of all targets, whatever the query."""

    targets: int
    probes: int
    verdicts: Mapping[Verdict, int]
    failing_probes: int
    excused: int
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
    matching: Mapping[Verdict, int]
    """Targets that match the word."""
    shown: tuple[ListedTarget, ...]
    pages: Pages
    disabled: tuple[TargetStatus, ...]
    """Targets of which every probe is disabled, behind the others: on the last page, at most as many as a page has."""


def select_targets(targets: Sequence[TargetStatus], query: ListQuery, now: datetime) -> Selection:
    """Reads every probe once. Run it in a thread: with thousands of probes it would block the event loop."""
    word = query.word.casefold()
    listed = [_list(target, now) for target in targets if target.probes]
    found = [each for each in listed if _matches(each.target, word)] if query.word else listed
    disabled = [each for each in targets if not each.probes and query.verdict is None and _matches(each, word)]
    wanted = [each for each in found if query.verdict in (None, each.verdict)]
    pages = paged(len(wanted), query.page)
    return Selection(
        totals=_totals(listed, len(targets) - len(listed)),
        matching=Counter(each.verdict for each in found),
        shown=tuple(sorted(wanted, key=_rank)[pages.first - 1 : pages.last] if wanted else ()),
        pages=pages,
        disabled=tuple(disabled[:PAGE_SIZE]) if pages.number == pages.count else (),
    )


def paged(found: int, number: int) -> Pages:
    """The page with that number, or the last page."""
    count = max(-(-found // PAGE_SIZE), 1)
    number = min(number, count)
    first = (number - 1) * PAGE_SIZE + 1
    return Pages(number=number, count=count, first=first, last=min(first + PAGE_SIZE - 1, found), found=found)


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


def _list(target: TargetStatus, now: datetime) -> ListedTarget:
    verdict = target.verdict
    excused = verdict is Verdict.FAIL and all(
        status.last is not None and status.last.maintenance for status in target.of(verdict)
    )
    return ListedTarget(
        target=target,
        verdict=verdict,
        since=target.since if verdict is not Verdict.PASS else None,
        excused=excused,
        late=any(is_late(status, now) for status in target.probes),
    )


def _rank(listed: ListedTarget) -> tuple[int, float, str]:
    """Worst verdict first; failing targets by start, latest first; passing targets late ones first, then by name."""
    later = not listed.late if listed.verdict is Verdict.PASS else listed.excused
    rank = 2 * WORST_FIRST.index(listed.verdict) + later
    newest_first = -listed.since.timestamp() if listed.since else 0.0
    return (rank, newest_first, listed.target.target.name)


def _matches(target: TargetStatus, word: str) -> bool:
    probes = (*(status.probe for status in target.probes), *target.disabled)
    texts = [target.target.name, target.target.address, *target.target.tags]
    texts += [text for probe in probes for text in (probe.name, *probe.tags)]
    return any(word in text.casefold() for text in texts)


def _totals(listed: Sequence[ListedTarget], disabled: int) -> Totals:
    return Totals(
        targets=len(listed),
        probes=sum(len(each.target.probes) for each in listed),
        verdicts=Counter(each.verdict for each in listed),
        failing_probes=sum(len(each.target.of(Verdict.FAIL)) for each in listed if each.verdict is Verdict.FAIL),
        excused=sum(each.excused for each in listed),
        late=sum(each.late for each in listed),
        waiting=sum(all(status.last is None for status in each.target.probes) for each in listed),
        disabled=disabled,
    )
