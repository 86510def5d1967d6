"""/api/v1/runs and /api/v1/config: what /debug/probes and /debug/config show, as JSON.

/api/v1/runs?target=&probe=&verdict=&run=&limit=       the last runs with their exchanges, of those in memory
/api/v1/config                                         the configuration in force, defaults included, no secrets
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.config.in_force import Section, entry, names
from prober.kinds import all_kinds
from prober.outcome import Verdict
from prober.recent import RecentRun
from prober.report.formatting import rfc3339
from prober.report.json_report import result_fields, text_or_null
from prober.web.api_parameters import limit_parameter, parameter
from prober.web.app_state import AppState, Loaded
from prober.web.responses import as_json, listed, paced, parameters, refuse, streamed


def routes(app_state: AppState) -> list[Route]:
    """Each answers GET and HEAD."""

    async def runs(request: Request) -> Response:
        query = parameters(request, ("target", "probe", "verdict", "run", "limit"))
        found = listed('{"runs":[', map(_run, _recent_runs(app_state, query)), "]}\n")
        return streamed(request, paced(found), content_type="application/json")

    async def config(request: Request) -> Response:
        parameters(request, ())
        return streamed(request, paced(_config(app_state.loaded())), content_type="application/json")

    return [Route("/api/v1/runs", runs), Route("/api/v1/config", config)]


def loaded_fields(loaded: Loaded) -> dict[str, Any]:
    """When the configuration was loaded, and what was wrong with the one that was refused since."""
    return {
        "loaded_at": rfc3339(loaded.since),
        "refused_at": rfc3339_or_null(loaded.refused_at),
        "refused_for": text_or_null(loaded.refused_for or None),
    }


def rfc3339_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _recent_runs(app_state: AppState, query: Mapping[str, list[str]]) -> list[RecentRun]:
    limit, verdict, run = limit_parameter(query), parameter(query, "verdict"), parameter(query, "run")
    if verdict is not None and verdict not in set(Verdict):
        raise refuse(400, f"verdict: expected {', '.join(Verdict)}")
    target, probe, of = parameter(query, "target"), parameter(query, "probe"), Verdict(verdict) if verdict else None
    recent = app_state.recent_runs
    if run is not None:
        return recent.find(run, target=target, probe=probe, verdict=of)[:limit]
    return recent.newest(limit, target=target, probe=probe, verdict=of)


def _run(run: RecentRun) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        **result_fields(run.outcome, verbose=True),
        "asked_for": run.asked_for,
        "maintenance": run.maintenance,
        "exchanges_left_out": run.left_out,
    }


def _config(loaded: Loaded) -> Iterator[str]:
    kinds, known = all_kinds(), names(loaded.config)

    def values(each: tuple[Section, str]) -> dict[str, Any]:
        return {"name": each[1], "values": entry(loaded.config, kinds, *each).document}

    about = {**loaded_fields(loaded), "files": [str(file) for file in loaded.config.files]}
    yield as_json(about)[:-1]
    for section in ("targets", "probes"):
        yield from listed(f',"{section}":[', (values(each) for each in known if each[0] == section), "]")
    notify = entry(loaded.config, kinds, "notify", "").document if ("notify", "") in known else None
    yield f',"notify":{as_json(notify)}}}\n'
