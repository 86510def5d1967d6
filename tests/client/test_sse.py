"""The event stream format, however the bytes are cut up."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from prober.client.http.sse import Event, EventParser
from prober.outcome import Failure, Reason

LIMIT = 100


def parsed(*chunks: bytes, limit: int = LIMIT) -> list[tuple[str, bytes]]:
    parser = EventParser(limit)
    return [(event.type, event.data) for chunk in chunks for event in parser.feed(chunk)]


def ways_to_cut(stream: bytes) -> list[list[bytes]]:
    """Whole, byte by byte, and in two at every place."""
    halves = [[stream[:i], stream[i:]] for i in range(len(stream) + 1)]
    return [[stream], [stream[i : i + 1] for i in range(len(stream))], *halves]


STREAMS = {
    b"data: one\n\n": [("message", b"one")],
    b"data:one\n\n": [("message", b"one")],
    b"data:  one \n\n": [("message", b" one ")],
    b"data: one\r\rdata: two\r\r": [("message", b"one"), ("message", b"two")],
    b"data: one\r\n\r\ndata: two\r\n\r\n": [("message", b"one"), ("message", b"two")],
    b"data: one\r\n\ndata: two\n\r\n": [("message", b"one"), ("message", b"two")],
    b"data: a\ndata: b\n\n": [("message", b"a\nb")],
    b"data: a\rdata: b\r\ndata: c\n\n": [("message", b"a\nb\nc")],
    b"data\n\n": [("message", b"")],
    b"data:\n\n": [("message", b"")],
    b"data:\ndata:\n\n": [("message", b"\n")],
    b"event: ping\n\n": [],
    b"event: endpoint\ndata: /here\n\n": [("endpoint", b"/here")],
    b"event: endpoint\nevent: other\ndata: x\n\n": [("other", b"x")],
    b"event:\ndata: x\n\n": [("message", b"x")],
    b"event: lost\n\ndata: x\n\n": [("message", b"x")],
    b"id: 7\nretry: 100\ndata: x\n\n": [("message", b"x")],
    b": comment\n\n:\n\ndata: x\n: in between\n\n": [("message", b"x")],
    b"DATA: x\n data: y\ndatas: z\n\n": [],
    b"\xef\xbb\xbfdata: x\n\n": [("message", b"x")],
    b"\xef\xbb\xbf\ndata: x\n\n": [("message", b"x")],
    b"\n\n\r\n\rdata: x\n\n": [("message", b"x")],
    b"data: x\n\n\xef\xbb\xbfdata: y\n\n": [("message", b"x")],
    b"data: \xc3\xa4\n\n": [("message", "ä".encode())],
    b"data: never ended\n": [],
    b"data: never ended": [],
    b"": [],
}


@pytest.mark.parametrize("stream", STREAMS, ids=repr)
def test_events_are_the_same_however_the_stream_is_cut(stream: bytes) -> None:
    for chunks in ways_to_cut(stream):
        assert parsed(*chunks) == STREAMS[stream], chunks


def test_an_empty_chunk_changes_nothing_between_cr_and_lf() -> None:
    assert parsed(b"data: a\r", b"", b"\n", b"", b"data: b\r\n\r\n") == [("message", b"a\nb")]


def test_an_event_is_there_as_soon_as_its_blank_line_is() -> None:
    parser = EventParser(LIMIT)
    assert list(parser.feed(b"data: x\r\n")) == []
    assert list(parser.feed(b"\r")) == [Event(type="message", data=b"x")]
    assert list(parser.feed(b"\n")) == []


AT_THE_LIMIT = {
    "one line": b"data: " + b"x" * (LIMIT - 6),
    "two lines": b"data: " + b"x" * 44 + b"\ndata: " + b"x" * 44,
    "with a type": b"event: hello\ndata: " + b"x" * (LIMIT - 18),
    "a comment": b": " + b"x" * (LIMIT - 2),
}


@pytest.mark.parametrize("lines", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_what_is_at_the_limit_passes_and_one_byte_more_does_not_however_it_is_cut(lines: bytes) -> None:
    for chunks in ways_to_cut(lines + b"\n\n"):
        parsed(*chunks)
    for chunks in ways_to_cut(lines + b"x\n\n"):
        with pytest.raises(Failure, match=r"larger than the limit of 100 bytes") as caught:
            parsed(*chunks)
        assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("start", [b"data: ", b": ", b"", b"data: x\ndata: "], ids=repr)
def test_a_line_that_does_not_end_is_too_large_while_it_is_incomplete(start: bytes) -> None:
    with pytest.raises(Failure) as caught:
        parsed(start, *[b"x"] * LIMIT * 2)
    assert caught.value.reason is Reason.TOO_LARGE


def test_comments_and_small_events_may_go_on_for_ever() -> None:
    parser = EventParser(LIMIT)
    for _ in range(10 * LIMIT):
        assert list(parser.feed(b": still here\n")) == []
        assert len(list(parser.feed(b"data: x\n\n"))) == 1


def seconds(stream: bytes, size: int) -> float:
    """Processor time that parsing takes, in chunks of `size` bytes."""
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    began = time.thread_time()
    parsed(*chunks, limit=len(stream))
    return time.thread_time() - began


SHAPES = {
    "one line, a byte at a time": (lambda n: b"data: " + b"x" * n + b"\n\n", 1),
    "one line": (lambda n: b"data: " + b"x" * n + b"\n\n", 4096),
    "blank lines": (lambda n: b"\n" * n, 65536),
    "short lines": (lambda n: b"data:x\n" * (n // 7) + b"\n", 65536),
    "ended by cr": (lambda n: b"data:x\r" * (n // 7) + b"\r", 65536),
    "short events": (lambda n: b"data:x\n\n" * (n // 8), 65536),
    "all at once": (lambda n: b"a\n" * (n // 2), 1 << 30),
}


@pytest.mark.slow
@pytest.mark.parametrize(("stream", "size"), SHAPES.values(), ids=SHAPES)
def test_time_grows_with_the_bytes_and_no_faster(stream: object, size: int) -> None:
    assert callable(stream)
    shortest = 2**13 if size == 1 else 2**16
    taken = [min(seconds(stream(shortest * times), size) for _ in range(3)) for times in (1, 4, 16)]
    assert all(more < 8 * less + 0.01 for less, more in pairwise(taken)), taken
