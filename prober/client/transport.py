"""The one protocol that the three transports speak: a message out, its answer in, and two ways to end.

A transport carries one request at a time. It raises only Failure, and asyncio.CancelledError when the deadline passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from prober.client.exchange import ExchangeRecorder
from prober.client.jsonrpc import Message
from prober.client.oauth import TokenSource
from prober.outcome import Evidence


class AnsweredLateError(Exception):
    """A server that was asked by `initialize`, for it had said nothing to `server/discover`, answers that question."""

    def __init__(self, result: dict[str, Any]):
        super().__init__()
        self.result = result


class Transport(Protocol):
    """One conversation with one server. `headers` reach it over HTTP only."""

    opens: bool
    """Whether `open` does anything; likewise `closes`, which may change once the server has handed out a session."""

    @property
    def closes(self) -> bool: ...

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        """Ask for an access token; likewise `authorize`, to send it from here on. Never called on stdio."""

    def authorize(self, token: str) -> None: ...

    async def open(self, recorder: ExchangeRecorder) -> None:
        """Do what must be done before the first request: start the process, open the stream."""

    async def request(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        """Send a request and wait for its result, answering or passing over whatever comes in between."""

    async def notify(self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder) -> None:
        """Send a notification; return when the server has taken it."""

    async def close(self, *, headers: Mapping[str, str], recorder: ExchangeRecorder, grace: float) -> None:
        """End politely: tell the server, let the process leave within `grace` seconds.

        Raises Failure where the server does not play along.
        """

    @property
    def process(self) -> Evidence | None:
        """What its process has to say after a failure: how it exited, and the end of its standard error."""

    async def abort(self) -> None:
        """End at once and leave nothing behind: no socket, no process, no task. Bounded, never raises."""

    @property
    def certificate_expiry(self) -> float | None:
        """When the server's certificate ends, in seconds since the epoch; None without TLS."""
