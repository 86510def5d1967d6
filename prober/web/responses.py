"""Builds responses: errors as plain text or JSON, and long answers in pieces.

Whatever grows with the number of probes is made piece by piece, and compressed so by the middleware: no scrape may hold
the event loop, in which answers of servers are being timed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from prober.config.document.diagnostics import did_you_mean
from prober.config.document.nodes import printable

API: Final = "/api/"
_AT_ONCE: Final = 16 * 1024
"""Characters made between two turns of the event loop: about a millisecond."""


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
    """A long answer. Of HEAD, only its headers."""
    headers = {"content-type": content_type}
    return Response(headers=headers) if request.method == "HEAD" else StreamingResponse(pieces, headers=headers)


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
