"""/api/v1/report: availability, incidents and error budgets of a stretch of time, as `mcp-prober report --output json`.

    /api/v1/report?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z
    /api/v1/report?since=…&target=eu-*&target=us-*              of targets by name or pattern

`prober/availability_report/report.schema.json` is its schema. Without `until` it ends now, without `since` it is of
thirty days. Of a year and a large fleet the answer may be 503: the command line has no bound on its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.availability_report import report_of
from prober.availability_report.document import as_json as document_of
from prober.config.model import Target
from prober.history.availability import Availability
from prober.web.api import history_of
from prober.web.api_parameters import time_parameter
from prober.web.app_state import AppState
from prober.web.responses import as_json, paced, parameters, refuse, streamed

_DEFAULT: Final = timedelta(days=30)


def routes(app_state: AppState) -> list[Route]:
    """Answers 404 where the prober keeps no history."""

    async def report(request: Request) -> Response:
        query = parameters(request, ("since", "until", "target"), several=("target",))
        now = datetime.now(UTC)
        until = time_parameter(query, "until") or now
        since = time_parameter(query, "since") or until - _DEFAULT
        if since >= until:
            raise refuse(400, "since: expected a time before `until`")
        past = await history_of(app_state).availability(since=since, until=until)
        configured = {status.target.name: status.target for status in app_state.statuses.targets()}
        patterns = [pattern for pattern in query.get("target", []) if pattern]
        text = await asyncio.to_thread(_text, past, configured, now, patterns)
        return streamed(request, paced([text]), content_type="application/json")

    return [Route("/api/v1/report", report)]


def _text(past: Availability, configured: Mapping[str, Target], now: datetime, patterns: Sequence[str]) -> str:
    return as_json(document_of(report_of(past, configured=configured, now=now, targets=patterns))) + "\n"
