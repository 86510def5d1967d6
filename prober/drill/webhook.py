"""The end of the chain: a web server that takes every alert the Alertmanager tells, and remembers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prober.web import Web


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One alert in one notification. Times are seconds since the epoch."""

    receiver: str
    status: str
    """`firing` or `resolved`."""
    labels: Mapping[str, str]
    began_at: float
    told_at: float

    @property
    def name(self) -> str:
        """Of the alert."""
        return self.labels["alertname"]


class Webhook:
    """What has been told so far, the earliest first."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Take notices as long as the block runs, on loopback; yields the URL, without a slash at its end."""
        application = Starlette(routes=[Route("/{receiver}", self._take, methods=["POST"])])
        async with Web().serving(application) as url:
            yield url

    async def _take(self, request: Request) -> Response:
        told_at = time()
        for alert in (await request.json())["alerts"]:
            self.notices.append(
                Notice(
                    receiver=request.path_params["receiver"],
                    status=alert["status"],
                    labels=alert["labels"],
                    began_at=datetime.fromisoformat(alert["startsAt"]).timestamp(),
                    told_at=told_at,
                )
            )
        return Response(status_code=204)
