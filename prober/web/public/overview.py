"""How everything stands that others are shown, made anew every few seconds: a crowd of readers costs what one costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final

from prober.history import HistoryError, RecordedIncident
from prober.status import ProbeStatus, StatusStore, TargetStatus
from prober.web.app_state import AppState
from prober.web.pages.recent_history import RecentHistory, TargetHistory
from prober.web.public.conditions import Condition, condition_of, failing_of, public_name, symptom_of, words_of
from prober.web.public.public_page import PublicPage

INCIDENT_DAYS: Final = 14
_MOST_INCIDENTS: Final = 100
FRESH_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A target, as others see it."""

    name: str
    heading: str
    """Its group."""
    condition: Condition
    symptoms: str
    """In words; empty where nothing fails."""
    since: datetime | None
    """Since when it fails."""
    past: TargetHistory | None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """An incident of a target that is shown."""

    target: str
    """Its name for others."""
    recorded: RecordedIncident


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All of it at one moment."""

    at: datetime
    ready: bool
    suspects: bool
    targets: tuple[Shown, ...]
    """By group, in each the worst first."""
    incidents: tuple[Incident, ...] | None
    """Those that go on, then the latest; None where there is no history to ask."""
    watched_since: date | None
    """The first day of which history knows something; None where it knows nothing."""

    @cached_property
    def by_name(self) -> Mapping[str, Shown]:
        """The targets by their names for others."""
        return {each.name: each for each in self.targets}


class Overviews:
    """The latest overview. Used in the event loop."""

    def __init__(self, app_state: AppState, chosen: PublicPage) -> None:
        self._app_state, self._chosen = app_state, chosen
        self._past = RecentHistory(app_state.history)
        self._one_at_a_time = asyncio.Lock()
        self._made = float("-inf")
        self._latest: Overview | None = None

    async def latest(self) -> Overview:
        """At most some seconds old."""
        async with self._one_at_a_time:
            if self._latest is None or time.monotonic() - self._made > FRESH_SECONDS:
                self._latest = await self._make()
                self._made = time.monotonic()
            return self._latest

    async def _make(self) -> Overview:
        state, now = self._app_state, datetime.now(UTC)
        targets = [each for each in state.statuses.targets() if each.probes and self._chosen.shows(each.target)]
        names = [each.target.name for each in targets]
        past = await self._past.all_targets(names, now)
        recorded = await self._incidents(names, now)
        suspects = state.suspects()
        shown = await asyncio.to_thread(self._shown, targets, past, now, suspects=suspects)
        by_name = {each.target.name: each.target for each in targets}
        return Overview(
            at=now,
            ready=state.ready(),
            suspects=suspects,
            targets=shown,
            incidents=None
            if recorded is None
            else tuple(
                Incident(target=public_name(by_name[each.target]), recorded=_ended_if_gone(each, state.statuses))
                for each in recorded
            ),
            watched_since=min((history.days[0].day for history in (past or {}).values() if history.days), default=None),
        )

    async def _incidents(self, names: Sequence[str], now: datetime) -> list[RecordedIncident] | None:
        if self._app_state.history is None:
            return None
        try:
            since = now - timedelta(days=INCIDENT_DAYS)
            return await self._app_state.history.incidents(since=since, targets=names, limit=_MOST_INCIDENTS)
        except HistoryError:
            return None

    def _shown(
        self,
        targets: Iterable[TargetStatus],
        past: Mapping[str, TargetHistory] | None,
        now: datetime,
        *,
        suspects: bool,
    ) -> tuple[Shown, ...]:
        """In a thread: there may be thousands."""

        def shown(target: TargetStatus) -> Shown:
            condition = condition_of(target, now, in_maintenance=self._in_maintenance, suspects=suspects)
            fails = condition in (Condition.DOWN, Condition.DEGRADED)
            failing = failing_of(target, now, in_maintenance=self._in_maintenance) if fails else []
            began = [status.stands_since for status in failing if status.stands_since is not None]
            return Shown(
                name=public_name(target.target),
                heading=self._chosen.heading(target.target),
                condition=condition,
                symptoms=words_of(map(symptom_of, failing)),
                since=min(began, default=None),
                past=None if past is None else past.get(target.target.name, TargetHistory()),
            )

        order = {condition: number for number, condition in enumerate(Condition)}
        # Those without a group come last.
        return tuple(
            sorted(
                map(shown, targets),
                key=lambda each: (not each.heading, each.heading, order[each.condition], each.name),
            )
        )

    def _in_maintenance(self, status: ProbeStatus) -> bool:
        try:
            return self._app_state.in_maintenance(status.probe.name)
        except KeyError:  # a reload has removed it meanwhile
            return False


def _ended_if_gone(incident: RecordedIncident, statuses: StatusStore) -> RecordedIncident:
    """An incident whose failing probes are run no more ends with their last runs: nobody will ever see them pass."""
    if incident.until is not None or any(statuses.find(*probe) is not None for probe in incident.failing):
        return incident
    return replace(incident, until=incident.last_run or incident.since)
