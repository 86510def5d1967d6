"""APScheduler as the clock: it calls at each due time and does nothing else. Its loop is the one it is started in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from apscheduler.executors.base import BaseExecutor  # type: ignore[import-untyped]
from apscheduler.job import Job  # type: ignore[import-untyped]
from apscheduler.jobstores.memory import MemoryJobStore  # type: ignore[import-untyped]
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]

_log: Final = logging.getLogger(__name__)
_ITS_OWN: Final = logging.getLogger(f"{__name__}.apscheduler")
_ITS_OWN.setLevel(logging.WARNING)  # it tells of every job that is added

_LOOK: Final = 10.0
"""Seconds between two looks at whether the system's clock was set."""
_SET_BACK: Final = 1.0
"""Seconds by which it goes back when it was: what NTP slews in ten seconds is a hundredth of that."""

_AT_A_TIME: Final = 0.004
"""Seconds of work on the timetable after which others have their turn."""

Begin = Callable[[str, datetime], None]
"""Takes a name and the time at which it is due."""


class Clock:
    """A timetable: `begin` is called in the loop's thread with each name whose time has come."""

    def __init__(self, begin: Begin) -> None:
        self._wanted: Mapping[str, BaseTrigger] = {}
        self._kept: dict[str, BaseTrigger | None] = {}
        """What APScheduler goes by, a name and its trigger; None is to be counted anew."""
        self._changes: Iterator[str] = iter(())
        self._next_changes: asyncio.Handle | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            logger=_ITS_OWN,
            jobstores={"default": MemoryJobStore()},
            executors={"default": _Caller(begin)},
            # A run that is late is run, and told to be late; several that were missed are one.
            job_defaults={"misfire_grace_time": None, "coalesce": True},
        )
        self._ahead = 0.0
        self._look: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to call. To be done in the event loop."""
        self._scheduler.start()
        self.keep(self._wanted)
        self._ahead = self._system_ahead()
        self._look = asyncio.get_running_loop().call_later(_LOOK, self._look_at_the_system)

    async def stop(self) -> None:
        """Never call again."""
        for handle in (self._look, self._next_changes):
            if handle is not None:
                handle.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it only asks the loop to do so

    def keep(self, timetable: Mapping[str, BaseTrigger]) -> None:
        """Go by this timetable, once started. A name whose trigger is the same keeps its next time.

        Changes are made little by little, for the loop has other work; a name that is gone may be called until then.
        """
        self._wanted = timetable
        gone = self._kept.keys() - timetable.keys()
        changed = [name for name, trigger in timetable.items() if self._kept.get(name) != trigger]
        self._changes = iter([*gone, *changed])
        if self._scheduler.running:
            self._make_changes()

    def next(self, name: str) -> datetime | None:
        """When a name is called next; None when it is not."""
        job = self._scheduler.get_job(name) if self._scheduler.running else None
        if job is None or self._kept.get(name) != self._wanted.get(name):
            trigger = self._wanted.get(name)
            return trigger.get_next_fire_time(None, datetime.now(UTC)) if trigger is not None else None
        due: datetime = job.next_run_time
        return due

    def realign(self) -> None:
        """Count all next times from now on."""
        self._kept = dict.fromkeys(self._kept)
        self.keep(self._wanted)

    def _make_changes(self) -> None:
        if self._next_changes is not None:
            self._next_changes.cancel()
        end = time.monotonic() + _AT_A_TIME
        self._scheduler.pause()  # else it looks for what is due after each job that is added
        for name in self._changes:
            if name in self._wanted:
                self._kept[name] = self._wanted[name]
                self._scheduler.add_job(_never_called, self._kept[name], id=name, name=name, replace_existing=True)
            else:
                del self._kept[name]
                self._scheduler.remove_job(name)
            if time.monotonic() >= end:
                self._next_changes = asyncio.get_running_loop().call_soon(self._make_changes)
                break
        self._scheduler.resume()

    def _look_at_the_system(self) -> None:
        """Due times are times of day. When the system's clock is set back by an hour, nothing would run for an hour."""
        before, self._ahead = self._ahead, self._system_ahead()
        if self._ahead < before - _SET_BACK:
            _log.warning("the system's clock was set back by %.1f s: due times are counted anew", before - self._ahead)
            self.realign()
        self._look = asyncio.get_running_loop().call_later(_LOOK, self._look_at_the_system)

    def _system_ahead(self) -> float:
        """How far the time of day is ahead of the loop's."""
        return time.time() - time.monotonic()


class _Caller(BaseExecutor):  # type: ignore[misc]  # comes without types
    """Calls `begin` in the scheduler's own step: a run gets its due time, and no thread or task is used for it."""

    def __init__(self, begin: Begin) -> None:
        super().__init__()
        self._begin = begin

    def submit_job(self, job: Job, run_times: list[datetime]) -> None:
        self._begin(job.id, run_times[-1])

    def _do_submit_job(self, job: Any, run_times: Any) -> None:
        self.submit_job(job, run_times)


def _never_called() -> None:
    """A job must have a function. Ours are started by the executor."""
