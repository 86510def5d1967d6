"""What an HTTP answer says before its JSON-RPC message is looked at: status, content type, encoding, size."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx

from prober.config.model import Limits
from prober.outcome import Evidence, Failure, Reason
from prober.target.exchange import Draft
from prober.target.message import decode, excerpt, is_answer, result_of

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"

_STATUS: Final = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.NOT_FOUND,
    429: Reason.RATE_LIMITED,
    503: Reason.UNAVAILABLE,
}

_KEEPS_STATUS: Final = frozenset({401, 403, 429})
"""Statuses that say more than a JSON-RPC error beside them."""


def note_head(response: httpx.Response, draft: Draft) -> None:
    draft.http_status = response.status_code
    draft.content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower() or None


async def refuse_status(
    response: httpx.Response, limits: Limits, draft: Draft, *, request_id: int | None, in_session: bool = False
) -> None:
    """Raise for an error status or a redirect. A 404 `in_session` means that the server forgot the session."""
    status = response.status_code
    if status >= 400:
        raise await _status_failure(response, limits, draft, request_id=request_id, in_session=in_session)
    if 300 <= status < 400:
        location = response.headers.get("location", "nowhere").partition("?")[0][:200]
        raise _http_failure(Reason.REDIRECTED, status, f"redirected to {location}; redirects are not followed")


async def refuse_content(response: httpx.Response, limits: Limits, draft: Draft, *, accepted: tuple[str, ...]) -> None:
    """Raise for a successful answer that cannot hold a message: no body, or a stray content type."""
    status = response.status_code
    if status in (202, 204):
        raise _http_failure(Reason.NO_RESPONSE, status, f"a request was answered with HTTP {status} and no result")
    if draft.content_type in accepted:
        return
    seen = None
    async for chunk in body_chunks(response, limits, draft):
        seen = excerpt(chunk)
        break
    raise Failure(
        Reason.BAD_CONTENT_TYPE,
        f"HTTP {status} with content type {draft.content_type or '(none)'} instead of {' or '.join(accepted)}",
        evidence=Evidence(http_status=status, seen=seen),
    )


async def _status_failure(
    response: httpx.Response, limits: Limits, draft: Draft, *, request_id: int | None, in_session: bool
) -> Failure:
    status = response.status_code
    body = await read_body(response, limits, draft)
    rpc = _error_in(body, request_id) if draft.content_type == JSON else None
    reason = _STATUS.get(status, Reason.SERVER_ERROR if status >= 500 else Reason.CLIENT_ERROR)
    if status == 404 and in_session:
        reason = Reason.SESSION_LOST
    elif rpc is not None and status < 500 and status not in _KEEPS_STATUS:
        reason = rpc.reason
    phrase = rpc.message if rpc else response.reason_phrase
    return Failure(
        reason,
        f"HTTP {status}" + (f": {phrase}" if phrase else ""),
        evidence=Evidence(
            http_status=status,
            rpc_code=rpc.evidence.rpc_code if rpc else None,
            seen=None if rpc else excerpt(body) or None,
            detail=rpc.evidence.detail if rpc else None,
        ),
    )


def _error_in(body: bytes, request_id: int | None) -> Failure | None:
    """The JSON-RPC error that the body of an HTTP error holds, if it is one for this request or for none."""
    try:
        message = decode(body)
        if is_answer(message) and "error" in message:
            result_of(message, request_id=request_id or 0, null_id=True)
    except Failure as failure:
        return failure if failure.evidence.rpc_code is not None else None
    return None


def _http_failure(reason: Reason, status: int, message: str) -> Failure:
    return Failure(reason, message, evidence=Evidence(http_status=status))


async def read_body(response: httpx.Response, limits: Limits, draft: Draft) -> bytes:
    """The whole decompressed body. Raises Failure with `too_large` or `bad_encoding`."""
    return b"".join([chunk async for chunk in body_chunks(response, limits, draft)])


async def body_chunks(response: httpx.Response, limits: Limits, draft: Draft) -> AsyncGenerator[bytes, None]:
    """Decompressed chunks of the body, bounded before and after decompression."""
    decompress = _decompressor(response.headers.get("content-encoding", "identity"))
    on_wire = plain = 0
    async for raw in response.aiter_raw():
        on_wire += len(raw)
        if on_wire > limits.body:
            raise Failure(Reason.TOO_LARGE, f"the answer is larger than the limit of {limits.body} bytes")
        chunk = _inflate(decompress, raw, limits.decompressed - plain) if decompress else raw
        plain += len(chunk)
        if plain > limits.decompressed:
            raise Failure(Reason.TOO_LARGE, f"the answer inflates beyond the limit of {limits.decompressed} bytes")
        draft.saw(chunk)
        yield chunk
    if decompress and on_wire and not decompress.eof:
        raise Failure(Reason.BAD_ENCODING, "the compressed answer was cut off")


def _decompressor(encoding: str) -> Any | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, whichever header comes
        case other:
            raise Failure(Reason.BAD_ENCODING, f"content encoding {other[:50]!r} was not asked for")


def _inflate(decompress: Any, raw: bytes, room: int) -> bytes:
    try:
        return bytes(decompress.decompress(raw, room + 1))
    except zlib.error as error:
        raise Failure(Reason.BAD_ENCODING, f"the answer cannot be decompressed: {error}") from None
