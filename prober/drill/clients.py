"""HTTP clients of the pipeline's processes on loopback: reference servers, daemon, Prometheus, Alertmanager."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from prometheus_client.parser import text_string_to_metric_families

_TIMEOUT: Final = 5.0
"""Seconds for one request on loopback."""


class RequestError(Exception):
    """No response, or none with a status of success."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference server. `url` is its MCP endpoint."""

    url: str

    async def reasons(self) -> dict[str, str]:
        """By fault, the reason that a prober must give."""
        faults = json.loads(await _request(self._faults))["faults"]
        return {name: fault["reason"] for name, fault in faults.items()}

    async def switch(self, *faults: str) -> None:
        """Switch these faults on and all others off."""
        await _request(self._faults, json.dumps({"faults": faults}))

    @property
    def _faults(self) -> str:
        return self.url.removesuffix("/mcp") + "/debug/faults"


@dataclass(frozen=True, kw_only=True)
class Prober:
    """The daemon."""

    url: str

    async def reasons(self) -> dict[str, str | None]:
        """By probe that has run, why its last run did not pass; None if it passed."""
        return {probe["probe"]: probe["reason"] for probe in await self._probes() if probe["last_run"]}

    async def passes(self) -> dict[str, bool]:
        """By probe, whether it has passed since the daemon began."""
        return {probe["probe"]: probe["last_success"] is not None for probe in await self._probes()}

    async def _probes(self) -> list[dict[str, Any]]:
        targets = json.loads(await _request(f"{self.url}/api/v1/targets"))["targets"]
        return [probe for target in targets for probe in target["probes"]]

    async def value(self, family: str, labels: Mapping[str, str]) -> float:
        """The sum of a family's samples with these labels; 0 without samples."""
        page = await _request(f"{self.url}/metrics")
        lines = [line for line in page.splitlines() if line.startswith(family)]
        samples = (
            sample for each in text_string_to_metric_families("\n".join(lines) + "\n") for sample in each.samples
        )
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Prometheus or Alertmanager."""

    url: str

    async def is_ready(self) -> bool | None:
        """True, or None as long as it is not ready."""
        try:
            await _request(f"{self.url}/-/ready")
        except RequestError:
            return None
        return True

    async def query(self, expression: str) -> Sequence[Mapping[str, Any]]:
        """The present value of a PromQL expression: samples with `metric` and `value`."""
        answer = json.loads(await _request(f"{self.url}/api/v1/query?query={quote(expression)}"))
        found: Sequence[Mapping[str, Any]] = answer["data"]["result"]
        return found


async def _request(url: str, body: str | None = None) -> str:
    return await asyncio.to_thread(_blocking_request, url, body)


def _blocking_request(url: str, body: str | None) -> str:
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310 - ours
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as answer:
            text: bytes = answer.read()
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise RequestError(f"{url}: {error}") from None
    return text.decode()


_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Ignores proxies of the environment: all servers are on this machine."""
