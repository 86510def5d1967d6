"""A real Prometheus on loopback, in a folder and on a port of its own, asked over its API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.programs import program
from tests.real.process import free_port, running
from tests.waiting import until

PATIENCE: Final = 40.0
"""Seconds in which something must come to be true."""

Series = dict[frozenset[tuple[str, str]], float]


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """One that is up."""

    client: httpx.AsyncClient
    log: Path

    async def ready(self) -> None:
        async def answers() -> bool:
            return (await self.client.get("/-/ready")).status_code == 200

        await until(answers, self.log.read_text, seconds=PATIENCE, pause=0.05)

    async def ask(self, path: str, **query: str) -> Any:
        answer = (await self.client.get(f"/api/v1/{path}", params=query)).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    async def query(self, expression: str, *labels: str) -> Series:
        """What an expression comes to now, by the labels that are of interest."""
        found = (await self.ask("query", query=expression))["result"]
        return {
            frozenset((name, each["metric"].get(name, "")) for name in labels): float(each["value"][1])
            for each in found
        }

    async def targets(self) -> list[Mapping[str, Any]]:
        active: list[Mapping[str, Any]] = (await self.ask("targets", state="active"))["activeTargets"]
        return active

    async def until(self, expression: str, expected: Callable[[Series], bool], *labels: str) -> Series:
        """Its value once it is what was expected."""
        found: Series = {}

        async def settled() -> bool:
            nonlocal found
            found = await self.query(expression, *labels)
            return expected(found)

        try:
            await until(settled, lambda: f"{expression} is {found}", seconds=PATIENCE, pause=0.2)
        except AssertionError as late:
            told = [(target["scrapeUrl"], target["health"], target["lastError"]) for target in await self.targets()]
            raise AssertionError(f"{late}\n{told}\n{self.log.read_text()[-3000:]}") from None
        return found


@asynccontextmanager
async def prometheus(config: Mapping[str, Any], folder: Path) -> AsyncIterator[Prometheus]:
    """One with that configuration (JSON is YAML), whose log must be free of warnings."""
    path, port = _written(config, folder), free_port()
    command = [
        program("prometheus"),
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = folder / "prometheus.log"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        with running(command, port=port, log=log):
            seen = Prometheus(client=client, log=log)
            await seen.ready()
            yield seen
            assert [line for line in _lines(log) if "level=warn" in line or "level=error" in line] == []


def _written(config: Mapping[str, Any], folder: Path) -> Path:
    folder.mkdir()
    path = folder / "prometheus.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines()
