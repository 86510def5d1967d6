"""Which targets a visitor sees: all or those of one verdict, those a word is found in, worst first, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from prober.outcome import Verdict
from prober.status import ProbeStatus, TargetStatus

PAGE_SIZE: Final = 50
"""Targets on one page, probes on one page of a target: what a person looks through and a browser draws at once."""
_LONGEST_WORD: Final = 200


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """What the query of a page asks for. What it cannot mean is as if it were not there."""

    word: str = ""
    verdict: Verdict | None = None
    page: int = 1

    @classmethod
    def of(cls, query: QueryParams) -> ListQuery:
        verdict, page = query.get("verdict", ""), query.get("page", "")
        return cls(
            word=query.get("q", "").strip()[:_LONGEST_WORD],
            verdict=Verdict(verdict) if verdict in set(Verdict) else None,
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 and int(page) else 1,
        )

    def link(self, *, verdict: Verdict | None = None, page: int = 1) -> str:
        """The query for another verdict or page with the same word; `?` alone for everything."""
        parts = {"q": self.word, "verdict": verdict or "", "page": str(page) if page > 1 else ""}
        return "?" + urlencode({key: value for key, value in parts.items() if value})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A target with what its place in the list goes by."""

    target: TargetStatus
    verdict: Verdict
    since: datetime | None
    excused: bool
    """Whether all that fails, failed in a maintenance window."""
    late: bool


@dataclass(frozen=True, kw_only=True)
class Totals:
    """All targets of the status store, whatever was asked for."""

    targets: int
    probes: int
    verdicts: Mapping[Verdict, int]
    failing_probes: int
    excused: int
    late: int
    waiting: int
    """Targets of which no probe has run yet."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """One page of many. `first` and `last` count from one."""

    number: int
    count: int
    first: int
    last: int
    found: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is shown, and the whole that it is a part of."""

    totals: Totals
    matching: Mapping[Verdict, int]
    """Targets that the word is found in."""
    shown: tuple[Judged, ...]
    pages: Pages


def choose(targets: Sequence[TargetStatus], query: ListQuery, now: datetime) -> Choice:
    """Looks at every probe once: for a thread, not for the event loop, where there are thousands."""
    judged = [_judge(target, now) for target in targets]
    found = [each for each in judged if _holds(each.target, query.word.casefold())] if query.word else judged
    wanted = [each for each in found if query.verdict in (None, each.verdict)]
    pages = paged(len(wanted), query.page)
    return Choice(
        totals=_totals(judged),
        matching=Counter(each.verdict for each in found),
        shown=tuple(sorted(wanted, key=_place)[pages.first - 1 : pages.last] if wanted else ()),
        pages=pages,
    )


def paged(found: int, number: int) -> Pages:
    """The page of that number, or the last one there is."""
    count = max(-(-found // PAGE_SIZE), 1)
    number = min(number, count)
    first = (number - 1) * PAGE_SIZE + 1
    return Pages(number=number, count=count, first=first, last=min(first + PAGE_SIZE - 1, found), found=found)


def is_late(status: ProbeStatus, now: datetime, started_at: datetime | None = None) -> bool:
    """Whether a probe on an interval has not run for twice its interval and a deadline more.

    Of one that has never run, counted from `started_at`. The times of a cron expression are the scheduler's to know.
    """
    if status.probe.cron is not None:
        return False
    latest = status.last.outcome.started_at if status.last else started_at
    patience = 2 * status.probe.interval + status.probe.timeout
    return latest is not None and (now - latest).total_seconds() > patience


_RANK: Final = {Verdict.FAIL: 0, Verdict.UNKNOWN: 2, Verdict.PASS: 4}


def _judge(target: TargetStatus, now: datetime) -> Judged:
    verdict = target.verdict
    excused = verdict is Verdict.FAIL and all(
        status.last is not None and status.last.maintenance for status in target.of(verdict)
    )
    return Judged(
        target=target,
        verdict=verdict,
        since=target.since if verdict is not Verdict.PASS else None,
        excused=excused,
        late=any(is_late(status, now) for status in target.probes),
    )


def _place(judged: Judged) -> tuple[int, float, str]:
    """Worst first; of those that are bad alike, the latest to become so; of the good, late ones, then by name."""
    rank = _RANK[judged.verdict] + (judged.excused if judged.verdict is not Verdict.PASS else not judged.late)
    newest_first = -judged.since.timestamp() if judged.since else 0.0
    return (rank, newest_first, judged.target.target.name)


def _holds(target: TargetStatus, word: str) -> bool:
    texts = (target.target.name, target.target.address, *(status.probe.name for status in target.probes))
    return any(word in text.casefold() for text in texts)


def _totals(judged: Sequence[Judged]) -> Totals:
    return Totals(
        targets=len(judged),
        probes=sum(len(each.target.probes) for each in judged),
        verdicts=Counter(each.verdict for each in judged),
        failing_probes=sum(len(each.target.of(Verdict.FAIL)) for each in judged if each.verdict is Verdict.FAIL),
        excused=sum(each.excused for each in judged),
        late=sum(each.late for each in judged),
        waiting=sum(all(status.last is None for status in each.target.probes) for each in judged),
    )
