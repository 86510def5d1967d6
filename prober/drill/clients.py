"""The drill's view of what it drills, over HTTP on loopback: reference servers, the daemon, Prometheus."""

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

_SECONDS: Final = 5.0
"""For one request on loopback."""


class Unanswered(Exception):  # noqa: N818 - it says what happened
    """No answer, or one that is no success."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference server, by the URL of its MCP endpoint."""

    url: str

    async def reasons(self) -> dict[str, str]:
        """By fault, what it says that a prober must say."""
        shown = json.loads(await _asked(self._faults))["faults"]
        return {name: fault["reason"] for name, fault in shown.items()}

    async def switch(self, *faults: str) -> None:
        """Misbehave in these ways and no others."""
        await _asked(self._faults, json.dumps({"faults": faults}))

    @property
    def _faults(self) -> str:
        return self.url.removesuffix("/mcp") + "/debug/faults"


@dataclass(frozen=True, kw_only=True)
class Prober:
    """The daemon, by its URL."""

    url: str

    async def reasons(self) -> dict[str, str | None]:
        """By probe, why its last run did not pass; None where it passed. Without those that never ran."""
        told = json.loads(await _asked(f"{self.url}/api/v1/targets"))["targets"]
        return {probe["probe"]: probe["reason"] for target in told for probe in target["probes"] if probe["last_run"]}

    async def passes(self) -> dict[str, bool]:
        """By probe, whether it has passed since the daemon began."""
        told = json.loads(await _asked(f"{self.url}/api/v1/targets"))["targets"]
        return {probe["probe"]: probe["last_success"] is not None for target in told for probe in target["probes"]}

    async def value(self, family: str, labels: Mapping[str, str]) -> float:
        """The sum of the samples of a family that have these labels; 0 where there is none yet."""
        page = await _asked(f"{self.url}/metrics")
        lines = [line for line in page.splitlines() if line.startswith(family)]
        samples = (
            sample for each in text_string_to_metric_families("\n".join(lines) + "\n") for sample in each.samples
        )
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Prometheus or Alertmanager, by its URL."""

    url: str

    async def is_ready(self) -> bool | None:
        """None as long as it is not."""
        try:
            await _asked(f"{self.url}/-/ready")
        except Unanswered:
            return None
        return True

    async def query(self, expression: str) -> Sequence[Mapping[str, Any]]:
        """What a PromQL expression comes to now: samples with `metric` and `value`."""
        answer = json.loads(await _asked(f"{self.url}/api/v1/query?query={quote(expression)}"))
        found: Sequence[Mapping[str, Any]] = answer["data"]["result"]
        return found


async def _asked(url: str, body: str | None = None) -> str:
    return await asyncio.to_thread(_ask, url, body)


def _ask(url: str, body: str | None) -> str:
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310 - ours
    try:
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            text: bytes = answer.read()
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise Unanswered(f"{url}: {error}") from None
    return text.decode()


_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Past any proxy of the environment: all is on this machine."""
