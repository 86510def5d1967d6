"""/sd: lists the probes for Prometheus' HTTP service discovery, each to be run by a scrape of /probe.

    scrape_configs:
      - job_name: mcp
        honor_labels: true          # the labels target and probe below and in the scrape are the same
        http_sd_configs: [{url: "http://127.0.0.1:9733/sd"}]

No relabelling is needed: labels set address, path, parameters, interval and timeout. The labels of a target are labels
of all that a scrape of its probes gives; so is the location of this prober, of which the answer of /probe says nothing.
Probes with a `cron` are left out, because Prometheus knows only intervals: the daemon runs cron probes itself, and
/metrics has their results. Likewise probes that may write, unless this prober has users: a scrape is a GET, which only
they may send for such a probe.
Source: prometheus.io/docs/prometheus/latest/http_sd, and "scrape_config" for the `__…__` labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.config.fields.units import show_duration
from prober.config.model import Probe
from prober.web.allowed_hosts import host_and_port
from prober.web.app_state import AppState
from prober.web.responses import listed, paced, parameters, refuse, streamed

_PORTS: Final = {"http": 80, "https": 443}
_TIMEOUT_MARGIN: Final = 1.0
"""Seconds of a scrape beyond the timeout of the probe: half for the response, half that /probe reserves."""


def routes(app_state: AppState, *, external_url: str | None, authenticated: Callable[[], bool]) -> list[Route]:
    """One target group for each probe that a scrape can run."""

    async def discover(request: Request) -> Response:
        parameters(request, ())
        group = _group_builder(external_url or _request_url(request), location=app_state.location)
        probes = [status.probe for status in app_state.statuses.probes() if status.probe.cron is None]
        if not authenticated():
            probes = [probe for probe in probes if not probe.allow_writes]
        targets = app_state.loaded().config.targets
        groups = paced(listed("[", (group(probe, targets[probe.target].labels) for probe in probes), "]\n"))
        return streamed(request, groups, content_type="application/json")

    return [Route("/sd", discover)]


def scrape_timeout(probe: Probe) -> float:
    """Seconds that a scrape of the probe may take: Prometheus refuses more than its interval."""
    return min(probe.interval, probe.timeout + _TIMEOUT_MARGIN)


def _request_url(request: Request) -> str:
    """The URL by which the client reached this server."""
    host = request.headers.get("host", "")
    if host_and_port(host) is None:
        raise refuse(400, "a Host header is wanted: what is found is found under the name that was asked")
    return f"{request.url.scheme}://{host}"


def _group_builder(url: str, *, location: str | None) -> Callable[[Probe, Mapping[str, str]], dict[str, Any]]:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    address = f"{host}:{parts.port or _PORTS[parts.scheme]}"
    path = parts.path.rstrip("/") + "/probe"
    place = {} if location is None else {"location": location}

    def group(probe: Probe, given: Mapping[str, str]) -> dict[str, Any]:
        labels = {
            **given,
            **place,
            "__scheme__": parts.scheme,
            "__metrics_path__": path,
            "__param_target": probe.target,
            "__param_probe": probe.name,
            "__scrape_interval__": show_duration(probe.interval),
            "__scrape_timeout__": show_duration(scrape_timeout(probe)),
            "target": probe.target,
            "probe": probe.name,
            "kind": probe.kind,
        }
        return {"targets": [address], "labels": labels}

    return group
