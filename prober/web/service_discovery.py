"""/sd: the probes as Prometheus' HTTP service discovery finds them, each to be run by a scrape of /probe.

    scrape_configs:
      - job_name: mcp
        honor_labels: true          # target and probe stand in the labels below and in what is scraped, alike
        http_sd_configs: [{url: "http://127.0.0.1:9733/sd"}]

Nothing needs relabelling: address, path, parameters, interval and timeout are set by labels. Probes with a `cron` are
not among them, for Prometheus knows intervals only: the daemon runs those itself, and /metrics tells of them.
Source: prometheus.io/docs/prometheus/latest/http_sd, and "scrape_config" for the `__…__` labels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.config.model import Probe
from prober.config.units import show_duration
from prober.web.allowed_hosts import host_and_port
from prober.web.app_state import AppState
from prober.web.responses import listed, paced, parameters, refuse, streamed

_PORTS: Final = {"http": 80, "https": 443}
_ROOM: Final = 1.0
"""Seconds that a scrape is given beyond the probe's own timeout: half for the answer, half that /probe sets aside."""


def routes(app_state: AppState, *, external_url: str | None) -> list[Route]:
    """One group a probe."""

    async def discover(request: Request) -> Response:
        parameters(request, ())
        group = _grouping(external_url or _as_asked(request))
        probes = [status.probe for status in app_state.statuses.probes() if status.probe.cron is None]
        groups = paced(listed("[", map(group, probes), "]\n"))
        return streamed(request, groups, content_type="application/json")

    return [Route("/sd", discover)]


def _as_asked(request: Request) -> str:
    """Whoever asks reaches us under the name that it asked for."""
    asked = request.headers.get("host", "")
    if host_and_port(asked) is None:
        raise refuse(400, "a Host header is wanted: what is found is found under the name that was asked")
    return f"{request.url.scheme}://{asked}"


def _grouping(url: str) -> Callable[[Probe], dict[str, Any]]:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    address = f"{host}:{parts.port or _PORTS[parts.scheme]}"
    path = parts.path.rstrip("/") + "/probe"

    def group(probe: Probe) -> dict[str, Any]:
        timeout = min(probe.interval, probe.timeout + _ROOM)
        labels = {
            "__scheme__": parts.scheme,
            "__metrics_path__": path,
            "__param_target": probe.target,
            "__param_probe": probe.name,
            "__scrape_interval__": show_duration(probe.interval),
            "__scrape_timeout__": show_duration(timeout),
            "target": probe.target,
            "probe": probe.name,
            "kind": probe.kind,
        }
        return {"targets": [address], "labels": labels}

    return group
