"""Calls at due times: a heap of them, and one timer of the event loop that waits for the earliest."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush, heapreplace
from typing import Final, Protocol

_log: Final = logging.getLogger(__name__)

_LOOK: Final = 10.0
"""Seconds between two looks at the system's clock, which somebody may set."""
_SET_BACK: Final = 1.0
"""Seconds by which the system's clock goes back when it was set: NTP slews a hundredth of that in ten seconds."""
_AT_ONCE: Final = 0.004
"""Seconds of work after which the event loop has its turn: ten thousand due times take longer."""

Begin = Callable[[str, datetime], None]
"""Takes a name and the time at which it is due."""


class Trigger(Protocol):
    """Knows due times; APScheduler's triggers are such."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The due time after `previous`, or the first from `now` on; None if there is none."""


class Timer:
    """Calls `begin` in the loop's thread with each name that is due.

    A call that is late is made all the same; of several due times that were missed only the latest is.
    """

    def __init__(
        self, begin: Begin, *, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` is the system's, in seconds since the epoch; `steady` is one that nobody can set."""
        self._begin = begin
        self._clock, self._steady = clock, steady
        self._triggers: Mapping[str, Trigger] = {}
        self._known: dict[str, tuple[Trigger, datetime]] = {}
        """The trigger that each due time in the heap was asked of, and the due time."""
        self._heap: list[tuple[datetime, str]] = []
        """A due time that is not the one in `_known` is out of date."""
        self._since: dict[str, datetime] = {}
        """Up to when the calls of names that are new were made by others."""
        self._changes: Iterator[str] = iter(())
        self._changing: asyncio.Handle | None = None
        self._wait: asyncio.Handle | None = None
        self._ahead = 0.0
        self._running = False

    def start(self) -> None:
        """Begin to call. To be done in the event loop."""
        self._running = True
        self._ahead = self._system_ahead()
        self.apply(self._triggers)

    def stop(self) -> None:
        """Never call again."""
        self._running = False
        for handle in (self._wait, self._changing):
            if handle is not None:
                handle.cancel()

    def apply(self, triggers: Mapping[str, Trigger], *, since: Mapping[str, datetime] | None = None) -> None:
        """Go by these triggers, once started. A name whose trigger is equal to the one before keeps its due time.

        A name that is new and in `since` is also called for the latest due time that it missed since then.
        Changes are made in slices: for a moment a name that is gone may still be called.
        """
        self._triggers = triggers
        known = self._known
        gone = known.keys() - triggers.keys()
        changed = [name for name, trigger in triggers.items() if name not in known or known[name][0] != trigger]
        self._since |= {name: since[name] for name in changed if name in since} if since else {}
        self._changes = iter([*gone, *changed])
        if self._running:
            self._change()

    def next(self, name: str) -> datetime | None:
        """When a name is called next; None when it is not."""
        trigger, known = self._triggers.get(name), self._known.get(name)
        if trigger is None:
            return None
        return known[1] if known is not None and known[0] == trigger else self._first(trigger)

    def realign(self) -> None:
        """Ask every trigger for its next due time anew, from now on."""
        self._known, self._heap = {}, []
        self.apply(self._triggers)

    def _change(self) -> None:
        if self._changing is not None:
            self._changing.cancel()
        end = time.monotonic() + _AT_ONCE
        for name in self._changes:
            self._known.pop(name, None)
            trigger = self._triggers.get(name)
            since = self._since.pop(name, None)
            due = None if trigger is None else self._first(trigger, since=since)
            if trigger is not None and due is not None:
                self._known[name] = trigger, due
                heappush(self._heap, (due, name))
            if time.monotonic() >= end:
                self._changing = asyncio.get_running_loop().call_soon(self._change)
                break
        else:
            self._drop_outdated()
        self._set()

    def _drop_outdated(self) -> None:
        if len(self._heap) > 2 * len(self._known):
            self._heap = [(due, name) for name, (_, due) in self._known.items()]
            heapify(self._heap)

    def _set(self) -> None:
        """Wait for the earliest due time, and never so long that a clock that is set goes unseen."""
        if self._wait is not None:
            self._wait.cancel()
        seconds = _LOOK
        if self._heap:
            seconds = min(seconds, (self._heap[0][0] - self._now()).total_seconds())
        self._wait = asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        before, self._ahead = self._ahead, self._system_ahead()
        if self._ahead < before - _SET_BACK:
            # Due times are times of day: when the clock goes back by an hour, nothing would run for an hour.
            _log.warning("the system's clock was set back by %.1f s: due times are counted anew", before - self._ahead)
            self.realign()
            return
        self._call_due()
        if self._running:  # else it was stopped by what was called
            self._set()

    def _call_due(self) -> None:
        now, end = self._now(), time.monotonic() + _AT_ONCE
        heap, known = self._heap, self._known
        while heap and heap[0][0] <= now:
            due, name = heap[0]
            trigger, current = known.get(name, (None, None))
            if trigger is None or current != due:
                heappop(heap)
                continue
            following = trigger.get_next_fire_time(due, now)
            while following is not None and following <= now:
                due, following = following, trigger.get_next_fire_time(following, now)
            if following is None:
                heappop(heap)
                del known[name]
            else:
                heapreplace(heap, (following, name))
                known[name] = trigger, following
            self._begin(name, due)
            if time.monotonic() >= end or heap is not self._heap:
                return

    def _first(self, trigger: Trigger, *, since: datetime | None = None) -> datetime | None:
        return trigger.get_next_fire_time(since, self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _system_ahead(self) -> float:
        """By how much the time of day is ahead of the steady clock."""
        return self._clock() - self._steady()
