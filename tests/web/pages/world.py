"""A small world to make pages of: targets and probes with what became of them, with real statuses and history."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from prober.config.model import Config, Probe, Target
from prober.history import HistoryStore
from prober.kinds.handshake import HandshakeSettings
from prober.metrics import Metrics
from prober.outcome import Evidence, Outcome, Reason, Verdict
from prober.recent import RecentPace, RecentRuns
from prober.scheduled_run import ScheduledRun
from prober.status import StatusStore
from prober.web import AppState, Loaded, PublicPage, Web, application, public_application


def target(name: str, **rest: Any) -> Target:
    return Target(name=name, address=rest.pop("address", f"http://{name}.example/mcp"), **rest)


def probe(name: str, of: str, **rest: Any) -> Probe:
    return Probe(name=name, target=of, kind=rest.pop("kind", "handshake"), settings=HandshakeSettings(), **rest)


def result(
    of: Probe, *, ago: float = 5.0, reason: Reason | None = None, maintenance: bool = False, **rest: Any
) -> ScheduledRun:
    """A run that began so many seconds ago."""
    started = datetime.now(UTC) - timedelta(seconds=ago)
    outcome = Outcome(
        target=of.target,
        probe=of.name,
        kind=of.kind,
        verdict=reason.verdict if reason else Verdict.PASS,
        reason=reason,
        started_at=started,
        duration_seconds=rest.pop("took", 0.012),
        **rest,
    )
    return ScheduledRun(outcome=outcome, due=started, maintenance=maintenance)


BAD: Mapping[str, Any] = {
    "step": "tools/call",
    "message": "/completedSteps: type: expected array, seen null",
    "evidence": (Evidence(pointer="/completedSteps", keyword="type", expected="array", seen="null", detail="{…}"),),
}


@dataclass(kw_only=True)
class World:
    """What the daemon knows; a test changes it while pages are looked at."""

    statuses: StatusStore = field(default_factory=StatusStore)
    recent_runs: RecentRuns = field(default_factory=RecentRuns)
    pace: RecentPace = field(default_factory=RecentPace)
    config: Config = field(default_factory=Config)
    refused: str = ""
    """What is wrong with the configuration that was refused."""
    history: HistoryStore | None = None
    suspects: bool = False
    ready: bool = True
    maintained: frozenset[str] = frozenset()
    next_due: Callable[[str], datetime | None] = lambda _: datetime.now(UTC) + timedelta(seconds=25.5)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=5))
    location: str | None = None

    def apply_config(self, targets: Iterable[Target], probes: Iterable[Probe]) -> None:
        config = Config(targets={each.name: each for each in targets}, probes={each.name: each for each in probes})
        self.config = config
        self.statuses.apply_config(
            config,
            probes={name: each for name, each in config.probes.items() if each.enabled},
            disabled=[each for each in config.probes.values() if not each.enabled],
        )

    def record(self, *results: ScheduledRun) -> None:
        for each in results:
            self.statuses.record(each)
            self.recent_runs.record(each)
            self.pace.record(each)

    def _loaded(self) -> Loaded:
        refused_at = datetime.now(UTC) - timedelta(minutes=4) if self.refused else None
        return Loaded(config=self.config, since=self.started_at, refused_at=refused_at, refused_for=self.refused)

    @property
    def app_state(self) -> AppState:
        return AppState(
            statuses=self.statuses,
            metrics=Metrics(),
            history=self.history,
            recent_runs=self.recent_runs,
            pace=self.pace,
            loaded=self._loaded,
            run_now=_never,
            reload=_nothing,
            ready=lambda: self.ready,
            next_due=self.next_due,
            in_maintenance=lambda name: name in self.maintained,
            suspects=lambda: self.suspects,
            started_at=self.started_at,
            location=self.location,
            paths=(Path("/etc/mcp-prober/probes"),),
        )


def small_world(reasons: Mapping[str, Reason | None], **rest: Any) -> World:
    """A target with one probe, `NAME-probe`, for each name, whose last run ended for that reason."""
    world = World(**rest)
    probes = {name: probe(f"{name}-probe", name) for name in reasons}
    world.apply_config([target(name) for name in reasons], probes.values())
    world.record(*(result(probes[name], reason=reason, **(BAD if reason else {})) for name, reason in reasons.items()))
    return world


@contextmanager
def history_of(results: Iterable[ScheduledRun], path: Path) -> Iterator[HistoryStore]:
    """A real history, in which these are written down already."""
    written = list(results)
    before = HistoryStore.open(path, queue=len(written) + 1)
    for each in written:
        before.record(each)
    asyncio.run(before.close())
    history = HistoryStore.open(path)
    try:
        yield history
    finally:
        asyncio.run(history.close())


def hourly(of: Probe, *, days: int, bad: Callable[[int], bool] = lambda _: False) -> Iterator[ScheduledRun]:
    """A run every hour for so many days, the oldest first; `bad` says of which hours before now it fails."""
    for hour in range(days * 24, 0, -1):
        reason = Reason.CONNECT_REFUSED if bad(hour) else None
        took = 0.02 + hour % 7 / 1000
        yield result(of, ago=hour * 3600, reason=reason, took=took, message="Connection refused" if reason else "")


@contextmanager
def served(world: World, public: PublicPage | None = None) -> Iterator[str]:
    """The whole application of this world, or its page for others, by a real server in a thread; yields the URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    if public is None:
        app = application(world.app_state)
    else:
        app = public_application(world.app_state, Web(port=listener.getsockname()[1]), public)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="pages")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


async def _never(probe_name: str, /, *, timeout: float | None) -> Outcome:
    raise KeyError(probe_name)


async def _nothing() -> str | None:
    return None


def aged(standing_result: ScheduledRun, *, by: float) -> ScheduledRun:
    """The same run, so many seconds earlier."""
    outcome = standing_result.outcome
    return replace(standing_result, outcome=replace(outcome, started_at=outcome.started_at - timedelta(seconds=by)))
