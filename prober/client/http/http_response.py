"""What an HTTP answer says before its JSON-RPC message is looked at: status, content type, encoding, size."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin

from prober.client.error_mapping import from_exception
from prober.client.exchange import Address, ExchangeRecorder
from prober.client.http.response import Response
from prober.client.http.status_situation import of_content, of_status
from prober.client.jsonrpc import decode, excerpt, is_answer, result_of
from prober.config.model import Limits
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Reason, Situation

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
POSTED: Final = {"Accept": f"{JSON}, {EVENTS}", "Content-Type": JSON}
"""The headers of every request that carries a message: it may be answered in either form."""

_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+*-]+")

_STATUS: Final = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    407: Reason.PROXY_FAILED,  # no server says this, only a proxy on the way does
    429: Reason.RATE_LIMITED,
    503: Reason.UNAVAILABLE,
}

_KEEPS_STATUS: Final = frozenset({401, 403, 429})
"""Statuses that say more than a JSON-RPC error beside them."""

_ASKS_TO_WAIT: Final = frozenset({429, 503})

_CHALLENGE: Final = 300
"""Characters of a challenge that are shown."""

_WORDS: Final = 100
"""Characters that are told of what a server may say at any length."""

_SOME: Final = Limits(body=64 * 1024, decompressed=64 * 1024)
_MOMENT: Final = 0.5
"""Seconds, and above bytes, of a body that only adds to a failure which is certain already."""

_PIECE: Final = 8 * 1024
"""Bytes that are inflated at a time."""

_TURN: Final = 8 * 1024
_LEAST: Final = 128
"""Bytes after which the event loop has its turn, and what a chunk counts for at least: a packet may hold a thousand
chunks, and a chunk a thousand lines."""


_OF_TOKEN_ENDPOINTS: Final = frozenset({"text/html", "text/plain", "application/problem+json"})
"""Content types of a token endpoint that are shown, beside JSON."""


def note_head(response: Response, recorder: ExchangeRecorder) -> None:
    recorder.http_status = response.status_code
    recorder.http_version = response.http_version
    recorder.tls_version = response.tls_version
    if response.status_code in _ASKS_TO_WAIT:
        recorder.retry_after_seconds = retry_after(response.headers.get("retry-after", ""))
    whole = response.headers.get("content-type", "")
    named = whole.partition(";")[0].strip()
    if named and not _MEDIA_TYPE.fullmatch(named):  # the semicolon may be one within a secret: `&#47;` is a solidus
        named = whole.strip()
    known = named.lower() in (JSON, EVENTS)  # any other is shown as it is: in small letters no secret is recognized
    if recorder.confidential and named and not known and named.lower() not in _OF_TOKEN_ENDPOINTS:
        named = "another"  # it may be the token, which nobody knows yet
    recorder.content_type = cap(named.lower() if known else named, _WORDS) or None


def retry_after(value: str) -> float | None:
    """The seconds that a header Retry-After means (RFC 9110 10.2.3): a number, or a date; None for anything else."""
    value = value.strip()
    if value.isdecimal() and value.isascii():
        return float(value[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None


async def refuse_status(
    response: Response, recorder: ExchangeRecorder, *, request_id: int | None, in_session: bool = False
) -> None:
    """Raise for an error status or a redirect. A 404 `in_session` means that the server forgot the session."""
    status = response.status_code
    if status >= 400:
        raise await _status_failure(response, recorder, request_id=request_id, in_session=in_session)
    if 300 <= status < 400:
        raise _redirected(status, response.headers.get("location", ""), recorder)


async def refuse_content(response: Response, recorder: ExchangeRecorder, *, accepted: tuple[str, ...]) -> None:
    """Raise for a successful answer that cannot hold a message: no body, or a stray content type."""
    status = response.status_code
    if status in (202, 204):
        raise _http_failure(Reason.NO_RESPONSE, status, f"a request was answered with HTTP {status} and no result")
    if recorder.content_type in accepted:
        return
    body = await beginning(response, recorder)
    situation, remedy = of_content(recorder, wants_stream=JSON not in accepted)
    raise Failure(
        Reason.BAD_CONTENT_TYPE,
        f"HTTP {status} with content type {recorder.content_type or '(none)'} instead of {' or '.join(accepted)}",
        evidence=Evidence(http_status=status, seen=excerpt(body) or None, situation=situation, remedy=remedy),
    )


def reason_of(status: int) -> Reason:
    """The reason of an error status that says nothing more."""
    return _STATUS.get(status, Reason.SERVER_ERROR if status >= 500 else Reason.CLIENT_ERROR)


async def _status_failure(
    response: Response, recorder: ExchangeRecorder, *, request_id: int | None, in_session: bool
) -> Failure:
    status = response.status_code
    body = await beginning(response, recorder)
    rpc = _error_in(body, request_id) if recorder.content_type == JSON else None
    reason = reason_of(status)
    if status == 404 and in_session:
        reason = Reason.SESSION_LOST
    elif rpc is not None and status < 500 and status not in _KEEPS_STATUS:
        reason = rpc.reason
    phrase = rpc.message if rpc else cap(response.reason_phrase, _WORDS)
    situation, remedy = of_status(recorder, body, of_mcp=in_session or rpc is not None)
    message = f"HTTP {status}" + (f": {phrase}" if phrase else "")
    if challenge := response.headers.get("www-authenticate", "") if status == 401 else "":
        message += f"; WWW-Authenticate: {cap(challenge, _CHALLENGE)}"
    return Failure(
        reason,
        message,
        evidence=Evidence(
            situation=situation or (rpc.evidence.situation if rpc else None),
            remedy=remedy,
            http_status=status,
            rpc_code=rpc.evidence.rpc_code if rpc else None,
            seen=rpc.evidence.seen if rpc else excerpt(body) or None,
            detail=rpc.evidence.detail if rpc else None,
        ),
    )


def _error_in(body: bytes, request_id: int | None) -> Failure | None:
    """The JSON-RPC error that the body of an HTTP error holds, if it is one for this request or for none."""
    try:
        message = decode(body, limit=_SOME.body)
        if is_answer(message) and "error" in message:
            result_of(message, request_id=request_id or 0, null_id=True)
    except Failure as failure:
        return failure if failure.evidence.rpc_code is not None else None
    return None


def _http_failure(reason: Reason, status: int, message: str) -> Failure:
    return Failure(reason, message, evidence=Evidence(http_status=status))


def _redirected(status: int, location: str, recorder: ExchangeRecorder) -> Failure:
    """The address is shown without user, query and fragment, which may hold secrets."""
    try:
        there = Address.of(urljoin(str(recorder.address), location)) if location else Address()
    except ValueError:
        there = Address()
    if there.scheme not in ("http", "https") or not there.host:
        return _http_failure(Reason.REDIRECTED, status, f"HTTP {status}, and no address to go to instead")
    address = cap(str(there))
    elsewhere = Situation.REDIRECT_ELSEWHERE if there.host != recorder.address.host else None
    evidence = Evidence(http_status=status, remedy=address, situation=elsewhere)
    return Failure(Reason.REDIRECTED, f"HTTP {status} sends clients to {address}", evidence=evidence)


async def beginning(response: Response, recorder: ExchangeRecorder) -> bytes:
    """What there is of the body within a moment. It may hang, break off or be endless: the status stands."""
    body = bytearray()
    try:
        async with asyncio.timeout(_MOMENT), aclosing(body_chunks(response, Meter(_SOME), recorder)) as chunks:
            async for chunk in chunks:
                body += chunk
    except TimeoutError:
        pass
    except Exception as error:
        if from_exception(error, recorder) is None:
            raise
    return bytes(body)


async def read_body(response: Response, limits: Limits, recorder: ExchangeRecorder) -> bytes:
    """The whole decompressed body. Raises Failure with `too_large` or `bad_encoding`."""
    async with aclosing(body_chunks(response, Meter(limits), recorder)) as chunks:
        body = b"".join([chunk async for chunk in chunks])
    recorder.enter(None)
    return body


class Meter:
    """What one answer has cost so far, against its limits."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self.start_anew()

    def start_anew(self) -> None:
        """The next answer begins, on the same stream."""
        self._on_wire = self._plain = 0

    def count_wire(self, size: int) -> None:
        """Raises Failure with `too_large`; likewise below, for bytes after decompression."""
        self._on_wire += size
        if self._on_wire > self._limits.body:
            raise Failure(Reason.TOO_LARGE, f"the answer is larger than the limit of {self._limits.body} bytes")

    def count_plain(self, size: int) -> None:
        self._plain += size
        if self._plain > self._limits.decompressed:
            limit = self._limits.decompressed
            raise Failure(Reason.TOO_LARGE, f"the answer inflates beyond the limit of {limit} bytes")


