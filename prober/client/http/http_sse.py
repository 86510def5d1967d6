"""The HTTP+SSE transport of 2024-11-05: responses come over one long GET stream, which names a URL for messages.

That URL must have the same origin as the stream: the prober sends nothing to another host that a server names.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any, Final

import httpx

from prober.client.exchange import ExchangeRecorder
from prober.client.http.http_client import HttpClient
from prober.client.http.http_response import (
    EVENTS,
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
from prober.client.http.sse import Event, EventParser
from prober.client.jsonrpc import Message, decode, encode, is_answer, is_server_request, reply_to, result_of
from prober.config.model import Target
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Phase, Reason, Situation

_PORTS: Final = {"http": 80, "https": 443}


class HttpSseTransport:
    """One conversation over HTTP+SSE."""

    process = None
    opens = True
    closes = False

    def __init__(self, target: Target, client: HttpClient):
        self._url = target.url or ""
        self._limits = target.limits
        self._meter = Meter(target.limits)
        self._client = client
        self._resources = AsyncExitStack()
        self._events: AsyncGenerator[Event, None] | None = None
        self._post_url = ""

    @property
    def certificate_expiry(self) -> float | None:
        return self._client.certificate_expiry

    def authorize(self, token: str) -> None:
        self._client.authorize(token)

    async def fetch_token(self, tokens: TokenSource, recorder: ExchangeRecorder) -> str:
        return await self._client.fetch_token(tokens, recorder)

    async def open(self, recorder: ExchangeRecorder) -> None:
        """Open the stream and wait for the `endpoint` event."""
        response = await self._resources.enter_async_context(
            self._client.send("GET", self._url, headers={"Accept": EVENTS}, recorder=recorder)
        )
        note_head(response, recorder)
        await refuse_status(response, recorder, request_id=None)
        await refuse_content(response, recorder, accepted=(EVENTS,))
        self._events = await self._resources.enter_async_context(aclosing(self._read_events(response, recorder)))
        recorder.awaited, recorder.if_late = "the `endpoint` event of the stream", Situation.STREAMABLE_SERVER
        event = await self._next_event(recorder)
        if event.type != "endpoint":
            raise Failure(
                Reason.BAD_ENDPOINT,
                f"the stream began with a {cap(event.type, 50)!r} event, not with `endpoint`",
                evidence=Evidence(situation=Situation.STREAMABLE_SERVER),
            )
        self._post_url = endpoint(self._url, event.data)

    async def request(
        self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder
    ) -> dict[str, Any]:
        self._meter.start_anew()
        await self.notify(message, headers=headers, recorder=recorder)
        recorder.enter(Phase.WAIT)
        while True:
            event = await self._next_event(recorder)
            if event.type != "message" or not event.data:
                continue
            recorder.enter(None)
            recorder.saw(event.data)
            answer = decode(event.data, limit=self._limits.decompressed)
            if is_answer(answer) and answer.get("id") != message["id"] and recorder.on_stray is not None:
                recorder.on_stray(answer)
            elif is_answer(answer):
                return result_of(answer, request_id=message["id"])
            if is_server_request(answer):
                await self.notify(reply_to(answer, amid=message), headers=headers, recorder=ExchangeRecorder("reply"))
            recorder.enter(Phase.RECEIVE)

    async def notify(self, message: Message, *, headers: Mapping[str, str], recorder: ExchangeRecorder) -> None:
        all_headers = {**headers, **POSTED}
        body = encode(message)
        async with self._client.send(
            "POST", self._post_url, headers=all_headers, content=body, recorder=recorder
        ) as response:
            note_head(response, recorder)
            await refuse_status(response, recorder, request_id=None)
            await read_body(response, self._limits, recorder)

    async def close(self, *, headers: Mapping[str, str], recorder: ExchangeRecorder, grace: float) -> None:
        """Nothing to do: the transport has no message for the end."""

    async def abort(self) -> None:
        await self._client.aclose()
        await self._resources.aclose()

    async def _read_events(self, response: Response, recorder: ExchangeRecorder) -> AsyncGenerator[Event, None]:
        parser = EventParser(self._limits.event)
        async with aclosing(body_chunks(response, self._meter, recorder)) as chunks:
            async for chunk in chunks:
                for event in parser.feed(chunk):
                    yield event

    async def _next_event(self, recorder: ExchangeRecorder) -> Event:
        assert self._events is not None
        with self._client.reading(recorder):
            event = await anext(self._events, None)
        if event is None:
            raise Failure(Reason.STREAM_ENDED, "the event stream ended before the answer")
        return event


def endpoint(stream_url: str, data: bytes) -> str:
    """The URL for messages, from the data of the first event. Raises Failure with `bad_endpoint`."""
    text = data.decode("utf-8", "replace").strip()
    stream = httpx.URL(stream_url)
    try:
        url = stream.join(text)
        own = not url.userinfo and _origin(url) == _origin(stream)
    except (httpx.InvalidURL, ValueError):  # the host may be one that no client can write down
        own = False
    if not own:
        raise Failure(
            Reason.BAD_ENDPOINT,
            "the stream named no endpoint of its own origin, and nothing is sent elsewhere",
            evidence=Evidence(seen=cap(text), expected="a URL below {}://{}:{}".format(*_origin(stream))),
        )
    return str(url)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)
