"""Everything a drill needs, up and well, each a process of its own on loopback; all gone when it is left.

reference servers -> daemon -> Prometheus with the shipped rules -> Alertmanager with the shipped routes -> hook
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
from prober.drill.clients import Monitoring, Prober, Reference, Unanswered
from prober.drill.probes import Drilled, write
from prober.drill.processes import START_SECONDS, Broken, Program, free_port, running, until
from prober.drill.webhook import Webhook

Say = Callable[[str], None]
"""Told how far it is, a line at a time."""

_LOOKBACK: Final = "5m"
_RESEND: Final = "1m"
"""Defaults of Prometheus, which are divided like all else."""
STREAKS: Final = "mcp_probe_consecutive_failures"
"""The series that the alerts on targets begin with."""


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """The programs behind the daemon, and the folder with the shipped rules and routes."""

    prometheus: Path
    alertmanager: Path
    shipped: Path


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What stands behind the daemon, where anything does."""

    hook: Webhook
    prometheus: Monitoring
    keeps: Mapping[str, float]
    """By alert, for how many seconds it goes on after what it is about is over."""
    group_interval: float
    """Seconds between what the Alertmanager tells of one group."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """All of it, up."""

    references: Mapping[str, Reference]
    """By target."""
    prober: Prober
    chain: Chain | None
    pace: float
    """How many times longer than at the usual speed anything is waited for."""
    programs: Sequence[Program] = field(repr=False)

    async def broken(self) -> None:
        """Never returns: raises Broken when one of the programs ends."""
        async with asyncio.TaskGroup() as group:
            for program in self.programs:
                group.create_task(program.broken())


@asynccontextmanager
async def pipeline(
    targets: Mapping[str, frozenset[str]], *, probes: Path, alerting: Alerting | None, speed: float, say: Say
) -> AsyncIterator[Pipeline]:
    """Start it and wait until every probe passes.

    `targets` are the reference servers, and for each the races that probe it, or none where all other probes do.
    `probes` is the folder with the shipped ones.

    Raises:
        Broken: something does not start, or is not well before any fault is on.
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
            await _well(prober, chain, patience=START_SECONDS * timescale.pace(speed))
            say("every probe has passed" + (", no alert fires" if chain else ""))
            yield Pipeline(
                references=references,
                prober=prober,
                chain=chain,
                pace=timescale.pace(speed),
                programs=parts.programs,
            )


class _Parts:
    """Starts one part after the other; the stack ends them."""

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

    async def daemon(
        self, targets: Mapping[str, frozenset[str]], references: Mapping[str, Reference], probes: Path
    ) -> Prober:
        drilled = [Drilled(name=name, url=references[name].url, races=races) for name, races in targets.items()]
        path = write(drilled, shipped=probes, folder=self._folder, pace=timescale.pace(self._speed))
        words = ("--listen", "127.0.0.1:0", "--no-history", "--drain", "1s", "--log-format", "json")
        daemon = await self._start("daemon", sys.executable, "-m", "prober", "daemon", path, *words)
        return Prober(url=await daemon.announced("mcp-prober daemon on "))

    async def chain(self, alerting: Alerting, prober: Prober) -> Chain:
        """The hook first and Prometheus last, so that nothing is told to nobody."""
        hook = Webhook()
        told = await self._stack.enter_async_context(hook.listening())
        routes = timescale.alertmanager(
            _parsed(alerting.shipped / "alertmanager.yml"), speed=self._speed, hook=told.removesuffix("/")
        )
        alertmanager = await self._alertmanager(alerting.alertmanager, routes)
        keeps: dict[str, float] = {}
        (self._folder / "rules").mkdir()
        for file in sorted((alerting.shipped / "rules").glob("*.yml")):
            rules = timescale.rules(_parsed(file), self._speed)
            _write(self._folder / "rules" / file.name, rules)
            keeps |= _keeps(rules)
        prometheus = await self._prometheus(alerting.prometheus, prober, alertmanager)
        group_interval = timescale.seconds(routes["route"]["group_interval"])
        return Chain(hook=hook, prometheus=prometheus, keeps=keeps, group_interval=group_interval)

    async def _alertmanager(self, program: Path, config: Mapping[str, Any]) -> Monitoring:
        return await self._monitoring(
            "alertmanager",
            program,
            _write(self._folder / "alertmanager.yml", config),
            f"--storage.path={self._folder / 'alertmanager'}",
            "--cluster.listen-address=",  # else it talks to the network
        )

    async def _prometheus(self, program: Path, prober: Prober, alertmanager: Monitoring) -> Monitoring:
        config = timescale.prometheus(
            speed=self._speed, daemon=urlsplit(prober.url).netloc, alertmanager=urlsplit(alertmanager.url).netloc
        )
        return await self._monitoring(
            "prometheus",
            program,
            _write(self._folder / "prometheus.yml", config),
            f"--storage.tsdb.path={self._folder / 'prometheus'}",
            f"--query.lookback-delta={timescale.shorter(_LOOKBACK, self._speed)}",
            f"--rules.alert.resend-delay={timescale.shorter(_RESEND, self._speed)}",
        )

    async def _monitoring(self, name: str, program: Path, config: Path, *words: str) -> Monitoring:
        address = f"127.0.0.1:{free_port()}"
        started = await self._start(name, program, f"--config.file={config}", f"--web.listen-address={address}", *words)
        monitoring = Monitoring(url=f"http://{address}")
        await started.ready(monitoring.is_ready)
        return monitoring

    async def _start(self, name: str, *command: str | Path) -> Program:
        program = await self._stack.enter_async_context(running(name, command, folder=self._folder))
        self.programs.append(program)
        return program


async def _well(prober: Prober, chain: Chain | None, *, patience: float) -> None:
    """Wait until every probe has passed; what is not well without any fault, no fault can be blamed for."""

    async def passed() -> int | None:
        passes = await prober.passes()
        return len(passes) if passes and all(passes.values()) else None

    async def followed() -> bool | None:
        assert chain is not None
        try:
            (streaks,) = await chain.prometheus.query(f"count({STREAKS})") or ({"value": (0, 0)},)
            firing = await chain.prometheus.query('ALERTS{alertstate="firing"}')
        except Unanswered:
            return None
        return (int(streaks["value"][1]) == probes and not firing) or None

    probes = await until(passed, seconds=patience)
    if probes is None:
        missing = [probe for probe, passed in (await prober.passes()).items() if not passed]
        raise Broken(f"without any fault, these probes do not pass: {', '.join(missing)}")
    if chain is not None and await until(followed, seconds=patience) is None:
        raise Broken("without any fault, Prometheus does not follow the probes, or an alert fires")


def _keeps(rules: Mapping[str, Any]) -> dict[str, float]:
    return {
        rule["alert"]: timescale.seconds(rule.get("keep_firing_for", "0"))
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def _parsed(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")  # of YAML, JSON is a part
    return path
