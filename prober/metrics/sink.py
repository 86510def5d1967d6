"""Metrics: a Sink that keeps what Prometheus is told, and writes the page of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest as text_page
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_page

from prober.config.model import Config, Probe, Target
from prober.metrics.collector import RecordCollector, SelfCollector, labels_of_probe, labels_of_target
from prober.metrics.exposition import CONTENT_TYPES, Format, format_for, labels_text, sliced, write_family
from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.metrics.records import ProbeRecord, TargetRecord, address_of, in_order
from prober.metrics.self_metrics import SelfMetrics
from prober.result import Remembered, Result

_PIECE: Final = 64 * 1024
"""Bytes. To send one costs as much whether it is small or large."""
ALL_REASONS_UP_TO: Final = 1_000
"""Probes of one process. Beyond that, forty zeros for each of them would be most of the page."""


class Metrics:
    """What Prometheus is told. Lives in the event loop's thread, as every Sink does.

    The page holds the families of `families()`; they are on `registry` as well, for whoever collects it.
    """

    def __init__(self, *, location: str | None = None, registry: CollectorRegistry) -> None:
        """`location` is a constant label of every family."""
        self._place = (("location", location),) if location else ()
        self._probes: dict[str, ProbeRecord] = {}
        self._targets: dict[str, TargetRecord] = {}
        self._budget_remaining: Callable[[str], float | None] = lambda _target: None
        self._in_maintenance: Callable[[str], bool] = lambda _probe: False
        self._consecutive_failures: Callable[[str], int] = lambda _probe: 0
        registry.register(
            RecordCollector(self._place, probes=lambda: self._probes.values(), targets=lambda: self._targets.values())
        )
        own = CollectorRegistry()
        self._own = SelfMetrics(own)
        self._own_registry = CollectorRegistry()
        for each in (registry, self._own_registry):
            each.register(SelfCollector(self._place, own))

    # The configuration

    def apply_config(self, config: Config, probes: Mapping[str, Probe]) -> None:
        """Go by a configuration, of which this process runs `probes`.

        A probe of the same name, target and kind keeps its numbers, a target at the same address what was learnt of
        it. The series of all others are gone.
        """
        all_reasons = len(probes) <= ALL_REASONS_UP_TO
        before = self._probes
        self._probes = {}
        for name, probe in probes.items():
            target = config.targets[probe.target]
            record = before.get(name)
            if record is None or (record.target, record.kind) != (probe.target, probe.kind):
                record = ProbeRecord(
                    probe, labels_text((*self._place, *labels_of_probe(target=probe.target, probe=name)))
                )
            record.follow(probe, target, all_reasons=all_reasons)
            record.streak = self._streak_now
            record.in_maintenance = self._maintenance_now if probe.maintenance or target.maintenance else None
            self._probes[name] = record
        self._apply_targets(config.targets[name] for name in dict.fromkeys(p.target for p in probes.values()))
        self._own.probes.set(len(self._probes))
        self._own.targets.set(len(self._targets))
        self.reloaded(True)

    def _apply_targets(self, targets: Iterable[Target]) -> None:
        before = self._targets
        self._targets = {}
        for target in targets:
            record = before.get(target.name)
            if record is None or record.address != address_of(target):
                record = TargetRecord(target, labels_text((*self._place, *labels_of_target(target.name))))
            record.budget = self._budget_now if target.budget is not None else None
            self._targets[target.name] = record

    def restore(self, remembered: Iterable[Remembered]) -> None:
        """Tell of the present what the process before this one left; what is no longer configured is passed over."""
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
        consecutive_failures: Callable[[str], int] = lambda _probe: 0,
    ) -> None:
        """Whom to ask, when a page is made, what this room does not count itself. KeyError means: gone meanwhile.

        Asked by name: what is left of a target's budget and whether a probe is in maintenance, only of those for which
        a budget or a window is configured; and how often a probe failed in a row, which must know of a result first.
        """
        self._budget_remaining = budget_remaining
        self._in_maintenance = in_maintenance
        self._consecutive_failures = consecutive_failures

    def _maintenance_now(self, probe: str) -> bool:
        with suppress(KeyError):
            return self._in_maintenance(probe)
        return False

    def _streak_now(self, probe: str) -> int:
        with suppress(KeyError):
            return self._consecutive_failures(probe)
        return 0

    def _budget_now(self, target: str) -> float | None:
        with suppress(KeyError):
            return self._budget_remaining(target)
        return None

    # What has happened (the protocol Sink)

    def record(self, result: Result) -> None:
        """A run has ended. One of a probe that is gone by now is dropped."""
        self._own.start_lag.observe(max(0.0, result.start_lag_seconds))
        outcome = result.outcome
        record = self._record(outcome.target, outcome.probe)
        if record is not None:
            record.add(result)
            self._targets[outcome.target].learn(outcome)

    def skipped(self, probe: Probe) -> None:
        """A run was left out."""
        self._own.skipped.inc()
        record = self._record(probe.target, probe.name)
        if record is not None:
            record.skipped += 1

    def _record(self, target: str, probe: str) -> ProbeRecord | None:
        record = self._probes.get(probe)
        return record if record is not None and record.target == target else None

    # What the prober is told of itself

    def reloaded(self, success: bool, /) -> None:
        """The configuration was to be loaded; `apply_config` says so by itself where that succeeded."""
        self._own.reload_successful.set(success)
        if success:
            self._own.reloaded_at.set(time.time())

    def loop_lag(self, seconds: float, /) -> None:
        """The event loop came back so much later than it was asked to."""
        self._own.loop_lag.observe(seconds)
        self._own.worst_loop_lag.note(seconds)

    def load(self, *, running: int, waiting: int) -> None:
        """How many runs are going on, and how many wait for their turn."""
        self._own.running.set(running)
        self._own.waiting.set(waiting)

    def suspects(self, suspects: bool, /) -> None:
        """Whether the prober doubts itself."""
        self._own.suspects.set(suspects)

    def history_up(self, up: bool, /) -> None:
        """Whether the history is being written."""
        self._own.history.is_up(up)

    def history_size(self, size: int, /, *, dropped: int) -> None:
        """Bytes of the history, and results that it could not keep since the process began."""
        self._own.history.measured(size, dropped=dropped)

    def notified(self, sent: bool, /) -> None:
        """A notification was sent, or could not be."""
        (self._own.sent if sent else self._own.failed).inc()

    # The page

    def content_type(self, accept: str | None) -> str:
        """The content type of the page for a scraper that sends this Accept header."""
        return CONTENT_TYPES[format_for(accept)]

    async def render(self, accept: str | None) -> AsyncIterator[bytes]:
        """The page in pieces; while each is written everybody else in the event loop has a turn many times.

        It shows the probes of the moment at which it was begun, each with its numbers of the moment at which its line
        is written.
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
