"""What stands behind the endpoints in their tests: a configuration, statuses, metrics and history, all of them real."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.config import Config
from prober.loader import load
from prober.metrics import Metrics
from prober.outcome import Outcome
from prober.recent import RecentPace, RecentRuns
from prober.schedule import Scheduler
from prober.scheduled_run import ScheduledRun
from prober.status import StatusStore
from prober.web import AppState, Loaded

STARTED: Final = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
DUE: Final = datetime(2026, 1, 31, 12, 5, tzinfo=UTC)


class House:
    """Runs probes when it is told to, or by their timetable from entering `scheduler` on."""

    def __init__(self, config: Config, judge: Judge) -> None:
        self.config = config
        self.statuses = StatusStore()
        self.metrics = Metrics()
        self.recent_runs = RecentRuns()
        self.pace = RecentPace()
        self.scheduler = Scheduler(judge=judge, sinks=[self.statuses, self.metrics, self.recent_runs, self.pace])
        self.scheduler.apply_config(config)
        self.statuses.apply_config(config, probes=self.scheduler.probes, disabled=self.scheduler.disabled)
        self.metrics.apply_config(config, self.scheduler.probes)
        self.ready = True
        self.mistake: str | None = None
        """What a reload finds wrong."""
        self.reloads = 0

    @property
    def app_state(self) -> AppState:
        return AppState(
            statuses=self.statuses,
            metrics=self.metrics,
            recent_runs=self.recent_runs,
            pace=self.pace,
            loaded=lambda: Loaded(config=self.config, since=STARTED),
            run_now=self._run_now,
            reload=self._reload,
            ready=lambda: self.ready,
            next_due=lambda _: DUE,
            in_maintenance=lambda _: False,
            started_at=STARTED,
            location="here",
        )

    async def run_all(self) -> None:
        """Every probe that is not disabled once, for the statuses and the metrics to know."""
        for name in self.scheduler.probes:
            result = ScheduledRun(outcome=await self.scheduler.run_now(name), due=datetime.now(UTC))
            self.statuses.record(result)
            self.metrics.record(result)
            self.recent_runs.record(result)

    async def _run_now(self, probe_name: str, /, *, timeout: float | None) -> Outcome:
        outcome = await self.scheduler.run_now(probe_name, timeout=timeout)
        self.recent_runs.asked_for(outcome)
        return outcome

    async def _reload(self) -> str | None:
        self.reloads += 1
        return self.mistake


@asynccontextmanager
async def house(document: Mapping[str, Any], folder: Path, **environ: str) -> AsyncIterator[House]:
    """The house of a configuration, which is written to `folder` as YAML (of which JSON is a part)."""
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    async with Judge() as judge:
        yield House(load([path], environ=environ), judge)


def dead(*probes: str, target: str = "dead", **settings: Any) -> dict[str, Any]:
    """A configuration of handshakes with a port at which nobody listens."""
    common = {"target": target, "kind": "handshake", "interval": "30s", "timeout": "2s", **settings}
    return {
        "targets": {target: {"url": "http://127.0.0.1:9/mcp"}},
        "probes": dict.fromkeys(probes, common),
    }
