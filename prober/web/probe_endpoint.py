"""/probe: run configured probes now and answer with what these runs came to, for a scrape or for a person.

    /probe?target=reference&probe=workflow-state
    /probe?target=reference&probe=handshake&probe=workflow-state     several, at the same time
    /probe?target=reference&probe=workflow-state&debug=true          what was sent and what came back

The multi-target pattern of blackbox_exporter, with names in place of addresses: nothing can be asked for that is not
in the configuration. `probe_success` and `probe_duration_seconds` mean what they mean there. The status is 200
whatever a probe comes to, for a scrape that fails would say less than one that tells of a failure.
"""

from __future__ import annotations

import asyncio
import io
import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from prober.config.diagnostics import did_you_mean
from prober.config.model import Probe
from prober.config.nodes import printable
from prober.engine import not_run
from prober.outcome import Outcome, Verdict
from prober.report import prometheus
from prober.report.details import as_lines, cause, conversation, proof, warnings
from prober.report.formatting import duration
from prober.report.untrusted import line
from prober.web.allowed_hosts import comes_from_another_site
from prober.web.app_state import AppState
from prober.web.responses import parameters, refuse

SCRAPE_TIMEOUT: Final = "x-prometheus-scrape-timeout-seconds"
OFFSET: Final = 0.5
"""Seconds of a scrape's timeout that are kept for what is not the probe: the way there and back, and the answer."""
_LATE: Final = 0.25
"""Seconds that a run may take beyond its deadline, before it is answered for."""
_MOST_PROBES: Final = 16
_LONGEST: Final = 24 * 3600.0
_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def routes(app_state: AppState, *, external_url: str | None) -> list[Route]:
    """Answers 400 for what cannot be understood, 404 for what is not configured here."""

    async def probe(request: Request) -> Response:
        asked_by_page = request.headers.get("sec-fetch-mode") not in (None, "navigate")
        if asked_by_page and comes_from_another_site(request.headers, external_url=external_url):
            raise refuse(403, "a page of another site may not run probes")
        query = parameters(request, ("target", "probe", "debug"), several=("probe",))
        debug = _flag(query.get("debug", ["false"])[0])
        probes = _chosen(app_state, query.get("target", []), query.get("probe", []))
        limit = _limit(request.headers.get(SCRAPE_TIMEOUT))
        if request.method == "HEAD":
            return Response(headers={"content-type": _CONTENT_TYPE})
        began = time.monotonic()
        outcomes = await _run(app_state, probes, limit)
        metrics = exposition(outcomes, seconds=time.monotonic() - began)
        if debug:
            return PlainTextResponse("\n".join((*told(outcomes), "", "Metrics:", "", metrics)))
        return Response(metrics, headers={"content-type": _CONTENT_TYPE})

    return [Route("/probe", probe)]


def exposition(outcomes: Sequence[Outcome], *, seconds: float) -> str:
    """The report of one pass as metrics, after the two names that every dashboard of probes asks for."""
    registry = CollectorRegistry()
    success = Gauge(
        "probe_success", "Whether every probe that was asked for passed: 1 if so, else 0.", registry=registry
    )
    success.set(all(outcome.verdict is Verdict.PASS for outcome in outcomes))
    took = Gauge("probe_duration_seconds", "Seconds from the request to the end of the last run.", registry=registry)
    took.set(round(seconds, 6))
    report = io.StringIO()
    prometheus.write(outcomes, started_at=datetime.now(UTC), verbose=False, stream=report)
    return generate_latest(registry).decode() + report.getvalue()


def told(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What came of each run and what was exchanged in it, as lines for a person. All of it is redacted already."""
    for outcome in outcomes:
        head = f"{outcome.verdict} {line(outcome.target)} {line(outcome.probe)} ({line(outcome.kind)})"
        yield f"{head} in {duration(outcome.duration_seconds)}, begun {outcome.started_at.isoformat()}"
        if story := ": ".join(filter(None, (cause(outcome), line(outcome.message)))):
            yield story
        yield from as_lines(chain(proof(outcome), warnings(outcome), conversation(outcome)))


def _chosen(app_state: AppState, targets: Sequence[str], names: Sequence[str]) -> list[Probe]:
    if not targets or not targets[0]:
        raise refuse(400, "target is missing: /probe?target=NAME&probe=NAME")
    try:
        target = app_state.statuses.target(targets[0])
    except KeyError:
        known = [status.target.name for status in app_state.statuses.targets()]
        raise refuse(404, did_you_mean(f"no such target: {_shown(targets[0])}", targets[0][:200], known)) from None
    known_probes = {status.probe.name: status.probe for status in target.probes}
    if not names:
        if len(known_probes) == 1:
            return list(known_probes.values())
        few = ", ".join(list(known_probes)[:20]) or "none"
        raise refuse(400, f"probe is missing: {target.target.name} has {len(known_probes)} of them here: {few}")
    if len(names) > _MOST_PROBES:
        raise refuse(400, f"at most {_MOST_PROBES} probes in one request")
    for name in names:
        if name not in known_probes:
            complaint = f"no such probe of {target.target.name}: {_shown(name)}"
            raise refuse(404, did_you_mean(complaint, name[:200], known_probes))
    return [known_probes[name] for name in dict.fromkeys(names)]


async def _run(app_state: AppState, probes: Sequence[Probe], limit: float | None) -> list[Outcome]:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_run_one(app_state, probe, limit), name=probe.name) for probe in probes]
    return [task.result() for task in running]


async def _run_one(app_state: AppState, probe: Probe, limit: float | None) -> Outcome:
    seconds = probe.timeout if limit is None else min(limit, probe.timeout)
    try:
        # Also of a run that waits for its turn with its target there must be an answer while somebody waits for it.
        async with asyncio.timeout(None if limit is None else limit + min(_LATE, limit / 2)):
            return await app_state.run_now(probe.name, timeout=seconds)
    except TimeoutError:
        seconds = limit or 0.0
        return not_run(probe, f"its turn did not come, or its process did not start, within {duration(seconds)}")
    except KeyError:
        return not_run(probe, "the configuration was loaded again, and has it no longer")


def _limit(scrape_timeout: str | None) -> float | None:
    """What of Prometheus' timeout is the probe's; None where the caller has none."""
    if scrape_timeout is None:
        return None
    try:
        seconds = float(scrape_timeout)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise refuse(400, f"{SCRAPE_TIMEOUT}: expected seconds, found {_shown(scrape_timeout)}")
    seconds = min(seconds, _LONGEST)
    return max(seconds - OFFSET, seconds / 2)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise refuse(400, f"debug: expected true or false, found {_shown(text)}")
    return text == "true"


def _shown(text: str) -> str:
    return printable(text[:200])
