"""The end of the chain: a web server that records the Alertmanager's notifications."""

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
class Notification:
    """One alert in one notification. Times are seconds since the epoch."""

    receiver: str
    status: str
    """`firing` or `resolved`."""
    labels: Mapping[str, str]
    began_at: float
    received_at: float

    @property
    def name(self) -> str:
        """The name of the alert."""
        return self.labels["alertname"]


class Webhook:
    """The notifications so far, the earliest first."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Record notifications on loopback while the block runs; yields the URL."""
        application = Starlette(routes=[Route("/{receiver:path}", self._record, methods=["POST"])])
        async with Web().serving(application) as url:
            yield url

    async def _record(self, request: Request) -> Response:
        received_at = time()
        for alert in (await request.json())["alerts"]:
            self.notifications.append(
                Notification(
                    receiver=request.path_params["receiver"],
                    status=alert["status"],
                    labels=alert["labels"],
                    began_at=datetime.fromisoformat(alert["startsAt"]).timestamp(),
                    received_at=received_at,
                )
            )
        return Response(status_code=204)
