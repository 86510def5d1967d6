"""Each HTTP+SSE fault does on the wire what its name says: seen by a client that only moves bytes."""

from __future__ import annotations

import asyncio
import re
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.peers.legacy_faults import FAULTS, OPENED
from tests.peers.legacy_peer import ENDPOINT, legacy_peer
from tests.peers.messages import MESSAGE_FAULTS
from tests.peers.protocol import Step
from tests.peers.raw_client import End, exchange, http, look, message

STREAM: Final = rb"HTTP/1\.1 200 OK(?s:.*)text/event-stream(?s:.*)\r\n\r\n"
ACCEPTED: Final = rb"HTTP/1\.1 202 "

AT_STREAM: Final[dict[str, tuple[bytes, End]]] = {
    "stream_http_401": (rb"HTTP/1\.1 401 ", "kept"),
    "stream_http_403": (rb"HTTP/1\.1 403 ", "kept"),
    "stream_http_404": (rb"HTTP/1\.1 404 ", "kept"),
    "stream_http_405": (rb"HTTP/1\.1 405 ", "kept"),
    "stream_http_429": (rb"HTTP/1\.1 429 ", "kept"),
    "stream_http_500": (rb"HTTP/1\.1 500 ", "kept"),
    "stream_http_503": (rb"HTTP/1\.1 503 ", "kept"),
    "stream_redirect": (rb"HTTP/1\.1 307 (?s:.*)Location: /elsewhere", "kept"),
    "stream_is_html": (rb"HTTP/1\.1 200 (?s:.*)text/html", "kept"),
    "stream_is_json": (rb"HTTP/1\.1 200 (?s:.*)application/json", "kept"),
    "stream_never_starts": (rb"$", "silent"),
    "stream_closed_at_once": (rb"$", "closed"),
    "stream_ends_before_endpoint": (STREAM + rb"0\r\n\r\n", "kept"),
    "no_endpoint": (STREAM + rb".*\r\n: hello\n\n\r\n$", "silent"),
    "other_event_first": (STREAM + rb".*\r\nevent: message\n", "silent"),
    "endpoint_of_another_origin": (STREAM + rb".*\r\nevent: endpoint\ndata: http://127.0.0.2:9/", "silent"),
    "endpoint_of_another_scheme": (STREAM + rb".*\r\nevent: endpoint\ndata: file:///etc/passwd\n\n", "silent"),
    "endpoint_is_no_url": (STREAM + rb".*\r\nevent: endpoint\ndata: http://\[oops\n\n", "silent"),
}
"""By fault: what the GET brings."""

AT_POST: Final[dict[str, tuple[bytes, bytes, End]]] = {
    "post_http_400": (rb"HTTP/1\.1 400 ", rb"$", "silent"),
    "post_http_401": (rb"HTTP/1\.1 401 ", rb"$", "silent"),
    "post_http_404": (rb"HTTP/1\.1 404 ", rb"$", "silent"),
    "post_http_500": (rb"HTTP/1\.1 500 ", rb"$", "silent"),
    "post_redirect": (rb"HTTP/1\.1 307 (?s:.*)Location: http://127.0.0.2:9/", rb"$", "silent"),
    "post_silence": (rb"$", rb"$", "silent"),
    "post_closed": (rb"$", rb"$", "silent"),
    "no_answer": (ACCEPTED, rb"$", "silent"),
    "stream_ends": (ACCEPTED, rb"0\r\n\r\n$", "silent"),
    "stream_reset": (ACCEPTED, rb"$", "reset"),
    "stream_cut_off": (ACCEPTED, rb"$", "closed"),
    "event_too_large": (ACCEPTED, rb"(?s:.*)data: x{1572864}\n\n\r\n$", "silent"),
    "line_too_large": (ACCEPTED, rb"(?s:.*)data: x{1572864}\r\n$", "silent"),
    "too_slow": (ACCEPTED, rb'(?s:.*)"result"', "silent"),
    "notified_first": (ACCEPTED, rb'(?s:.*)notifications/message(?s:.*)"result"', "silent"),
    "pinged_first": (ACCEPTED, rb'(?s:.*)"method":"ping"(?s:.*)"result"', "silent"),
}
"""By fault: what the POST brings, what comes in the stream after it, and how the stream ends."""


def test_every_fault_of_its_own_is_looked_at() -> None:
    assert set(AT_STREAM) == {name for name, fault in FAULTS.items() if fault.where == OPENED}
    assert set(AT_STREAM) | set(AT_POST) == set(FAULTS) - set(MESSAGE_FAULTS)


@pytest.mark.parametrize("name", AT_STREAM)
async def test_a_stream_misbehaves_as_its_name_says(name: str) -> None:
    pattern, end = AT_STREAM[name]
    async with legacy_peer({"connect": FAULTS[name].act}) as peer:
        port = urlsplit(peer.url).port or 0
        seen = await exchange(port, http("GET", "/sse"), within=0.2 if end == "silent" else 5)
    assert re.match(pattern, seen.data), seen.data[:500]
    assert seen.end == end


@pytest.mark.parametrize("name", AT_POST)
async def test_a_post_is_answered_as_its_name_says(name: str) -> None:
    of_post, of_stream, end = AT_POST[name]
    step: Step = "call"
    async with legacy_peer({step: FAULTS[name].act}) as peer:
        port = urlsplit(peer.url).port or 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(http("GET", "/sse"))
            await reader.readuntil(ENDPOINT.encode() + b"\n\n\r\n")
            body = message(step, "handshake")
            posted = await exchange(port, http("POST", ENDPOINT, body=body), within=0.2 if of_post == b"$" else 5)
            streamed = await look(reader, within=0.4 if end == "silent" else 5)
        finally:
            writer.transport.abort()
    assert re.match(of_post, posted.data), posted.data[:500]
    assert re.match(of_stream, streamed.data), streamed.data[:500]
    assert streamed.end == end
