"""The processes: reference servers, daemons, two Prometheus servers with the shipped rules, an Alertmanager."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from prober.drill import timescale
from prober.drill.clients import Monitoring, Reference
from prober.drill.processes import Program, free_port, running
from tests.alerts.pages.front import Front
from tests.alerts.pages.probes import Probed, write
from tests.alerts.rules import ALERTS, RULES

SPEED: Final = 8.0
"""The divisor of every duration of rules, routes and Prometheus."""
ROUND: Final = 30.0
"""Seconds of an evaluation round as shipped."""


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A daemon to start: the job that scrapes it, the labels that Prometheus adds, its targets."""

    job: str
    targets: tuple[Probed, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")


class Stage:
    """What runs, by name, and what can be done to it."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.references: dict[str, Reference] = {}
        self.fronts: dict[str, Front] = {}
        self.daemons: dict[str, Daemon] = {}
        self._programs: dict[str, Program] = {}
        self._starts = 0

    async def start_references(self, names: Iterable[str], *, hosts: Iterable[str]) -> None:
        """A server for each name. All of them know the names of hosts that fronts have."""
        allowed = [word for host in hosts for word in ("--allowed-host", f"{host}:*")]
        command = (sys.executable, "-m", "prober.reference", "--listen", "127.0.0.1:0", "--session", "probe", *allowed)
        servers = {name: await self._start(name, *command, "--db", str(self._folder / f"{name}.db")) for name in names}
        for name, server in servers.items():
            self.references[name] = Reference(url=await server.announced("listening on "))

    async def start_front(self, name: str, host: str, upstream: str) -> None:
        """A front of its own for a target."""
        front = Front(host, self.references[upstream].url)
        self.fronts[name] = await self._stack.enter_async_context(front.listening())

    async def start_daemon(self, name: str, daemon: Daemon) -> None:
        """Also starts it again, at its address."""
        self.daemons[name] = daemon
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        path = write(daemon.targets, folder)
        words = ("--listen", daemon.address, "--history", str(folder / "history.db"), "--log-format", "json")
        started = await self._start(name, sys.executable, "-m", "prober", "daemon", str(path), *words)
        await started.announced("mcp-prober daemon on ")

    async def kill_daemon(self, name: str) -> None:
        """As the kernel does where memory runs out."""
        process = self._programs[name].process
        process.kill()
        await process.wait()

    async def remove_target(self, name: str, target: str) -> None:
        """Take a target out of a daemon's configuration, and have the daemon load it."""
        daemon = self.daemons[name]
        write([each for each in daemon.targets if each.name != target], self._folder / name)
        self._programs[name].process.send_signal(signal.SIGHUP)

    async def start_alertmanager(self, program: str, receiver: str) -> Monitoring:
        """With the shipped routes and inhibitions, and every receiver a path of `receiver`."""
        shipped = yaml.safe_load((ALERTS / "alertmanager.yml").read_text(encoding="utf-8"))
        routes = timescale.alertmanager(shipped, speed=SPEED, webhook=receiver)
        words = (f"--storage.path={self._folder / 'alertmanager'}", "--cluster.listen-address=")
        return await self._monitoring("alertmanager", program, routes, words)

    async def start_prometheus(self, name: str, program: str, daemons: Iterable[str], to: Monitoring) -> Monitoring:
        """A Prometheus that scrapes these daemons."""
        folder = self._folder / name
        (folder / "rules").mkdir(parents=True)
        for file in RULES:
            document = timescale.rules(yaml.safe_load(file.read_text(encoding="utf-8")), SPEED)
            (folder / "rules" / file.name).write_text(json.dumps(document), encoding="utf-8")
        document = timescale.prometheus(speed=SPEED, daemon="", alertmanager=urlsplit(to.url).netloc)
        document["rule_files"] = [f"{folder}/rules/*"]
        jobs: dict[str, list[dict[str, Any]]] = {}
        for each in (self.daemons[daemon] for daemon in daemons):
            jobs.setdefault(each.job, []).append({"targets": [each.address], "labels": dict(each.labels)})
        document["scrape_configs"] = [
            {"job_name": job, "honor_labels": True, "static_configs": configs} for job, configs in jobs.items()
        ]
        words = (
            f"--storage.tsdb.path={folder / 'data'}",
            f"--query.lookback-delta={timescale.shorter('5m', SPEED)}",
            f"--rules.alert.resend-delay={timescale.shorter('1m', SPEED)}",
        )
        return await self._monitoring(name, program, document, words)

    async def _monitoring(
        self, name: str, program: str, document: Mapping[str, Any], words: Sequence[str]
    ) -> Monitoring:
        file = self._folder / f"{name}.yml"
        file.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
        address = f"127.0.0.1:{free_port()}"
        started = await self._start(name, program, f"--config.file={file}", f"--web.listen-address={address}", *words)
        monitoring = Monitoring(url=f"http://{address}")
        await started.ready(monitoring.is_ready)
        return monitoring

    async def _start(self, name: str, *command: str) -> Program:
        self._starts += 1
        folder = self._folder / f"output-{self._starts}"
        folder.mkdir()
        self._programs[name] = await self._stack.enter_async_context(running(name, command, folder=folder))
        return self._programs[name]


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """An empty one. Whatever is started on it has ended when the block has."""
    async with AsyncExitStack() as stack:
        yield Stage(stack, folder)
