"""Metrics: the Sink that updates the records of probes and targets, and writes the /metrics page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest as text_page
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_page

from prober.client.stdio.kept_processes import Ended
from prober.config.model import Config, Probe, Target
from prober.metrics.exposition import CONTENT_TYPES, Format, format_for, labels_text, sliced, write_family
from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.metrics.records import NO_STREAK, ProbeRecord, Streak, in_order
from prober.metrics.self_metrics import LabelledCollector, SelfMetrics
from prober.metrics.target_record import TargetRecord, address_of
from prober.metrics.workers import WorkerFigures
from prober.outcome import Reason
from prober.scheduled_run import Remembered, ScheduledRun
from prober.sources.watcher import SourceState

_PIECE: Final = 64 * 1024
"""Bytes of one piece of the response: each send has a fixed cost."""


class Metrics:
    """The families of `families()` and their values. Used in the event loop's thread, as every Sink."""

    def __init__(self, *, location: str | None = None, shard: tuple[int, int] | None = None) -> None:
        """`location` is a constant label of every family, `shard` which part of how many this process is."""
        self._place = (("location", location),) if location else ()
        self._probes: dict[str, ProbeRecord] = {}
        self._targets: dict[str, TargetRecord] = {}
        self._budget_remaining: Callable[[str], float | None] = lambda _target: None
        self._in_maintenance: Callable[[str], bool] = lambda _probe: False
        self._streak: Callable[[str], Streak] = lambda _probe: NO_STREAK
        own = CollectorRegistry()
        self._own = SelfMetrics(own)
        if shard is not None:
            self._own.is_shard(*shard)
        self._had_sources = False
        self._own_registry = CollectorRegistry()
        self._own_registry.register(LabelledCollector(self._place, own))

    # The configuration

    def apply_config(self, config: Config, probes: Mapping[str, Probe]) -> None:
        """Apply a configuration, of which this process runs `probes`.

        A probe of the same name, target and kind keeps its values; so does a target at the same address. All other
        series are removed.
        """
        before = self._probes
        self._probes = {}
        for name, probe in probes.items():
            target = config.targets[probe.target]
            record = before.get(name)
            if record is None or (record.target, record.kind) != (probe.target, probe.kind):
                labels = (*self._place, ("target", probe.target), ("probe", name))
                record = ProbeRecord(probe, labels_text(labels))
            record.follow(probe, target)
            record.streak = self._streak_now
            record.in_maintenance = self._maintenance_now if probe.maintenance or target.maintenance else None
            self._probes[name] = record
        by_target: dict[str, list[Probe]] = {}
        for probe in probes.values():
            by_target.setdefault(probe.target, []).append(probe)
        self._apply_targets((config.targets[name], of_target) for name, of_target in by_target.items())
        self._own.probes.set(len(self._probes))
        self._own.targets.set(len(self._targets))
        self.reloaded(True)

    def _apply_targets(self, targets: Iterable[tuple[Target, Sequence[Probe]]]) -> None:
        """Apply the targets, each with its probes."""
        before = self._targets
        self._targets = {}
        for target, probes in targets:
            record = before.get(target.name)
            if record is None or record.address != address_of(target):
                record = TargetRecord(target, labels_text((*self._place, ("target", target.name))))
            record.budget = self._budget_now if target.budget is not None else None
            record.follow(target, probes)
            self._targets[target.name] = record

    def restore(self, remembered: Iterable[Remembered]) -> None:
        """Show the last runs of the previous process; probes that are no longer configured are ignored."""
        known = [memory for memory in remembered if self._record(memory.target, memory.probe) is not None]
        for memory in known:
            self._probes[memory.probe].restore(memory)
        for result in in_order(known):
            self._targets[result.outcome.target].learn(result.outcome)

    def ask(
        self,
        *,
        budget_remaining: Callable[[str], float | None],
        in_maintenance: Callable[[str], bool],
        streak: Callable[[str], Streak] = lambda _probe: NO_STREAK,
    ) -> None:
        """Set the functions that say, when a page is written, what other rooms know of a target or a probe.

        They are called with a name and raise KeyError for a name that is no longer configured: the remaining budget of
        a target and the maintenance of a probe, only where a budget or a window is configured; and the streak
        of a probe, which the status store counts.
        """
        self._budget_remaining = budget_remaining
        self._in_maintenance = in_maintenance
        self._streak = streak

    def _maintenance_now(self, probe: str) -> bool:
        with suppress(KeyError):
            return self._in_maintenance(probe)
        return False

    def _streak_now(self, probe: str) -> Streak:
        with suppress(KeyError):
            return self._streak(probe)
        return NO_STREAK

    def _budget_now(self, target: str) -> float | None:
        with suppress(KeyError):
            return self._budget_remaining(target)
        return None

    # The protocol Sink

    def record(self, result: ScheduledRun) -> None:
        """A run has ended. The result of a removed probe is ignored."""
        self._own.start_lag.observe(max(0.0, result.start_lag_seconds))
        outcome = result.outcome
        if outcome.reason is Reason.PROBER_SHORTAGE:
            self._own.shortages.inc()
        record = self._record(outcome.target, outcome.probe)
        if record is not None:
            record.add(result)
            self._targets[outcome.target].add(outcome)

    def skipped(self, _probe: Probe) -> None:
        """A run was skipped."""
        self._own.skipped.inc()

    def process_ended(self, ended: Ended) -> None:
        """A kept process has ended. One of a removed target is ignored."""
        record = self._targets.get(ended.target)
        if record is not None and record.restarts is not None and ended.cause in record.restarts:
            record.restarts[ended.cause] += 1

    def _record(self, target: str, probe: str) -> ProbeRecord | None:
        record = self._probes.get(probe)
        return record if record is not None and record.target == target else None

    # The prober's own metrics

    def reloaded(self, success: bool, /) -> None:
        """The configuration was loaded, or could not be. `apply_config` reports success by itself."""
        self._own.reload_successful.set(success)
        if success:
            self._own.reloaded_at.set(time.time())

    def loop_lag(self, seconds: float, /) -> None:
        """The event loop woke `seconds` later than it should have."""
        self._own.loop_lag.observe(seconds)
        self._own.worst_loop_lag.note(seconds)

    def load(self, *, running: int, waiting: int) -> None:
        """Runs that are going on, and runs that are due and wait."""
        self._own.running.set(running)
        self._own.waiting.set(waiting)

    def suspects(self, suspects: bool, /) -> None:
        """Whether the prober suspects itself."""
        self._own.suspects.set(suspects)

    def history_up(self, up: bool, /) -> None:
        """Whether the history is written."""
        self._own.history.is_up(up)

    def history_size(self, size: int, /, *, dropped: int) -> None:
        """Bytes of the history, and results dropped since the process began."""
        self._own.history.measured(size, dropped=dropped)

    def sources(self, states: Mapping[str, SourceState], /) -> None:
        """How the sources of targets stand, by name. Where there was never one, their families are not exported."""
        if states or self._had_sources:
            self._had_sources = True
            self._own.sources.are(states)

    def workers(self, workers: Sequence[WorkerFigures], /) -> None:
        """How the worker processes stand. Where there is none, their families are not exported."""
        if workers:
            self._own.workers.are(workers)

    def notified(self, sent: bool, /) -> None:
        """A notification was sent, or could not be."""
        (self._own.sent if sent else self._own.failed).inc()

    # The page

    def content_type(self, accept: str | None) -> str:
        """The content type of the page for a scraper that sends this Accept header."""
        return CONTENT_TYPES[format_for(accept)]

    async def render(self, accept: str | None) -> AsyncIterator[bytes]:
        """The page in pieces. Between its slices the event loop serves others.

        The page shows the probes at its beginning, each with the values at the moment when its lines are written.
        """
        written, size = [], 0
        for piece in sliced(self._texts(format_for(accept))):
            written.append(piece)
            size += len(piece)
            if size >= _PIECE:
                yield b"".join(written)
                written, size = [], 0
            await asyncio.sleep(0)
        yield b"".join(written)

    def _texts(self, form: Format) -> Iterator[str]:
        probes, targets = tuple(self._probes.values()), tuple(self._targets.values())
        for of_probes in OF_PROBES:
            yield from write_family(of_probes, probes, form)
        for of_targets in OF_TARGETS:
            yield from write_family(of_targets, targets, form)
        page = openmetrics_page if form == "openmetrics" else text_page
        yield page(self._own_registry).decode()
