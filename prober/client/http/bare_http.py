"""Single requests of any shape, beside a session: what a server answers to them is what a kind of probe looks at.

Their headers may lie, miss, or name a session that never was. An answer is a `Reply`, whatever its status; only what
keeps an answer from coming at all is a Failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from prober.client.exchange import ExchangeLog, ExchangeRecorder
from prober.client.http.http_client import HttpClient
from prober.client.http.http_response import EVENTS, JSON, Meter, body_chunks, note_head, read_body
from prober.client.http.response import Response
from prober.client.http.sse import EventParser
from prober.client.jsonrpc import Message, decode, encode, excerpt, is_answer
from prober.config.model import Limits, Target
from prober.json_values import cap
from prober.outcome import Failure

_WORDS: Final = 100
"""Characters that are shown of what a server may say at any length."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server answered to one request."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    content_type: str = ""
    message: Message | None = None
    """The JSON-RPC response in it, where there is one."""
    body: str = ""
    """The beginning of a body that is no JSON-RPC response."""

    @property
    def result(self) -> Mapping[str, Any] | None:
        found = (self.message or {}).get("result")
        return found if isinstance(found, dict) else None

    @property
    def code(self) -> int | None:
        """The code of the JSON-RPC error."""
        found: int | None = (self.message or {}).get("error", {}).get("code")
        return found

    def __str__(self) -> str:
        """For people: `HTTP 400, error -32000: Bad Request`."""
        if self.code is not None:
            return f"HTTP {self.status}, error {self.code}: {cap((self.message or {})['error']['message'], _WORDS)}"
        if self.message is not None:
            return f"HTTP {self.status} and a result"
        return f"HTTP {self.status}" + (f", {self.content_type}" if self.content_type else "")


class BareHttp:
    """Requests over connections of their own, with the credentials of the target."""

    def __init__(self, target: Target, *, log: ExchangeLog, token: str | None = None, address: str | None = None):
        """`address` is the only one that is connected to, of those that the name has."""
        self._url, self._limits, self._log = target.url or "", target.limits, log
        self._client = HttpClient(target, address=address)
        if token is not None:
            self._client.authorize(token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def ask(
        self, step: str, message: Message | None = None, *, headers: Mapping[str, str], method: str = "POST"
    ) -> Reply:
        """The answer to one request. Of the answer to a GET only the head is read: its stream may never end.

        `headers` come over those that every request has. OPTIONS is sent as browsers send a preflight, without any of
        the target's.
        """
        usual = {"Accept": f"{JSON}, {EVENTS}", **({"Content-Type": JSON} if message is not None else {})}
        content = encode(message) if message is not None else b""
        with self._log.exchange(step) as recorder:
            try:
                async with self._client.send(
                    method,
                    self._url,
                    headers=usual | dict(headers),
                    content=content,
                    recorder=recorder,
                    own=method != "OPTIONS",
                ) as response:
                    return await self._reply(response, recorder, whole=method != "GET")
            except Failure as failure:
                failure.step = failure.step or step
                raise

    async def _reply(self, response: Response, recorder: ExchangeRecorder, *, whole: bool) -> Reply:
        note_head(response, recorder)
        kind = recorder.content_type or ""
        message, body = None, b""
        if whole and kind == EVENTS and response.status_code < 300:
            message = await _answer_in(response, self._limits, recorder)
        elif whole:
            body = await read_body(response, self._limits, recorder)
            message = _decoded(body, self._limits) if kind == JSON else None
        return Reply(
            status=response.status_code,
            headers=response.headers,
            content_type=kind,
            message=message,
            body="" if message is not None else excerpt(body),
        )


async def _answer_in(response: Response, limits: Limits, recorder: ExchangeRecorder) -> Message | None:
    parser = EventParser(limits.event)
    async with aclosing(body_chunks(response, Meter(limits), recorder)) as chunks:
        async for chunk in chunks:
            for event in parser.feed(chunk):
                if event.data and (message := _decoded(event.data, limits)) is not None:
                    return message
    return None


def _decoded(body: bytes, limits: Limits) -> Message | None:
    try:
        message = decode(body, limit=limits.decompressed)
    except Failure:
        return None
    return message if is_answer(message) else None
