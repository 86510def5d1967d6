"""The long-running prober: starts, reloads and drains all its parts.

Data flow: the scheduler runs probes and passes every ScheduledRun to the sinks (outage detector, status store, metrics,
log, notifications, OpenTelemetry, history); the web server reads the status store, the history and the metrics.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from prober.client.stdio.kept_processes import Ended
from prober.config import ConfigError
from prober.config.model import Config, Notify
from prober.daemon import systemd
from prober.daemon.configuration import Configuration
from prober.daemon.logs import log
from prober.daemon.opening import open_history, open_public_page, open_telemetry
from prober.daemon.polling import polled
from prober.daemon.scheduling import open_schedule
from prober.daemon.settings import Settings
from prober.daemon.verdict_log import Changes
from prober.history import HistoryStore
from prober.metrics import Metrics
from prober.notify import Links, Notifier
from prober.outcome import Outcome, Symptom
from prober.own_process import keep_configuration
from prober.recent import RecentPace, RecentRuns
from prober.report.untrusted import line
from prober.schedule.own_outage import OutageDetector
from prober.scheduled_run import Sink
from prober.sources.watcher import SourceState
from prober.status import StatusStore
from prober.web import AppState, Web, application

if TYPE_CHECKING:
    from prober.otel.telemetry import Telemetry

_NO_NOTIFICATIONS: Final = Notify(urls=())


class Daemon:
    """One prober, in one process or with workers.

    Inside `running()`, the other methods may be called from the same event loop.

    `load` reads the configuration; it is called in a thread and raises ConfigError if the configuration is invalid.
    """

    def __init__(self, settings: Settings, load: Callable[[], Config]) -> None:
        """Raises WebConfigError if the web configuration file is invalid."""
        self._settings = settings
        self._ready = False
        self._started_at = datetime.now(UTC)
        self._configuration = Configuration(
            load, state=settings.state, since=self._started_at, on_change=self._sources_changed
        )
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
        shard = (settings.shard.index, settings.shard.count) if settings.shard else None
        self._metrics = Metrics(location=settings.location, shard=shard)
        self._recent_runs = RecentRuns()
        self._pace = RecentPace()
        self._changes = Changes()
        self._outage_detector = OutageDetector()
        self._telemetry: Telemetry | None = None
        self.public_url: str | None = None
        """Of the page for others, while it is served."""
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
            PublicPageError: the page for others cannot be served.
            OSError: the address cannot be listened on.
        """
        written = await self._configuration.read()
        async with AsyncExitStack() as stack:
            telemetry = self._telemetry = open_telemetry(self._settings, stack=stack)
            history = open_history(self._settings, statuses=self._statuses, metrics=self._metrics, stack=stack)
            sinks: list[Sink] = [self._outage_detector, self._statuses, self._metrics, self._changes, self._notifier]
            sinks += [self._recent_runs, self._pace, *(sink for sink in (telemetry, history) if sink)]
            opened = await open_schedule(
                self._settings,
                sinks=sinks,
                metrics=self._metrics,
                telemetry=telemetry,
                on_kept_end=self._process_ended,
                stack=stack,
            )
            self._scheduler = opened.schedule
            self._metrics.ask(
                budget_remaining=self._scheduler.budget_remaining,
                in_maintenance=self._scheduler.in_maintenance,
                streak=self._streak,
            )
            stack.push_async_callback(self._configuration.sources.stop)
            await self._configuration.use(written)
            self._apply_config(await self._configuration.put_together())
            if history:
                self._restore(history)
            await stack.enter_async_context(self._notifier)
            app_state = self._app_state(history)
            url = await stack.enter_async_context(self._web.serving(application(app_state, self._web)))
            self.public_url = await open_public_page(self._settings, app_state, stack=stack)
            if self._web.is_open:
                log(logging.WARNING, "open_to_all", url=url, advice="give --web-config a file with basic_auth_users")
            await stack.enter_async_context(systemd.watched())
            await stack.enter_async_context(
                polled(opened, self._metrics, history, sources=self._sources, suspects=self._suspects)
            )
            await stack.enter_async_context(opened.running)
            stack.push_async_callback(self._drain)
            self._run_new_probes()
            self._ready = True
            systemd.ready(self._status())
            log(logging.INFO, "ready", url=url, **self._counts())
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
            written = await self._configuration.read()
            self._web.apply_config(await asyncio.to_thread(self._web.read))
        except ConfigError as error:
            return self._reload_failed(str(error))
        except Exception as error:  # no error of a reload may end the running daemon
            return self._reload_failed(f"{type(error).__name__}: {error}")
        await self._configuration.use(written)
        await self._take_over()
        self._configuration.reloaded()
        log(logging.INFO, "reloaded", **self._counts())
        return None

    async def _take_over(self) -> None:
        """Apply the configuration that files and sources make together now."""
        self._apply_config(await self._configuration.put_together())
        self._run_new_probes()
        systemd.ready(self._status())

    def _sources_changed(self) -> None:
        self._changing = asyncio.create_task(self._take_sources_over(), name="take over targets of sources")

    async def _take_sources_over(self) -> None:
        async with self._reloading:
            if self._ready:
                await self._take_over()
                log(logging.INFO, "targets_changed", **self._counts())

    def _apply_config(self, config: Config) -> None:
        self._scheduler.apply_config(config)
        self._outage_detector.apply_config(config)
        self._statuses.apply_config(config, probes=self._scheduler.probes, disabled=self._scheduler.disabled)
        # Without a schedule a probe has no last run to speak of: its series would be stale for ever.
        self._metrics.apply_config(config, self._scheduler.probes if self._settings.schedule else {})
        self._changes.apply_config(config)
        if self._telemetry:
            self._telemetry.apply_config(config, self._scheduler.probes)
        self._recent_runs.apply_config(config)
        self._pace.apply_config(config)
        self._notifier.apply_config(config.notify or _NO_NOTIFICATIONS)
        keep_configuration()

    def _run_new_probes(self) -> None:
        for status in self._statuses.probes() if self._settings.schedule else ():
            if status.last is None:
                self._scheduler.run_early(status.probe.name)

    def _reload_failed(self, why: str) -> str:
        self._metrics.reloaded(False)
        self._configuration.refused(why)
        systemd.ready(f"{self._status()}; the last reload failed")
        log(logging.ERROR, "reload_failed", message=why)
        return why

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
            next_due=self._scheduler.next_due if self._settings.schedule else lambda _probe: None,
            in_maintenance=self._scheduler.in_maintenance,
            suspects=self._suspects,
            recent_runs=self._recent_runs,
            pace=self._pace,
            loaded=lambda: self._configuration.loaded,
            sources=self._sources,
            run_now=self._run_now,
            reload=self.reload,
            ready=lambda: self._ready,
            started_at=self._started_at,
            location=self._settings.location,
            paths=self._settings.paths,
            schedule=self._settings.schedule,
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

    def _sources(self) -> Mapping[str, SourceState]:
        return self._configuration.sources.states

    def _suspects(self) -> bool:
        return self._outage_detector.suspects

    async def _drain(self) -> None:
        self._ready = False
        systemd.stopping()
        log(logging.INFO, "stopping", running=self._scheduler.running)
        await self._scheduler.drain(self._settings.drain)
        log(logging.INFO, "drained")

    def _status(self) -> str:
        return "{probes} probes of {targets} targets".format(**self._counts())

    def _counts(self) -> dict[str, int]:
        return {"probes": len(self._scheduler.probes), "targets": len(self._configuration.in_force.targets)}
