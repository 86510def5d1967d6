"""/api/v1: status and history as JSON, for programs.

    /api/v1/targets                                            every target and probe with its status
    /api/v1/results?target=&probe=&since=&until=&limit=        runs, latest first; &cursor= takes the value of `next`
    /api/v1/failures?target=&probe=&limit=                     runs that did not pass, with their evidence
    /api/v1/runs, /api/v1/config                               the last runs with their exchanges, the configuration:
                                                               debug_api.py

`report_endpoint.py` has /api/v1/report, `incidents_api.py` has /api/v1/incidents.

`schema/api.schema.json` beside this file is the schema. Within v1 keys and reasons may be added; none is removed or
changes its meaning. Every key is always there; an unknown value is null. Times are RFC 3339 in UTC, durations seconds.
`since` is inclusive, `until` is exclusive. A probe that never ran has no results, which is no error.
An error is `{"error": "…"}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.config.model import Probe
from prober.report.json_report import evidence_fields, rounded, server_fields, text_or_null
from prober.report.next_step import next_step
from prober.sources.watcher import SourceState
from prober.status import ProbeStatus, TargetStatus
from prober.web.api_parameters import limit_parameter, parameter, time_parameter
from prober.web.app_state import AppState
from prober.web.debug_api import loaded_fields, rfc3339_or_null
from prober.web.responses import as_json, listed, paced, parameters, refuse, streamed

if TYPE_CHECKING:
    from prober.history import HistoryStore, PastFailure, PastResult


def routes(app_state: AppState) -> list[Route]:
    """Each answers GET and HEAD."""

    async def targets(request: Request) -> Response:
        parameters(request, ())
        return _response(request, _targets_document(app_state))

    async def results(request: Request) -> Response:
        return _response(request, await _results(app_state, request))

    async def sources(request: Request) -> Response:
        parameters(request, ())
        return _response(request, listed('{"sources":[', map(_source, app_state.sources().values()), "]}\n"))

    async def failures(request: Request) -> Response:
        query = parameters(request, ("target", "probe", "limit"))
        target, probe = parameter(query, "target"), parameter(query, "probe")
        found = await history_of(app_state).failures(target=target, probe=probe, limit=limit_parameter(query))
        return _response(request, listed('{"failures":[', map(_failure, found), "]}\n"))

    return [
        Route("/api/v1/targets", targets),
        Route("/api/v1/sources", sources),
        Route("/api/v1/results", results),
        Route("/api/v1/failures", failures),
    ]


def _targets_document(app_state: AppState) -> Iterator[str]:
    about = {
        "started_at": rfc3339_or_null(app_state.started_at),
        "location": app_state.location,
        "suspects_itself": app_state.suspects(),
        "configuration": loaded_fields(app_state.loaded()),
    }
    yield as_json(about)[:-1] + ',"targets":['
    for index, status in enumerate(app_state.statuses.targets()):
        yield ("," if index else "") + as_json(_target(status))[:-1]
        yield from listed(',"probes":[', (_probe(probe, app_state) for probe in status.probes), "]")
        yield from listed(',"disabled":[', map(_disabled, status.disabled), "]}")
    yield "]}\n"


def _target(status: TargetStatus) -> dict[str, Any]:
    target = status.target
    return {
        "target": target.name,
        "address": target.address,
        "transport": target.transport,
        "tags": list(target.tags),
        "labels": dict(target.labels),
        "source": target.source,
        "enabled": bool(status.probes),
        "verdict": status.verdict,
        "since": rfc3339_or_null(status.since),
        **server_fields(status.server),
    }


def _probe(status: ProbeStatus, app_state: AppState) -> dict[str, Any]:
    probe, last = status.probe, status.last
    return {
        "probe": probe.name,
        "kind": probe.kind,
        "tags": list(probe.tags),
        "interval_seconds": probe.interval if probe.cron is None else None,
        "cron": probe.cron,
        "timeout_seconds": probe.timeout,
        "verdict": status.verdict,
        "reason": status.reason,
        "step": text_or_null(last.outcome.step) if last else None,
        "message": text_or_null(last.outcome.message) if last else None,
        "since": rfc3339_or_null(status.since),
        "streak": status.streak,
        "streak_since": rfc3339_or_null(status.streak_since),
        "skipped": status.skipped,
        "last_run": rfc3339_or_null(last.ended) if last else None,
        "last_success": rfc3339_or_null(status.last_success),
        "next_due": rfc3339_or_null(app_state.next_due(probe.name)),
        "duration_seconds": _seconds(last.outcome.duration_seconds) if last else None,
        "latency_seconds": _seconds(last.outcome.facts.get("latency_seconds")) if last else None,
        "start_lag_seconds": _seconds(last.start_lag_seconds) if last else None,
        "maintenance": app_state.in_maintenance(probe.name),
    }


def _source(state: SourceState) -> dict[str, Any]:
    return {
        "source": state.source.name,
        "way": state.source.way,
        "refresh_seconds": state.source.every,
        "targets": len(state.targets),
        "left_out": state.left_out,
        "problems": [text_or_null(problem) for problem in state.problems],
        "looked_at": rfc3339_or_null(state.looked_at),
        "trouble": text_or_null(state.trouble),
    }


def _disabled(probe: Probe) -> dict[str, Any]:
    return {"probe": probe.name, "kind": probe.kind, "tags": list(probe.tags)}


def _result(result: PastResult) -> dict[str, Any]:
    return {
        "target": result.target,
        "probe": result.probe,
        "verdict": result.verdict,
        "reason": result.reason,
        "started_at": rfc3339_or_null(result.started_at),
        "duration_seconds": _seconds(result.duration_seconds),
        "latency_seconds": _seconds(result.latency_seconds),
        "start_lag_seconds": _seconds(result.start_lag_seconds),
        "maintenance": result.maintenance,
    }


def _failure(failure: PastFailure) -> dict[str, Any]:
    return {
        "target": failure.target,
        "probe": failure.probe,
        "kind": failure.kind,
        "verdict": failure.verdict,
        "reason": failure.reason,
        "step": text_or_null(failure.step),
        "message": text_or_null(failure.message),
        "next": text_or_null(next_step(failure.outcome) or None),
        "started_at": rfc3339_or_null(failure.started_at),
        "duration_seconds": _seconds(failure.duration_seconds),
        "maintenance": failure.maintenance,
        "evidence": [evidence_fields(evidence) for evidence in failure.evidence],
        "warnings": [text_or_null(warning) for warning in failure.warnings],
    }


async def _results(app_state: AppState, request: Request) -> Iterator[str]:
    query = parameters(request, ("target", "probe", "since", "until", "limit", "cursor"))
    limit, since = limit_parameter(query), time_parameter(query, "since")
    until, cursor = time_parameter(query, "until"), _cursor_parameter(query)
    if cursor is not None:
        until = min(cursor.until, until or cursor.until)
    skip = cursor.skip if cursor is not None else 0
    found = await history_of(app_state).results(
        target=parameter(query, "target"),
        probe=parameter(query, "probe"),
        since=since or _EPOCH,
        until=until,
        limit=skip + limit + 1,
    )
    page = found[skip : skip + limit]
    more = Cursor.after(found[: skip + limit]) if len(found) > skip + limit else None
    return listed('{"results":[', map(_result, page), f'],"next":{as_json(str(more) if more else None)}}}\n')


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Where the next page of results begins: the results before `until`, without the first `skip` of them.

    Many runs begin in one millisecond: a time alone would leave results out or repeat them.
    """

    until: datetime
    skip: int

    @classmethod
    def after(cls, found: Sequence[PastResult]) -> Cursor:
        """The cursor behind the last of these results."""
        last = found[-1].started_at
        return cls(until=last + _MILLISECOND, skip=sum(result.started_at == last for result in found))

    def __str__(self) -> str:
        return f"{(self.until - _EPOCH) // _MILLISECOND}-{self.skip}"


def _cursor_parameter(query: Mapping[str, list[str]]) -> Cursor | None:
    if (text := parameter(query, "cursor")) is None:
        return None
    if (match := _CURSOR.fullmatch(text)) is None:
        raise refuse(400, "cursor: expected the value of `next`")
    return Cursor(until=_EPOCH + int(match[1]) * _MILLISECOND, skip=int(match[2]))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_CURSOR: Final = re.compile(r"([0-9]{1,14})-([0-9]{1,4})", re.ASCII)


def history_of(app_state: AppState) -> HistoryStore:
    """Answers 404 where there is none."""
    if app_state.history is None:
        raise refuse(404, "this prober keeps no history")
    return app_state.history


def _response(request: Request, texts: Iterable[str]) -> Response:
    return streamed(request, paced(texts), content_type="application/json")


def _seconds(seconds: float | None) -> float | None:
    return None if seconds is None else rounded(seconds)
