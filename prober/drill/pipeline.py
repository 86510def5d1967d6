"""Starts the pipeline of a drill, each part as a process of its own on loopback, and stops it at the end.

reference servers -> daemon -> Prometheus with the shipped rules -> Alertmanager with the shipped routes -> webhook
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from prober.drill import timescale
from prober.drill.clients import Monitoring, Prober, Reference, RequestError
from prober.drill.own_routes import MARK, OwnRoutes, marked
from prober.drill.probes import DrillTarget, Probed, write
from prober.drill.processes import START_SECONDS, DrillError, Program, free_port, running, until
from prober.drill.webhook import Webhook

Say = Callable[[str], None]
"""Prints a line of progress."""

_LOOKBACK: Final = "5m"
_RESEND: Final = "1m"
"""Defaults of Prometheus, divided by the speed as all other durations."""
RUN: Final = "mcp_probe_success"
"""The series that every probe has as soon as it has run."""


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """The programs behind the daemon, and the folder with the shipped rules and routes."""

    prometheus: Path
    alertmanager: Path
    shipped: Path
    own: OwnRoutes | None = None
    """The operator's routes and receivers; None for the shipped routes, and no receiver but the drill's."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The alerting behind the daemon."""

    webhook: Webhook
    prometheus: Monitoring
    keep_firing_for: Mapping[str, float]
    """By alert, in seconds."""
    group_interval: float
    """Seconds between two notifications of the Alertmanager about one group."""
    alertmanager: Program


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A running pipeline."""

    references: Mapping[str, Reference]
    """By target."""
    prober: Prober
    chain: Chain | None
    pace: float
    """Factor of all waits, compared with the usual speed."""
    programs: Sequence[Program] = field(repr=False)

    async def watch(self) -> None:
        """Never returns: raises DrillError when one of the programs ends."""
        async with asyncio.TaskGroup() as group:
            for program in self.programs:
                group.create_task(program.watch())


@asynccontextmanager
async def pipeline(
    targets: Mapping[str, Probed], *, probes: Path, alerting: Alerting | None, speed: float, say: Say
) -> AsyncIterator[Pipeline]:
    """Start a pipeline and wait until every probe passes.

    `targets` names the reference servers, each with the shipped probes that look at it. `probes` is their folder.

    Raises:
        DrillError: a program does not start, or a probe fails without any fault.
    """
    with TemporaryDirectory(prefix="mcp-prober-drill-") as name:
        async with AsyncExitStack() as stack:
            parts = _Parts(stack, Path(name), speed)
            references = await parts.references(targets)
            say(f"{len(references)} reference server{'s' * (len(references) > 1)} up, one fault at a time on each")
            prober = await parts.daemon(targets, references, probes)
            say(f"a daemon up, its status page at {prober.url}")
            chain = None
            if alerting is not None:
                chain = await parts.chain(alerting, prober)
                say(f"Prometheus up at {chain.prometheus.url}, an Alertmanager behind it, time divided by {speed:g}")
            await _wait_until_healthy(prober, chain, patience=START_SECONDS * timescale.pace(speed))
            say("every probe has passed" + (", no alert fires" if chain else ""))
            yield Pipeline(
                references=references,
                prober=prober,
                chain=chain,
                pace=timescale.pace(speed),
                programs=parts.programs,
            )


class _Parts:
    """Starts the parts one after the other; the stack ends them."""

    def __init__(self, stack: AsyncExitStack, folder: Path, speed: float) -> None:
        self._stack = stack
        self._folder = folder
        self._speed = speed
        self.programs: list[Program] = []

    async def references(self, targets: Iterable[str]) -> dict[str, Reference]:
        command = (sys.executable, "-m", "prober.reference", "--listen", "127.0.0.1:0", "--session", "probe")
        servers = {
            target: await self._start(target, *command, "--db", self._folder / f"{target}.db") for target in targets
        }
        return {target: Reference(url=await server.announced("listening on ")) for target, server in servers.items()}

    async def daemon(self, targets: Mapping[str, Probed], references: Mapping[str, Reference], probes: Path) -> Prober:
        drill_targets = [
            DrillTarget(name=name, url=references[name].url, probed=probed) for name, probed in targets.items()
        ]
        path = write(drill_targets, shipped=probes, folder=self._folder, pace=timescale.pace(self._speed))
        words = ("--listen", "127.0.0.1:0", "--no-history", "--drain", "1s", "--log-format", "json")
        daemon = await self._start("daemon", sys.executable, "-m", "prober", "daemon", path, *words)
        return Prober(url=await daemon.announced("mcp-prober daemon on "))

    async def chain(self, alerting: Alerting, prober: Prober) -> Chain:
        """Starts the webhook first and Prometheus last, so that no alert is lost."""
        webhook = Webhook()
        url = await self._stack.enter_async_context(webhook.listening())
        routes = self._routes(alerting, url.removesuffix("/"))
        alertmanager = await self._alertmanager(alerting, routes)
        keep_firing_for: dict[str, float] = {}
        (self._folder / "rules").mkdir()
        for file in sorted((alerting.shipped / "rules").glob("*.yml")):
            rules = timescale.rules(_parsed(file), self._speed)
            if alerting.own is not None:
                rules = marked(rules)
            _write(self._folder / "rules" / file.name, rules)
            keep_firing_for |= _keep_firing_for(rules)
        labels = {} if alerting.own is None else MARK
        prometheus = await self._prometheus(alerting.prometheus, prober, alertmanager, labels)
        return Chain(
            webhook=webhook,
            prometheus=prometheus,
            keep_firing_for=keep_firing_for,
            group_interval=timescale.longest_group_interval(routes["route"], self._speed),
            alertmanager=next(program for program in self.programs if program.name == "alertmanager"),
        )

    def _routes(self, alerting: Alerting, webhook: str) -> dict[str, Any]:
        if alerting.own is not None:
            return alerting.own.in_a_drill(speed=self._speed, webhook=webhook)
        shipped = _parsed(alerting.shipped / "alertmanager.yml")
        return timescale.alertmanager(shipped, speed=self._speed, webhook=webhook)

    async def _alertmanager(self, alerting: Alerting, config: Mapping[str, Any]) -> Monitoring:
        return await self._monitoring(
            "alertmanager",
            alerting.alertmanager,
            _write(self._folder / "alertmanager.yml", config),
            f"--storage.path={self._folder / 'alertmanager'}",
            "--cluster.listen-address=",  # else it talks to the network
            "--log.format=logfmt",
            "--log.level=debug",  # else it does not say what was sent
            withheld=None if alerting.own is None else str(alerting.own.file),
        )

    async def _prometheus(
        self, program: Path, prober: Prober, alertmanager: Monitoring, labels: Mapping[str, str]
    ) -> Monitoring:
        config = timescale.prometheus(
            speed=self._speed, daemon=urlsplit(prober.url).netloc, alertmanager=urlsplit(alertmanager.url).netloc
        )
        config["global"]["external_labels"] = dict(labels)
        return await self._monitoring(
            "prometheus",
            program,
            _write(self._folder / "prometheus.yml", config),
            f"--storage.tsdb.path={self._folder / 'prometheus'}",
            f"--query.lookback-delta={timescale.shorter(_LOOKBACK, self._speed)}",
            f"--rules.alert.resend-delay={timescale.shorter(_RESEND, self._speed)}",
        )

    async def _monitoring(
        self, name: str, program: Path, config: Path, *words: str, withheld: str | None = None
    ) -> Monitoring:
        address = f"127.0.0.1:{free_port()}"
        words = (f"--config.file={config}", f"--web.listen-address={address}", *words)
        started = await self._start(name, program, *words, withheld=withheld)
        monitoring = Monitoring(url=f"http://{address}")
        await started.ready(monitoring.is_ready)
        return monitoring

    async def _start(self, name: str, *command: str | Path, withheld: str | None = None) -> Program:
        starting = running(name, command, folder=self._folder, withheld=withheld)
        program = await self._stack.enter_async_context(starting)
        self.programs.append(program)
        return program


async def _wait_until_healthy(prober: Prober, chain: Chain | None, *, patience: float) -> None:
    """Wait until every probe has passed and no alert fires: later failures are then effects of the faults."""

    async def passed() -> int | None:
        passes = await prober.passes()
        return len(passes) if passes and all(passes.values()) else None

    alerts: set[str] = set()

    async def followed() -> bool | None:
        assert chain is not None
        try:
            (run,) = await chain.prometheus.query(f"count({RUN})") or ({"value": (0, 0)},)
            firing = await chain.prometheus.query('ALERTS{alertstate="firing"}')
        except RequestError:
            return None
        alerts.clear()
        alerts.update(each["metric"]["alertname"] for each in firing)
        return (int(run["value"][1]) == probes and not firing) or None

    probes = await until(passed, seconds=patience)
    if probes is None:
        missing = [probe for probe, passed in (await prober.passes()).items() if not passed]
        raise DrillError(f"without any fault, these probes do not pass: {', '.join(missing)}")
    if chain is not None and await until(followed, seconds=patience) is None:
        raise DrillError(
            f"without any fault, an alert fires: {', '.join(sorted(alerts))}"
            if alerts
            else "Prometheus does not follow the probes"
        )


def _keep_firing_for(rules: Mapping[str, Any]) -> dict[str, float]:
    return {
        rule["alert"]: timescale.seconds(rule.get("keep_firing_for", "0"))
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def _parsed(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")  # JSON is YAML
    return path
