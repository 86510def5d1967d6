"""How is answered: plain text and JSON errors, and long answers in pieces.

Whatever grows with the number of probes is made and packed piece by piece: no scrape may hold the event loop, in which
answers of servers are being timed.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from prober.config.diagnostics import did_you_mean
from prober.config.nodes import printable

API: Final = "/api/"
_AT_ONCE: Final = 16 * 1024
"""Characters made between two turns of the event loop: about a millisecond."""
_BATCH: Final = 256 * 1024
"""Bytes packed in one visit to a thread; less is packed faster than a thread is asked."""


def problem(path: str, status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error, as JSON below /api/ and as text elsewhere."""
    if path.startswith(API):
        return JSONResponse({"error": message}, status, headers)
    return PlainTextResponse(f"{message}\n", status, headers)


def refuse(status: int, message: str) -> HTTPException:
    """The error to raise in an endpoint."""
    return HTTPException(status, message)


def parameters(request: Request, known: Sequence[str], *, several: Sequence[str] = ()) -> dict[str, list[str]]:
    """The query, by name. What is not known, or stands twice where it may not, is refused."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise refuse(400, did_you_mean(f"unknown parameter {printable(name[:100])}", name[:100], known))
        given.setdefault(name, []).append(value)
        if len(given[name]) > 1 and name not in several:
            raise refuse(400, f"{name} is given twice")
    return given


def streamed(request: Request, pieces: AsyncIterator[bytes], *, content_type: str) -> Response:
    """A long answer, packed where the client can unpack it. Of HEAD, only its headers."""
    headers = {"content-type": content_type, "vary": "Accept-Encoding"}
    packed = _takes_gzip(request.headers.get("accept-encoding", ""))
    if packed:
        headers["content-encoding"] = "gzip"
    if request.method == "HEAD":
        return Response(headers=headers)
    return StreamingResponse(_packed(pieces) if packed else pieces, headers=headers)


async def paced(texts: Iterable[str]) -> AsyncIterator[bytes]:
    """Texts, made as they are sent, with turns of the event loop in between."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _AT_ONCE:
            yield "".join(batch).encode()
            batch, size = [], 0
            await asyncio.sleep(0)
    yield "".join(batch).encode()


def listed(before: str, values: Iterable[Any], after: str) -> Iterator[str]:
    """A JSON document with a long list in it: the texts around it, and its values."""
    yield before
    for index, value in enumerate(values):
        yield ("," if index else "") + as_json(value)
    yield after


def as_json(value: Any) -> str:
    """Compact, and nothing in it that is not JSON."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _takes_gzip(accept_encoding: str) -> bool:
    for entry in accept_encoding.split(","):
        name, _, quality = entry.partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def _packed(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(level=1, wbits=31)
    batch = bytearray()
    async for piece in pieces:
        batch += piece
        if len(batch) >= _BATCH:
            # zlib lets go of the interpreter: what is being timed goes on meanwhile.
            yield await asyncio.to_thread(packer.compress, bytes(batch))
            batch.clear()
    yield packer.compress(bytes(batch)) + packer.flush()
