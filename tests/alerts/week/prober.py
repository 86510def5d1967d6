"""The prober of the week: the real due times, windows, status, self-doubt and metrics, on a clock that is told.

What is left out is the wire, for outcomes come from the world, and the event loop, for nothing waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from prober.config.model import Config, Probe
from prober.metrics import Metrics
from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.metrics.records import Streak
from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.maintenance import MaintenanceWindows
from prober.schedule.own_outage import OutageDetector
from prober.schedule.scheduler import EARLY
from prober.scheduled_run import Remembered, ScheduledRun
from prober.status import StatusStore

from .world import BEGIN, World

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A name and its labels."""
Page = dict[Series, float]
_START_LAG: Final = 0.002


@dataclass(kw_only=True)
class _Due:
    """A probe and its next due time, by the prober's clock."""

    probe: Probe
    trigger: IntervalTrigger
    windows: MaintenanceWindows
    at: datetime


class Prober:
    """One process of the prober. `step` is by how much its clock is ahead of the world's."""

    def __init__(self, config: Config, world: World, *, now: float, wanted: set[str]) -> None:
        """`wanted` are the names of samples that are read."""
        self._world = world
        self._wanted = wanted
        self._of_probes = [family for family in OF_PROBES if family.name in wanted]
        self._of_targets = [family for family in OF_TARGETS if family.name in wanted]
        self._known: dict[tuple[object, ...], Series] = {}
        self._now = now
        self.step = 0.0
        self._metrics = Metrics()
        self._doubt = OutageDetector(clock=lambda: self._now)
        self._statuses = StatusStore(suspects=lambda: self._doubt.suspects)
        self._metrics.ask(
            budget_remaining=lambda _target: None, in_maintenance=self._in_maintenance, streak=self._streak
        )
        self._due: dict[str, _Due] = {}
        self._touched: set[str] = set()
        self.apply_config(config)

    def apply_config(self, config: Config) -> None:
        """Begin with a configuration, or go on with another one."""
        with patch("time.time", return_value=self._wall().timestamp()):
            self._metrics.apply_config(config, config.probes)
        self._statuses.apply_config(config)
        self._doubt.apply_config(config)
        self._due = {name: self._due.get(name) or self._first(config, probe) for name, probe in config.probes.items()}

    def _first(self, config: Config, probe: Probe) -> _Due:
        """Soon, as the daemon runs a probe for the first time."""
        early = IntervalTrigger.of(probe.target, probe.name, min(probe.interval, EARLY))
        return _Due(
            probe=probe,
            trigger=IntervalTrigger.of(probe.target, probe.name, probe.interval),
            windows=MaintenanceWindows((*config.targets[probe.target].maintenance, *probe.maintenance)),
            at=early.get_next_fire_time(None, self._wall()),
        )

    def memory(self) -> list[Remembered]:
        """What a history would know at the next start."""
        return [
            Remembered(
                target=each.probe.target,
                probe=each.probe.name,
                last=each.last,
                last_success=each.last_success,
                since=each.since,
                streak=each.streak,
                symptom=each.symptom,
            )
            for each in self._statuses.probes()
            if each.last is not None
        ]

    def restore(self, memory: list[Remembered]) -> None:
        """Go on where the process before this one ended."""
        self._statuses.restore(memory)
        self._metrics.restore(memory)
        known = {each.probe for each in memory}
        for name, due in self._due.items():
            if name in known:
                due.at = due.trigger.get_next_fire_time(None, self._wall())

    def live(self, until: float) -> None:
        """All runs that are due until a moment of the world."""
        begun, self._now = self._now, until
        wall = self._wall()
        waiting = sorted((due for due in self._due.values() if due.at <= wall), key=lambda due: due.at)
        for due in waiting:
            while due.at <= wall:
                self._now = max(begun, (due.at - BEGIN).total_seconds() - self.step)
                self._run(due)
        self._now = until

    def _run(self, due: _Due) -> None:
        started = self._wall() + timedelta(seconds=_START_LAG)
        outcome = self._world.run(due.probe, at=self._now, wall=started)
        run = ScheduledRun(
            outcome=outcome, due=due.at, start_lag_seconds=_START_LAG, maintenance=due.windows.open_at(due.at)
        )
        self._doubt.record(run)
        self._statuses.record(run)
        self._metrics.record(run)
        self._touched.add(due.probe.name)
        due.at = due.trigger.get_next_fire_time(due.at, started)

    def _wall(self) -> datetime:
        return BEGIN + timedelta(seconds=self._now + self.step)

    def _in_maintenance(self, probe: str) -> bool:
        return self._due[probe].windows.open_at(self._wall())

    def _streak(self, probe: str) -> Streak:
        status = self._statuses.probe(probe)
        return status.streak, status.symptom

    def read(self, *, whole: bool) -> Iterator[tuple[str, Page]]:
        """What its page says, by whose it is: all of it, or of what may have changed since it was last read."""
        self._metrics.suspects(self._doubt.suspects)
        for probe in self._metrics._probes.values():
            if whole or probe.probe in self._touched or probe.in_maintenance is not None:
                yield (
                    f"probe {probe.probe}",
                    self._page(self._of_probes, probe, {"target": probe.target, "probe": probe.probe}),
                )
        touched = {self._due[name].probe.target for name in self._touched}
        for target in self._metrics._targets.values():
            if whole or target.name in touched:
                yield f"target {target.name}", self._page(self._of_targets, target, {"target": target.name})
        own = (sample for family in self._metrics._own_registry.collect() for sample in family.samples)
        yield (
            "prober",
            {(each.name, tuple(sorted(each.labels.items()))): each.value for each in own if each.name in self._wanted},
        )
        self._touched.clear()

    def _page(self, families: Iterable[Any], record: Any, labels: Mapping[str, str]) -> Page:
        found: Page = {}
        for family in families:
            for key, value in family.read(record):
                place = (family.name, key, *labels.values())
                if (series := self._known.get(place)) is None:
                    names = {**labels, **dict(zip(family.names_of(key), key[1:], strict=True))}
                    series = self._known[place] = (family.name, tuple(sorted(names.items())))
                found[series] = float(value)
        return found
