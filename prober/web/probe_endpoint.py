"""/probe: runs configured probes now and responds with the outcomes, for a scrape or for a person.

    /probe?target=reference&probe=workflow-state
    /probe?target=reference&probe=handshake&probe=workflow-state     several, at the same time
    /probe?target=reference&probe=workflow-state&debug=true          with the exchanges
    /probe?target=https://example.com/mcp&module=handshake           as blackbox_exporter's users write it

A probe that may write is run by a POST, or where this prober has users. A page of another site runs none; a link on it
that a person follows runs probes that only read.

This is the multi-target pattern of blackbox_exporter. A target is given by its name, or by its URL where it is one of
the configuration: no other address is ever asked. `module` is another word for `probe`; both may leave out the name of
the target that a probe's name begins with, so that one module serves all targets that a template is made for.
`probe_success`, `probe_duration_seconds`, `probe_http_status_code`, `probe_http_version`, `probe_tls_version_info` and
`probe_ssl_earliest_cert_expiry` mean the same as there: rules and dashboards of its users go on.
The status is 200 for a failed probe as well, because a failed scrape would say less than a successful scrape of a
failure.
"""

from __future__ import annotations

import asyncio
import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from prober.config.document.diagnostics import did_you_mean
from prober.config.document.nodes import printable
from prober.config.model import Config, Probe
from prober.engine import not_run
from prober.outcome import Outcome, Verdict
from prober.report import prometheus
from prober.report.details import all_notes, as_lines, headline
from prober.report.formatting import duration
from prober.report.untrusted import line
from prober.status import TargetStatus
from prober.web.allowed_hosts import is_cross_site, is_followed_link
from prober.web.app_state import AppState
from prober.web.responses import parameters, refuse

SCRAPE_TIMEOUT: Final = "x-prometheus-scrape-timeout-seconds"
OFFSET: Final = 0.5
"""Seconds of the scrape timeout that are reserved for the network and the response."""
_OVERRUN: Final = 0.25
"""Seconds that a run may overrun its deadline before the response goes out without it."""
_MAX_PROBES: Final = 16
_MAX_TIMEOUT: Final = 24 * 3600.0
_HTTP_VERSIONS: Final = {"HTTP/1.0": 1.0, "HTTP/1.1": 1.1, "HTTP/2": 2.0, "HTTP/3": 3.0}
_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def routes(app_state: AppState, *, external_url: str | None, authenticated: Callable[[], bool]) -> list[Route]:
    """Responds 400 to a malformed query, 404 to an unknown target or probe.

    `authenticated` is whether requests have to prove who sends them.
    """

    names_at = _Addresses(app_state)

    async def probe(request: Request) -> Response:
        foreign = is_cross_site(request.headers, external_url=external_url)
        if foreign and not is_followed_link(request.headers):
            raise refuse(403, "a page of another site may not run probes")
        query = parameters(request, ("target", "probe", "module", "debug"), several=("probe", "module"))
        debug = _flag(query.get("debug", ["false"])[0])
        wanted = [*query.get("probe", []), *query.get("module", [])]
        probes = _select_probes(app_state, names_at, query.get("target", []), wanted)
        _refuse_writes(probes, method=request.method, trusted=authenticated() and not foreign)
        limit = _probe_timeout(request.headers.get(SCRAPE_TIMEOUT))
        if request.method == "HEAD":
            return Response(headers={"content-type": _CONTENT_TYPE})
        began = time.monotonic()
        outcomes = await _run(app_state, probes, limit)
        metrics = exposition(outcomes, seconds=time.monotonic() - began)
        if debug:
            return PlainTextResponse("\n".join((*debug_lines(outcomes), "", "Metrics:", "", metrics)))
        return Response(metrics, headers={"content-type": _CONTENT_TYPE})

    return [Route("/probe", probe, methods=["GET", "HEAD", "POST"])]


BLACKBOX: Final = {
    "probe_success": "Whether every probe that was asked for passed: 1 if so, else 0.",
    "probe_duration_seconds": "Seconds from the request to the end of the last run.",
    "probe_http_status_code": "Status of the last HTTP response; no series where there was none.",
    "probe_http_version": "HTTP version of the last response; no series where there was none.",
    "probe_tls_version_info": "TLS version of the last response, always 1; no series without TLS.",
    "probe_ssl_earliest_cert_expiry": "Unix time at which the first TLS certificate expires; no series without TLS.",
}
"""What blackbox_exporter's users know, by name."""


def exposition(outcomes: Sequence[Outcome], *, seconds: float) -> str:
    """The metrics of blackbox_exporter, then the report of the pass as metrics."""
    registry = CollectorRegistry()
    _set(registry, "probe_success", all(outcome.verdict is Verdict.PASS for outcome in outcomes))
    _set(registry, "probe_duration_seconds", round(seconds, 6))
    _add_wire(registry, outcomes)
    report = io.StringIO()
    prometheus.write(outcomes, started_at=datetime.now(UTC), verbose=False, stream=report)
    return generate_latest(registry).decode() + report.getvalue()


def _set(registry: CollectorRegistry, name: str, value: float, **labels: str) -> None:
    gauge = Gauge(name, BLACKBOX[name], tuple(labels), registry=registry)
    (gauge.labels(**labels) if labels else gauge).set(value)