async def body_chunks(response: Response, meter: Meter, recorder: ExchangeRecorder) -> AsyncGenerator[bytes, None]:
    """Decompressed chunks of the body, bounded before and after decompression."""
    inflate = _decompressor(response.headers.get("content-encoding", "identity"))
    since_turn = 0
    empty = True
    async with aclosing(response.aiter_raw()) as raw_chunks:
        async for raw in raw_chunks:
            empty = empty and not raw
            meter.count_wire(len(raw))
            since_turn += _LEAST  # a chunk may cost time without a byte to show for it
            for chunk in _inflated(inflate, raw) if inflate else (raw,):
                meter.count_plain(len(chunk))
                recorder.saw(chunk)
                yield chunk
                since_turn += max(len(chunk), _LEAST)
                if since_turn >= _TURN:
                    since_turn = 0
                    await asyncio.sleep(0)
    if inflate and not empty and not inflate.eof:
        raise Failure(Reason.BAD_ENCODING, "the compressed answer was cut off")


def _decompressor(encoding: str) -> Any | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, whichever header comes
        case other:
            raise Failure(Reason.BAD_ENCODING, f"content encoding {cap(other, _WORDS)!r} was not asked for")


def _inflated(inflate: Any, raw: bytes) -> Iterator[bytes]:
    """What has become readable, a piece at a time: a few bytes may stand for megabytes."""
    while True:
        if inflate.eof and raw:
            raise _beyond_the_end()
        try:
            piece = inflate.decompress(raw, _PIECE)
        except zlib.error as error:
            raise Failure(Reason.BAD_ENCODING, f"the answer cannot be decompressed: {error}") from None
        if piece:
            yield piece
        if inflate.unused_data:  # zlib keeps them, and would copy all it has kept for each chunk more
            raise _beyond_the_end()
        raw = inflate.unconsumed_tail
        if not raw and len(piece) < _PIECE:
            return


def _beyond_the_end() -> Failure:
    return Failure(Reason.BAD_ENCODING, "the compressed answer is followed by more bytes")
