"""The week, lived through: one prober after another, scraped each minute, into a real Prometheus."""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from prober.scheduled_run import Remembered
from tests.alerts.expressions import read
from tests.alerts.rules import EXPRESSIONS, RECORDED
from tests.remote_write import labelled, valued, write

from .prober import Page, Prober, Series
from .world import BEGIN, CLOCKS_GO_BACK, DAY, HOUR, MINUTE, MINUTES, ZONE, World, configured

AT: Final = {"job": "mcp-prober", "instance": "prober:9733"}
_CHUNK: Final = 120
"""Minutes that are written at once: Prometheus takes samples of an hour or two beside each other."""

RESTARTS: Final = (0.4 * DAY, 1.4 * DAY, 2.6 * DAY, 4.2 * DAY, 5.5 * DAY)
"""A new version of the prober; with its history, and away for one scrape."""
LOST: Final = (3.3 * DAY,)
"""The same without a history: it begins anew."""
REBOOT: Final = (4.7 * DAY, 4.7 * DAY + 2 * MINUTE)
"""The machine of the prober restarts."""
PROMETHEUS: Final = ((2.2 * DAY, 2.2 * DAY + 2 * MINUTE), (5.1 * DAY, 5.1 * DAY + MINUTE))
"""Prometheus restarts: nothing is scraped."""
AHEAD: Final = (1.6 * DAY, 1.9 * DAY)
"""Meanwhile the prober's clock is a minute and a half ahead: it steps forward, and back."""
REMOVED: Final = 2.9 * DAY
"""A target is taken out of the configuration, and comes back the day after."""


def wanted() -> set[str]:
    """Names of samples that any rule reads."""
    return {metric for expression in EXPRESSIONS.values() for metric in read(expression).metrics} - RECORDED.keys()


@dataclass(kw_only=True)
class Scraped:
    """Every series as the minutes at which its value changed; None is where it ended."""

    changes: dict[Series, list[tuple[int, float | None]]] = field(default_factory=dict)
    _pages: dict[str, Page] = field(default_factory=dict)
    gaps: set[int] = field(default_factory=set)
    """Minutes in which Prometheus was not there."""

    def scrape(self, minute: int, parts: Mapping[str, Page], *, whole: bool) -> None:
        """What a scrape found; where it is not the whole page, the rest is as it was."""
        for owner in self._pages.keys() - parts.keys() if whole else ():
            self._ends(minute, self._pages.pop(owner), {})
        for owner, page in parts.items():
            before = self._pages.get(owner, {})
            self._ends(minute, before, page)
            for series, value in page.items():
                if before.get(series) != value:
                    self.changes.setdefault(series, []).append((minute, value))
            self._pages[owner] = page

    def _ends(self, minute: int, before: Page, after: Page) -> None:
        for series in before.keys() - after.keys():
            self.changes[series].append((minute, None))

    def samples(self, first: int, end: int) -> Iterator[tuple[bytes, bytes]]:
        """All series as Prometheus would have stored them in these minutes."""
        moments = [BEGIN.timestamp() + MINUTE * minute for minute in range(first, end)]
        for series, changes in self.changes.items():
            values = _within(changes, first, end)
            told = [
                (moment, value)
                for minute, moment, value, before in zip(
                    range(first, end), moments, values[1:], values[:-1], strict=True
                )
                if minute not in self.gaps and (value is not None or before is not None)
            ]
            if told:
                yield labelled(series[0], {**dict(series[1]), **AT}), valued(told)


def _within(changes: list[tuple[int, float | None]], first: int, end: int) -> list[float | None]:
    """The value at the minute before `first`, then at each until `end`."""
    place = bisect_right(changes, first - 1, key=lambda change: change[0])
    values: list[float | None] = [changes[place - 1][1] if place else None]
    for minute in range(first, end):
        while place < len(changes) and changes[place][0] <= minute:
            place += 1
        values.append(changes[place - 1][1] if place else None)
    return values


_AWAY: Final[Page] = {("up", ()): 0.0}
_THERE: Final[Page] = {("up", ()): 1.0}


def lived(world: World) -> Scraped:
    """The week of one world."""
    scraped, names, config = Scraped(), wanted(), configured()
    prober, memory, back = Prober(config, world, now=0.0, wanted=names), list[Remembered](), 0.0
    restarts = [*sorted((*RESTARTS, *LOST, REBOOT[0]))]
    changes = [(REMOVED, configured(without="server-21")), (REMOVED + DAY, config)]
    with _zone():
        for minute in range(MINUTES):
            now, whole = minute * MINUTE, minute == 0
            if restarts and now >= restarts[0]:
                memory = [] if restarts[0] in LOST else prober.memory()
                back = REBOOT[1] if restarts.pop(0) == REBOOT[0] else now + MINUTE / 2
            if now < back:
                scraped.scrape(minute, {"up": _AWAY}, whole=True)
                continue
            if back:
                prober, back, whole = Prober(config, world, now=back, wanted=names), 0.0, True
                prober.restore(memory)
            if changes and now >= changes[0][0]:
                config, whole = changes.pop(0)[1], True
                prober.apply_config(config)
            prober.step = 90.0 if AHEAD[0] <= now < AHEAD[1] else 0.0
            prober.live(now)
            if any(first <= now < end for first, end in PROMETHEUS):
                scraped.gaps.add(minute)
            scraped.scrape(minute, {"up": _THERE, **dict(prober.read(whole=whole))}, whole=whole)
    return scraped


@contextmanager
def _zone() -> Iterator[None]:
    """The machine of the prober keeps the time of a place whose clocks go back in the week."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = ZONE
    time.tzset()
    offsets = {time.localtime(CLOCKS_GO_BACK.timestamp() + by).tm_gmtoff for by in (-HOUR, HOUR)}
    assert offsets == {7200, 3600}
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def written(scraped: Scraped, url: str) -> None:
    """Give all of it to a Prometheus."""
    for first in range(0, MINUTES, _CHUNK):
        write(url, scraped.samples(first, min(first + _CHUNK, MINUTES)))
