"""Failures of the store as HTTP statuses, where the settings ask for it: 503 and 500 instead of a tool error.

A tool error is HTTP 200 with `isError`, which is what the protocol asks for. Many servers answer otherwise: their
framework makes a 500 of an exception that nobody handled, and their pool a 503 when it is exhausted. With these
statuses a probe, a load balancer or a dashboard can be tried against such a server; and the failures are real, other
than those of the faults `http-500` and `http-503`.
"""

from __future__ import annotations

from contextvars import ContextVar
from http import HTTPStatus
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_state.errors import GaveUpError, StaleTokenError, StoreBusyError, StoreError, StoreUnavailableError

_RETRY_AFTER: Final = "1"
"""Seconds, as the header has it."""

_failure: Final[ContextVar[list[tuple[HTTPStatus, str]] | None]] = ContextVar("failure", default=None)
"""What the request that is being served came to, put there by the tool; None where nobody asks for a status."""


def status_of(error: StoreError) -> HTTPStatus | None:
    """The status of a server that does not handle this error; None for what every server handles."""
    match error:
        case StoreBusyError() | StoreUnavailableError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case GaveUpError() | StaleTokenError():
            return HTTPStatus.INTERNAL_SERVER_ERROR
    return None


def note(error: StoreError, text: str) -> None:
    """The tool of the present request failed with this error, which `text` explains."""
    failures = _failure.get()
    if failures is not None and (status := status_of(error)):
        failures.append((status, text))


class HttpStatus:
    """ASGI middleware: replaces the answer to a request whose tool noted a failure."""

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold back the answers of the endpoint at `path` until it is known whether they stand."""
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        failures: list[tuple[HTTPStatus, str]] = []
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        token = _failure.set(failures)
        try:
            await self._app(scope, receive, hold)
        finally:
            _failure.reset(token)
        if failures:
            status, text = failures[0]
            headers = {"retry-after": _RETRY_AFTER} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
            await PlainTextResponse(f"{text}\n", status_code=status, headers=headers)(scope, receive, send)
            return
        for message in answer:
            await send(message)
