"""/api/v1: status and history as JSON, for programs.

    /api/v1/targets                                            every target and probe with its status
    /api/v1/results?target=&probe=&since=&until=&limit=        runs, latest first; &cursor= takes the value of `next`
    /api/v1/failures?target=&probe=&limit=                     runs that did not pass, with their evidence

`report_endpoint.py` has /api/v1/report.

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
from prober.report.formatting import parse_rfc3339, rfc3339
from prober.report.json_report import evidence_fields, rounded, server_fields, text_or_null
from prober.report.next_step import next_step
from prober.status import ProbeStatus, TargetStatus
from prober.web.app_state import AppState
from prober.web.responses import as_json, listed, paced, parameters, refuse, streamed

if TYPE_CHECKING:
    from prober.history import HistoryStore, PastFailure, PastResult

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000


def routes(app_state: AppState) -> list[Route]:
    """Each answers GET and HEAD."""

    async def targets(request: Request) -> Response:
        parameters(request, ())
        return _response(request, _targets_document(app_state))

    async def results(request: Request) -> Response:
        return _response(request, await _results(app_state, request))

    async def failures(request: Request) -> Response:
        query = parameters(request, ("target", "probe", "limit"))
        target, probe = _parameter(query, "target"), _parameter(query, "probe")
        found = await history_of(app_state).failures(target=target, probe=probe, limit=_limit_parameter(query))
        return _response(request, listed('{"failures":[', map(_failure, found), "]}\n"))

    return [
        Route("/api/v1/targets", targets),
        Route("/api/v1/results", results),
        Route("/api/v1/failures", failures),
    ]


def _targets_document(app_state: AppState) -> Iterator[str]:
    about = {
        "started_at": _rfc3339(app_state.started_at),
        "location": app_state.location,
        "suspects_itself": app_state.suspects(),
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
        "enabled": bool(status.probes),
        "verdict": status.verdict,
        "since": _rfc3339(status.since),
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
        "since": _rfc3339(status.since),
        "streak": status.streak,
        "skipped": status.skipped,
        "last_run": _rfc3339(last.ended) if last else None,
        "last_success": _rfc3339(status.last_success),
        "next_due": _rfc3339(app_state.next_due(probe.name)),
        "duration_seconds": _seconds(last.outcome.duration_seconds) if last else None,
        "latency_seconds": _seconds(last.outcome.facts.get("latency_seconds")) if last else None,
        "start_lag_seconds": _seconds(last.start_lag_seconds) if last else None,
        "maintenance": app_state.in_maintenance(probe.name),
    }


def _disabled(probe: Probe) -> dict[str, Any]:
    return {"probe": probe.name, "kind": probe.kind, "tags": list(probe.tags)}


def _result(result: PastResult) -> dict[str, Any]:
    return {
        "target": result.target,
        "probe": result.probe,
        "verdict": result.verdict,
        "reason": result.reason,
        "started_at": _rfc3339(result.started_at),
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
        "started_at": _rfc3339(failure.started_at),
        "duration_seconds": _seconds(failure.duration_seconds),
        "maintenance": failure.maintenance,
        "evidence": [evidence_fields(evidence) for evidence in failure.evidence],
        "warnings": [text_or_null(warning) for warning in failure.warnings],
    }


async def _results(app_state: AppState, request: Request) -> Iterator[str]:
    query = parameters(request, ("target", "probe", "since", "until", "limit", "cursor"))
    limit, since = _limit_parameter(query), time_parameter(query, "since")
    until, cursor = time_parameter(query, "until"), _cursor_parameter(query)
    if cursor is not None:
        until = min(cursor.until, until or cursor.until)
    skip = cursor.skip if cursor is not None else 0
    found = await history_of(app_state).results(
        target=_parameter(query, "target"),
        probe=_parameter(query, "probe"),
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
    if (text := _parameter(query, "cursor")) is None:
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


def _parameter(query: Mapping[str, list[str]], name: str) -> str | None:
    """The value of a parameter; None where it is empty or missing."""
    return query.get(name, [""])[0] or None


def time_parameter(query: Mapping[str, list[str]], name: str) -> datetime | None:
    """The time in UTC; None where the parameter is empty or missing."""
    if (text := _parameter(query, name)) is None:
        return None
    if (moment := parse_rfc3339(text)) is None:
        raise refuse(400, f"{name}: expected a time such as 2026-01-31T12:00:00Z (a + is written %2B)")
    return moment


def _limit_parameter(query: Mapping[str, list[str]]) -> int:
    if (text := _parameter(query, "limit")) is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MAX_LIMIT):
        raise refuse(400, f"limit: expected a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _response(request: Request, texts: Iterable[str]) -> Response:
    return streamed(request, paced(texts), content_type="application/json")


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _seconds(seconds: float | None) -> float | None:
    return None if seconds is None else rounded(seconds)