def _add_wire(registry: CollectorRegistry, outcomes: Sequence[Outcome]) -> None:
    answered = [each for outcome in outcomes for each in outcome.exchanges if each.http_status is not None]
    if answered:
        last = max(answered, key=lambda each: each.started_at)
        _set(registry, "probe_http_status_code", last.http_status or 0)
        if (version := _HTTP_VERSIONS.get(last.http_version or "")) is not None:
            _set(registry, "probe_http_version", version)
        if last.tls_version is not None:
            _set(registry, "probe_tls_version_info", 1, version=last.tls_version.replace("TLSv", "TLS "))
    expiry = "certificate_expiry_timestamp_seconds"
    if known := [outcome.facts[expiry] for outcome in outcomes if expiry in outcome.facts]:
        _set(registry, "probe_ssl_earliest_cert_expiry", min(known))


def debug_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The outcomes with their exchanges, as lines for a person. Outcomes are redacted already."""
    for outcome in outcomes:
        head = f"{outcome.verdict} {line(outcome.target)} {line(outcome.probe)} ({line(outcome.kind)})"
        yield f"{head} in {duration(outcome.duration_seconds)}, begun {outcome.started_at.isoformat()}"
        if text := headline(outcome):
            yield text
        yield from as_lines(all_notes(outcome, verbose=True))


class _Addresses:
    """The names of targets by their URL, made anew when the configuration is another one."""

    def __init__(self, app_state: AppState) -> None:
        self._app_state = app_state
        self._of: Config | None = None
        self._names: dict[str, list[str]] = {}

    def __call__(self, url: str) -> Sequence[str]:
        config = self._app_state.loaded().config
        if self._of is not config:
            self._of, self._names = config, {}
            for target in config.targets.values():
                if target.url is not None:
                    self._names.setdefault(target.url, []).append(target.name)
        return self._names.get(url, ())


def _select_probes(
    app_state: AppState, names_at: Callable[[str], Sequence[str]], targets: Sequence[str], names: Sequence[str]
) -> list[Probe]:
    if not targets or not targets[0]:
        raise refuse(400, "target is missing: /probe?target=NAME&probe=NAME")
    target = _target(app_state, names_at, targets[0])
    known_probes = {status.probe.name: status.probe for status in target.probes}
    names = [name if name in known_probes else f"{target.target.name}-{name}" for name in names]
    if not names:
        if len(known_probes) == 1:
            return list(known_probes.values())
        few = ", ".join(list(known_probes)[:20]) or "none"
        raise refuse(400, f"probe is missing: {target.target.name} has {len(known_probes)} of them here: {few}")
    if len(names) > _MAX_PROBES:
        raise refuse(400, f"at most {_MAX_PROBES} probes in one request")
    for name in names:
        if name not in known_probes:
            name = name.removeprefix(f"{target.target.name}-")
            complaint = f"no such probe of {target.target.name}: {_quoted(name)}"
            raise refuse(404, did_you_mean(complaint, name[:200], known_probes))
    return [known_probes[name] for name in dict.fromkeys(names)]


def _target(app_state: AppState, names_at: Callable[[str], Sequence[str]], wanted: str) -> TargetStatus:
    try:
        return app_state.statuses.target(wanted)
    except KeyError:
        at_url = names_at(wanted)
    if len(at_url) > 1:
        several = ", ".join(at_url[:20])
        raise refuse(400, f"{len(at_url)} targets have this URL, name one of them: {several}")
    for name in at_url:
        with suppress(KeyError):  # its probes are run by another process
            return app_state.statuses.target(name)
    known = [status.target.name for status in app_state.statuses.targets()]
    raise refuse(404, did_you_mean(f"no such target: {_quoted(wanted)}", wanted[:200], known))


async def _run(app_state: AppState, probes: Sequence[Probe], limit: float | None) -> list[Outcome]:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_run_one(app_state, probe, limit), name=probe.name) for probe in probes]
    return [task.result() for task in running]


async def _run_one(app_state: AppState, probe: Probe, limit: float | None) -> Outcome:
    seconds = probe.timeout if limit is None else min(limit, probe.timeout)
    try:
        # A run may wait for the concurrency limit of its target; the scrape must get its response in time nevertheless.
        async with asyncio.timeout(None if limit is None else limit + min(_OVERRUN, limit / 2)):
            return await app_state.run_now(probe.name, timeout=seconds)
    except TimeoutError:
        seconds = limit or 0.0
        return not_run(probe, f"its turn did not come, or its process did not start, within {duration(seconds)}")
    except KeyError:
        return not_run(probe, "the configuration was loaded again, and has it no longer")


def _refuse_writes(probes: Sequence[Probe], *, method: str, trusted: bool) -> None:
    """Refuse a GET for a probe that may write: what a browser fetches unasked must change nothing (RFC 9110 9.2.1)."""
    writing = [probe.name for probe in probes if probe.allow_writes]
    if writing and method != "POST" and not trusted:
        raise refuse(
            403,
            f"{writing[0]} may write (allow_writes), so a GET does not run it: send a POST, or give this prober users"
            " by --web-config",
        )


def _probe_timeout(scrape_timeout: str | None) -> float | None:
    """The share of the scrape timeout that the probe may use; None without a scrape timeout."""
    if scrape_timeout is None:
        return None
    try:
        seconds = float(scrape_timeout)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise refuse(400, f"{SCRAPE_TIMEOUT}: expected seconds, found {_quoted(scrape_timeout)}")
    seconds = min(seconds, _MAX_TIMEOUT)
    return max(seconds - OFFSET, seconds / 2)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise refuse(400, f"debug: expected true or false, found {_quoted(text)}")
    return text == "true"


def _quoted(text: str) -> str:
    return printable(text[:200])
