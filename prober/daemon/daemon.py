"""The long-running prober: starts, reloads and drains all its parts.

Data flow: the scheduler runs probes and passes every ScheduledRun to the sinks (outage detector, status store, metrics,
log, notifications, OpenTelemetry, history); the web server reads the status store, the history and the metrics.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from prober import notify
from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import Ended, KeptProcesses
from prober.config import ConfigError
from prober.config.model import Config, Notify
from prober.daemon import systemd
from prober.daemon.logs import log
from prober.daemon.settings import Settings
from prober.daemon.verdict_log import Changes
from prober.history import HistoryStore
from prober.loop_lag import LoopLag
from prober.metrics import Metrics
from prober.notify import Links, Notifier
from prober.outcome import Outcome, Symptom
from prober.recent import RecentPace, RecentRuns
from prober.report.untrusted import line
from prober.schedule import Scheduler
from prober.schedule.own_outage import OutageDetector
from prober.scheduled_run import Sink
from prober.sources import expanded
from prober.sources.memory import Memory
from prober.sources.watcher import Watcher
from prober.status import StatusStore
from prober.web import AppState, Loaded, Web, application

if TYPE_CHECKING:
    from prober.otel.telemetry import Telemetry

_POLL_INTERVAL: Final = 1.0
"""Seconds between updates of the metrics that are polled: running probes, size of the history."""
_NO_NOTIFICATIONS: Final = Notify(urls=())


class Daemon:
    """One prober process. Inside `running()`, the other methods may be called from the same event loop.

    `load` reads the configuration; it is called in a thread and raises ConfigError if the configuration is invalid.
    """

    def __init__(self, settings: Settings, load: Callable[[], Config]) -> None:
        """Raises WebConfigError if the web configuration file is invalid."""
        self._settings = settings
        self._load = load
        self._ready = False
        self._started_at = datetime.now(UTC)
        self._written = Config()
        """What the files say."""
        self._config = Config()
        """The same with the targets of sources, and probes made of templates."""
        self._sources = Watcher(
            Memory(settings.state / "sources" if settings.state is not None else None),
            on_change=self._sources_changed,
            on_trouble=self._source_trouble,
        )
        self._loaded = Loaded(config=self._config, since=self._started_at)
        self._reloading = asyncio.Lock()
        self._reloads_asked = self._reloads_answered = 0
        self._reload_answer: str | None = None
        self._web = Web(
            host=settings.host,
            port=settings.port,
            config_file=settings.web_config,
            external_url=settings.external_url,
        )
        self._statuses = StatusStore(suspects=self._suspects)
        self._metrics = Metrics(location=settings.location)
        self._recent_runs = RecentRuns()
        self._pace = RecentPace()
        self._changes = Changes()
        self._outage_detector = OutageDetector()
        self._telemetry: Telemetry | None = None
        self._notifier = Notifier(
            _NO_NOTIFICATIONS,
            self._statuses,
            suspects=self._suspects,
            on_sent=lambda outcome: self._metrics.notified(outcome == "sent"),
            links=Links(page=lambda: self._web.page_url, paths=settings.paths),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Probe and serve while the block runs; yields the URL of the status page.

        At the end it drains: no run begins, and running probes have `settings.drain` seconds to end. Meanwhile
        `/-/ready` answers 503 and all other pages are served.

        Raises:
            ConfigError: the configuration is invalid.
            NotifyError: the notifications of the configuration cannot be sent.
            HistoryError: another process has the history file.
            OtelError: spans and metrics cannot be exported as the environment asks for.
            OSError: the address cannot be listened on.
        """
        config = await asyncio.to_thread(self._read)
        async with AsyncExitStack() as stack:
            telemetry = self._telemetry = self._open_telemetry(stack)
            history = self._open_history(stack)
            lag = await stack.enter_async_context(LoopLag(self._metrics.loop_lag))
            judge = await stack.enter_async_context(Judge())
            kept = await stack.enter_async_context(KeptProcesses(self._process_ended))
            sinks: list[Sink] = [self._outage_detector, self._statuses, self._metrics, self._changes, self._notifier]
            sinks += [self._recent_runs, self._pace, *(sink for sink in (telemetry, history) if sink)]
            self._scheduler = Scheduler(
                judge=judge,
                sinks=sinks,
                concurrency=self._settings.concurrency,
                shard=self._settings.shard,
                lag=lag,
                kept=kept,
                new_span=telemetry.new_span if telemetry else lambda: None,
            )
            self._metrics.ask(
                budget_remaining=self._scheduler.budget_remaining,
                in_maintenance=self._scheduler.in_maintenance,
                streak=self._streak,
            )
            self._written = config
            stack.push_async_callback(self._sources.stop)
            await self._sources.apply(config.sources)
            self._apply_config(await self._with_sources())
            if history:
                self._restore(history)
            await stack.enter_async_context(self._notifier)
            url = await stack.enter_async_context(self._web.serving(application(self._app_state(history), self._web)))
            if self._web.is_open:
                log(logging.WARNING, "open_to_all", url=url, advice="give --web-config a file with basic_auth_users")
            await stack.enter_async_context(systemd.watched())
            await stack.enter_async_context(self._polling(history))
            await stack.enter_async_context(self._scheduler)
            stack.push_async_callback(self._drain)
            self._run_new_probes()
            self._ready = True
            systemd.ready(self._status())
            log(logging.INFO, "ready", url=url, probes=len(self._scheduler.probes), targets=len(self._config.targets))
            yield url

    async def reload(self) -> str | None:
        """Read the configuration again and apply it; or keep the present one and return the errors of the new one.

        Every step that can fail comes before the first change. The state of unchanged probes is kept. Calls during a
        reload are answered by one more reload together: the files may have changed since the running one read them.
        """
        self._reloads_asked += 1
        asked = self._reloads_asked
        async with self._reloading:
            if self._reloads_answered < asked:
                answered = self._reloads_asked
                self._reload_answer = await self._reload()
                self._reloads_answered = answered
            return self._reload_answer

    async def _reload(self) -> str | None:
        if not self._ready:
            return "the prober is not ready, or about to end: nothing was reloaded"
        systemd.reloading()
        try:
            config = await asyncio.to_thread(self._read)
            self._web.apply_config(await asyncio.to_thread(self._web.read))
        except ConfigError as error:
            return self._reload_failed(str(error))
        except Exception as error:  # no error of a reload may end the running daemon
            return self._reload_failed(f"{type(error).__name__}: {error}")
        self._written = config
        await self._sources.apply(config.sources)
        await self._take_over()
        self._loaded = Loaded(config=self._config, since=datetime.now(UTC))
        log(logging.INFO, "reloaded", probes=len(self._scheduler.probes), targets=len(self._config.targets))
        return None

    async def _take_over(self) -> None:
        """Apply the configuration that files and sources make together now."""
        self._apply_config(await self._with_sources())
        self._run_new_probes()
        systemd.ready(self._status())

    async def _with_sources(self) -> Config:
        """In a thread: twenty thousand targets are many probes."""
        return await asyncio.to_thread(expanded, self._written, self._sources.targets)

    def _sources_changed(self) -> None:
        self._changing = asyncio.create_task(self._take_sources_over(), name="take over targets of sources")

    async def _take_sources_over(self) -> None:
        async with self._reloading:
            if self._ready:
                await self._take_over()
                log(
                    logging.INFO,
                    "targets_changed",
                    probes=len(self._scheduler.probes),
                    targets=len(self._config.targets),
                )

    def _source_trouble(self, source: str, why: str | None) -> None:
        if why is None:
            log(logging.INFO, "source_well", source=source)
        else:
            log(logging.ERROR, "source_trouble", source=source, message=why)

    def _read(self) -> Config:
        config = self._load()
        if config.notify is not None:
            notify.check(config.notify)
        return config

    def _apply_config(self, config: Config) -> None:
        self._config = config
        self._loaded = replace(self._loaded, config=config)
        self._scheduler.apply_config(config)
        self._outage_detector.apply_config(config)
        self._statuses.apply_config(config, probes=self._scheduler.probes, disabled=self._scheduler.disabled)
        self._metrics.apply_config(config, self._scheduler.probes)
        self._changes.apply_config(config)
        if self._telemetry:
            self._telemetry.apply_config(config, self._scheduler.probes)
        self._recent_runs.apply_config(config)
        self._pace.apply_config(config)
        self._notifier.apply_config(config.notify or _NO_NOTIFICATIONS)
        # A configuration lives for months. With ten thousand probes, each garbage collection that looks through it
        # would stop the loop for a tenth of a second, so it is frozen; the previous configuration is collected first.
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def _run_new_probes(self) -> None:
        for status in self._statuses.probes():
            if status.last is None:
                self._scheduler.run_early(status.probe.name)

    def _reload_failed(self, why: str) -> str:
        self._metrics.reloaded(False)
        self._loaded = replace(self._loaded, refused_at=datetime.now(UTC), refused_for=why)
        systemd.ready(f"{self._status()}; the last reload failed")
        log(logging.ERROR, "reload_failed", message=why)
        return why

    def _open_history(self, stack: AsyncExitStack) -> HistoryStore | None:
        if self._settings.history is None:
            return None
        self._metrics.history_up(True)
        history = HistoryStore.open(
            self._settings.history,
            statuses=self._statuses,
            retention=self._settings.retention,
            on_trouble=self._history_trouble,
            on_moved=lambda what: log(logging.WARNING, "history_moved_aside", message=what),
        )
        stack.push_async_callback(history.close)
        return history

    def _history_trouble(self, trouble: str | None) -> None:
        self._metrics.history_up(trouble is None)
        if trouble is None:
            log(logging.INFO, "history_well")
        else:
            log(logging.ERROR, "history_trouble", message=trouble)

    def _open_telemetry(self, stack: AsyncExitStack) -> Telemetry | None:
        if not self._settings.otel:
            return None
        from prober.otel.opening import open_telemetry

        telemetry = open_telemetry(location=self._settings.location, on_trouble=self._telemetry_trouble)
        if telemetry is not None:
            stack.push_async_callback(asyncio.to_thread, telemetry.stop)
        return telemetry

    def _telemetry_trouble(self, trouble: str | None) -> None:
        if trouble is None:
            log(logging.INFO, "telemetry_well")
        else:
            log(logging.WARNING, "telemetry_trouble", message=trouble)

    def _streak(self, probe: str) -> tuple[int, Symptom | None]:
        status = self._statuses.probe(probe)
        return status.streak, status.symptom

    def _restore(self, history: HistoryStore) -> None:
        remembered = history.remembered()
        self._statuses.restore(remembered)
        self._metrics.restore(remembered)
        self._changes.restore(remembered)

    def _app_state(self, history: HistoryStore | None) -> AppState:
        return AppState(
            statuses=self._statuses,
            history=history,
            metrics=self._metrics,
            next_due=self._scheduler.next_due,
            in_maintenance=self._scheduler.in_maintenance,
            suspects=self._suspects,
            recent_runs=self._recent_runs,
            pace=self._pace,
            loaded=lambda: self._loaded,
            run_now=self._run_now,
            reload=self.reload,
            ready=lambda: self._ready,
            started_at=self._started_at,
            location=self._settings.location,
            paths=self._settings.paths,
        )

    async def _run_now(self, probe_name: str, /, *, timeout: float | None) -> Outcome:
        outcome = await self._scheduler.run_now(probe_name, timeout=timeout)
        self._recent_runs.asked_for(outcome)
        return outcome

    def _process_ended(self, ended: Ended) -> None:
        self._metrics.process_ended(ended)
        self._statuses.process_ended(ended)
        log(
            logging.WARNING if ended.trouble else logging.INFO,
            "process_ended",
            target=ended.target,
            cause=ended.cause.value,
            age_seconds=round(ended.age, 3),
            message=line(ended.trouble) or None,
        )

    def _suspects(self) -> bool:
        return self._outage_detector.suspects

    @asynccontextmanager
    async def _polling(self, history: HistoryStore | None) -> AsyncIterator[None]:
        """Update the polled metrics while the block runs."""

        async def poll() -> None:
            suspected = False
            while True:
                self._metrics.load(running=self._scheduler.running, waiting=self._scheduler.waiting)
                if history:
                    self._metrics.history_size(history.bytes, dropped=history.dropped)
                suspects = self._suspects()
                self._metrics.suspects(suspects)
                if suspects != suspected:
                    log(logging.WARNING, "suspects_itself" if suspects else "trusts_itself")
                suspected = suspects
                await asyncio.sleep(_POLL_INTERVAL)

        polling = asyncio.create_task(poll(), name="poll metrics")
        try:
            yield
        finally:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling

    async def _drain(self) -> None:
        self._ready = False
        systemd.stopping()
        log(logging.INFO, "stopping", running=self._scheduler.running)
        await self._scheduler.drain(self._settings.drain)
        log(logging.INFO, "drained")

    def _status(self) -> str:
        return f"{len(self._scheduler.probes)} probes of {len(self._config.targets)} targets"
