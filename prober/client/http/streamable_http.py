"""Streamable HTTP: every message is a POST, its answer is JSON or an event stream of its own.

No redirect is followed, nothing is tried twice, a GET stream is opened by `listen` alone, no cookie is kept. An HTTP
status is always told; a JSON-RPC error in the body of a 4xx answer is told as `rpc_error` with both numbers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Final

from prober.client.exchange import ExchangeRecorder
from prober.client.http.http_client import HttpClient
from prober.client.http.http_response import (
    EVENTS,
    JSON,
    POSTED,
    Meter,
    body_chunks,
    note_head,
    read_body,
    refuse_content,
    refuse_status,
)
from prober.client.http.oauth import TokenSource
from prober.client.http.response import Response
from prober.client.http.sse import EventParser
from prober.client.jsonrpc import Message, decode, encode, is_answer, is_server_request, reply_to, result_of
from prober.config.model import Target
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Phase, Reason

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")

_AT_ONCE: Final = 64 * 1024
_IDLE_PAUSE: Final = 0.05
"""Bytes of an idle stream, and the seconds of rest after them: one that never stops must not cost a processor."""
_LEAST: Final = 256
_REPLY: Final = 4096
"""Bytes that a piece or a message of it counts for at least, and what an answer to the server counts for."""


class StreamableHttpTransport:
    """One conversation over Streamable HTTP; a session header that the server hands out goes with every later POST."""

    process = None
    opens = False

    def __init__(self, target: Target, client: HttpClient):
        self._url = target.url or ""
        self._limits = target.limits
        self._client = client
        self._session_id: str | None = None

    @property
    def certificate_expiry(self) -> float | None:
        return self._client.certificate_expiry

    @property
    def closes(self) -> bool:
        return self._session_id is not None

    def authorize(self, token: str) -> None:
        self._client.authorize(token)

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        return await self._client.fetch_token(tokens, recorder)

    async def open(self, recorder: ExchangeRecorder) -> None:
        """Nothing to do: the first request opens the connection."""

    async def request(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        request_id = message["id"]
        async with self._post(message, headers=headers, recorder=recorder) as response:
            note_head(response, recorder)
            await self._refuse_status(response, recorder, request_id=request_id)
            await refuse_content(response, recorder, accepted=(JSON, EVENTS))
            if message["method"] == "initialize":
                self._session_id = session_id_of(response.headers)
            if recorder.content_type == EVENTS:
                return await self._from_events(response, message, headers=headers, recorder=recorder)
            answer = decode(await read_body(response, self._limits, recorder), limit=self._limits.decompressed)
        if not is_answer(answer):
            raise Failure(Reason.MALFORMED_MESSAGE, "the answer is a request or notification, not a response")
        return result_of(answer, request_id=request_id)

    async def notify(self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder) -> None:
        async with self._post(message, headers=headers, recorder=recorder) as response:
            note_head(response, recorder)
            await self._refuse_status(response, recorder, request_id=None)
            await read_body(response, self._limits, recorder)

    async def close(self, *, headers: Mapping[str, str], recorder: ExchangeRecorder, grace: float) -> None:
        """DELETE the session, where there is one. 404 and 405 are a server's right: it ends sessions by itself."""
        async with self._client.send(
            "DELETE", self._url, headers=self._in_session(headers), recorder=recorder
        ) as response:
            note_head(response, recorder)
            if response.status_code not in (404, 405):
                await self._refuse_status(response, recorder, request_id=None)
            await read_body(response, self._limits, recorder)

    async def listen(
        self, request: Message | None, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> AsyncGenerator[list[Message], None]:
        """A stream that stays open: the answer to `request`, or to a GET. Yields at its head, then at each piece of it.

        What is yielded are the messages that a piece completes: none at the head, and for a keep-alive. A `ping` is
        answered, for a server may cut a client that says nothing. A stream that never stops is read at leisure.
        """
        opened = (
            self._client.send(
                "GET", self._url, headers={**self._in_session(headers), "Accept": EVENTS}, recorder=recorder
            )
            if request is None
            else self._post(request, headers=headers, recorder=recorder)
        )
        async with opened as response:
            note_head(response, recorder)
            await self._refuse_status(response, recorder, request_id=None if request is None else request["id"])
            await refuse_content(response, recorder, accepted=(EVENTS,))
            yield []
            parser, meter, leisure = EventParser(self._limits.event), Meter(self._limits), _Leisure()
            async with aclosing(body_chunks(response, meter, recorder)) as chunks:
                async for chunk in chunks:
                    meter.start_anew()
                    data = [event.data for event in parser.feed(chunk) if event.type == "message" and event.data]
                    messages = [decode(each, limit=self._limits.decompressed) for each in data]
                    for message in filter(is_server_request, messages):
                        await self._reply(reply_to(message, amid=request or {}), headers)
                        await leisure.after(_REPLY)
                    yield messages
                    await leisure.after(max(len(chunk), _LEAST * max(len(messages), 1)))

    async def abort(self) -> None:
        await self._client.aclose()

    def _in_session(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {**headers, "Mcp-Session-Id": self._session_id} if self._session_id is not None else dict(headers)

    async def _refuse_status(self, response: Response, recorder: ExchangeRecorder, *, request_id: int | None) -> None:
        in_session = self._session_id is not None
        await refuse_status(response, recorder, request_id=request_id, in_session=in_session)

    def _post(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> AbstractAsyncContextManager[Response]:
        all_headers = {**self._in_session(headers), **POSTED}
        body = encode(message)
        return self._client.send("POST", self._url, headers=all_headers, content=body, recorder=recorder)

    async def _from_events(
        self, response: Response, request: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        parser = EventParser(self._limits.event)
        async with aclosing(body_chunks(response, Meter(self._limits), recorder)) as chunks:
            async for chunk in chunks:
                for event in parser.feed(chunk):
                    if event.type != "message" or not event.data:
                        continue  # servers of 2025-11-25 begin with an event that has an id and empty data
                    recorder.enter(None)
                    message = decode(event.data, limit=self._limits.decompressed)
                    if is_answer(message):
                        return result_of(message, request_id=request["id"])
                    if is_server_request(message):
                        await self._reply(reply_to(message, amid=request), headers)
                    recorder.enter(Phase.RECEIVE)
        raise Failure(Reason.STREAM_ENDED, "the event stream ended without the answer")

    async def _reply(self, message: Message, headers: Mapping[str, str]) -> None:
        """Send a POST while another is open, without changing what is recorded for the outer one."""
        await self.notify(message, headers=headers, recorder=ExchangeRecorder("reply"))


class _Leisure:
    """The rest between two reads of an idle stream."""

    def __init__(self) -> None:
        self._read = 0

    async def after(self, size: int) -> None:
        """Rest, where enough was read."""
        self._read += size
        if self._read >= _AT_ONCE:
            rest, self._read = _IDLE_PAUSE * self._read / _AT_ONCE, 0
            await asyncio.sleep(rest)


def session_id_of(headers: Mapping[str, str]) -> str | None:
    """The session that an answer hands out; an empty header hands out none, and clients take it so.

    Raises Failure with `malformed_message` for what cannot be sent back: the specification allows visible ASCII.
    """
    session_id = headers.get("mcp-session-id")
    if not session_id:
        return None
    if not _VISIBLE.fullmatch(session_id):
        raise Failure(
            Reason.MALFORMED_MESSAGE,
            "the Mcp-Session-Id header holds something else than visible ASCII characters",
            evidence=Evidence(seen=repr(cap(session_id, 100)), expected="characters from 0x21 to 0x7E"),
        )
    return session_id
