"""The protocol that the three transports implement: open, request, notify, close, abort.

A transport carries one request at a time. It raises only Failure, and asyncio.CancelledError when the deadline passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from prober.client.exchange import ExchangeRecorder
from prober.client.http.oauth import TokenSource
from prober.client.jsonrpc import Message
from prober.outcome import Evidence


class AnsweredLateError(Exception):
    """A server that was asked by `initialize`, for it had said nothing to `server/discover`, answers that question."""

    def __init__(self, result: dict[str, Any]):
        super().__init__()
        self.result = result


class Transport(Protocol):
    """The transport of one session. `headers` have an effect over HTTP only."""

    opens: bool
    """Whether `open` does anything; likewise `closes`, which changes when the server assigns a session id."""

    @property
    def closes(self) -> bool: ...

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        """Fetch an access token; `authorize` adds it to every later request. Neither is called on stdio."""

    def authorize(self, token: str) -> None: ...

    async def open(self, recorder: ExchangeRecorder) -> None:
        """Prepare for the first request: start the process, or open the stream."""

    async def request(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        """Send a request and wait for its result; answer or skip other messages that come before it."""

    async def notify(self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder) -> None:
        """Send a notification; return when the server has accepted it."""

    async def close(self, *, headers: Mapping[str, str], recorder: ExchangeRecorder, grace: float) -> None:
        """End the session: tell the server, or let the process exit within `grace` seconds.

        Raises Failure where the server does not comply.
        """

    @property
    def process(self) -> Evidence | None:
        """What its process has to say after a failure: how it exited, and the end of its standard error."""

    async def abort(self) -> None:
        """End at once, and leave no socket, process or task behind. Bounded, never raises."""

    @property
    def certificate_expiry(self) -> float | None:
        """When the server's certificate ends, in seconds since the epoch; None without TLS."""
