"""Opens the schedule of a daemon: in this process, or split among worker processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import Ended, KeptProcesses
from prober.config.model import Config, Probe
from prober.daemon.settings import Settings
from prober.loop_lag import LoopLag
from prober.metrics import Metrics
from prober.metrics.workers import WorkerFigures
from prober.outcome import Outcome
from prober.schedule import Scheduler
from prober.scheduled_run import Sink

if TYPE_CHECKING:
    from prober.otel.telemetry import Telemetry


class Schedule(Protocol):
    """What the daemon asks of it, however many processes there are. `Scheduler` says what each means."""

    @property
    def probes(self) -> Mapping[str, Probe]: ...
    @property
    def disabled(self) -> tuple[Probe, ...]: ...
    @property
    def running(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    def apply_config(self, config: Config) -> None: ...
    def run_early(self, probe: str) -> None: ...
    async def run_now(self, probe: str, *, timeout: float | None = None) -> Outcome: ...
    def next_due(self, probe: str) -> datetime | None: ...
    def in_maintenance(self, probe: str) -> bool: ...
    def budget_remaining(self, target: str) -> int | None: ...
    async def drain(self, seconds: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A schedule, and what it does from entering to leaving: to be entered once it has a configuration."""

    schedule: Schedule
    running: AbstractAsyncContextManager[Any]
    workers: Callable[[], Sequence[WorkerFigures]] = tuple
    """How its worker processes stand; it has none where probes run in this process."""


async def open_schedule(
    settings: Settings,
    *,
    sinks: Sequence[Sink],
    metrics: Metrics,
    telemetry: Telemetry | None,
    on_kept_end: Callable[[Ended], None],
    stack: AsyncExitStack,
) -> Opened:
    """The schedule that the settings ask for. What it needs is closed at the end of the stack."""
    lag = await stack.enter_async_context(LoopLag(metrics.loop_lag))
    if settings.processes > 1:
        from prober.daemon.workers.split_schedule import SplitSchedule

        split = SplitSchedule(
            processes=settings.processes,
            sinks=sinks,
            concurrency=settings.concurrency,
            shard=settings.shard,
            schedule=settings.schedule,
            spans=telemetry is not None and telemetry.makes_spans,
            log_format=settings.log_format,
            on_lag=metrics.loop_lag,
            on_kept_end=on_kept_end,
        )
        return Opened(schedule=split, running=split, workers=lambda: split.workers)
    scheduler = Scheduler(
        judge=await stack.enter_async_context(Judge()),
        sinks=sinks,
        concurrency=settings.concurrency,
        shard=settings.shard,
        lag=lag,
        kept=await stack.enter_async_context(KeptProcesses(on_kept_end)),
        new_span=telemetry.new_span if telemetry else lambda: None,
    )
    return Opened(schedule=scheduler, running=scheduler if settings.schedule else nullcontext())
