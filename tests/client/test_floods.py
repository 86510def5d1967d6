"""Peers that send as much as they can, as awkwardly as they can: the memory stays, and the event loop has its turns."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from prober.client.transports import import_transport
from prober.config.model import Limits, Target
from prober.outcome import Failure, Reason
from tests.assertions.ticking import PROMISE, ticking
from tests.client.opening import AMPLE, failure_of, opened, target
from tests.leaks import nothing_left_behind
from tests.peers import http_acts
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.wire import EVENTS, JSON, chunk, head
from tests.running import run_document

MEGABYTE: Final = 1024 * 1024

PATIENCE: Final = 0.5
"""Seconds for which a flood is endured that no limit ends."""

LIMITS: Final = Limits(body=MEGABYTE // 8, decompressed=MEGABYTE // 8)
"""So that the others end soon."""

NOTE: Final = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}'


def chunked(content_type: str, **headers: str) -> bytes:
    return head(200, {"Content-Type": content_type, "Transfer-Encoding": "chunked", **headers})


FLOODS: Final[Mapping[str, tuple[bytes, bytes, Reason | None]]] = {
    "endless body": (chunked(JSON), chunk(b" " * 65536), Reason.TOO_LARGE),
    "endless body in tiny chunks": (chunked(JSON), chunk(b" ") * 10_000, None),
    "endless stream of nothing": (chunked(EVENTS), chunk(b"\n" * 65536), Reason.TOO_LARGE),
    "endless stream of tiny lines": (chunked(EVENTS), chunk(b"a\n" * 32768), Reason.TOO_LARGE),
    "endless stream of empty data": (chunked(EVENTS), chunk(b"data:\n" * 10_000), Reason.TOO_LARGE),
    "endless stream of comments": (chunked(EVENTS), chunk(b":\r" * 32768), Reason.TOO_LARGE),
    "endless stream of notifications": (chunked(EVENTS), chunk(b"data:" + NOTE + b"\n\n") * 100, Reason.TOO_LARGE),
    "endless stream in tiny chunks": (chunked(EVENTS), chunk(b":") * 10_000, None),
    "endless interim answers": (b"", head(100, {}) * 2000, Reason.TOO_LARGE),
    "endless header": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000, Reason.TOO_LARGE),
    "endless status line": (b"HTTP/1.1 200 ", b"x" * 65536, Reason.TOO_LARGE),
    "endless chunk extension": (chunked(JSON) + b"1;x=", b"x" * 65536, Reason.TOO_LARGE),
    "endless trailer": (chunked(JSON) + b"0\r\n", b"X: y\r\n" * 10_000, Reason.TOO_LARGE),
    "endless error": (head(500, {"Transfer-Encoding": "chunked"}), chunk(b"x" * 65536), Reason.SERVER_ERROR),
    "endless page": (chunked("text/html"), chunk(b"<p>" * 20_000), Reason.BAD_CONTENT_TYPE),
}


"""What comes first, what comes again and again, and what ends it; None where only the deadline does."""


@contextmanager
def flooding(first: bytes, again: bytes) -> Iterator[str]:
    """The address of a server that floods. Another process, so that what it costs is not taken for ours."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("flooder.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([first.hex(), again.hex()]).encode() + b"\n")
        process.stdin.close()
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp"
        finally:
            process.kill()


async def endure(where: Target, *, ends: bool) -> Failure | None:
    """How negotiation ends, None if only with the patience; one that `ends` is given all the time it needs."""
    try:
        async with opened(where, within=AMPLE if ends else PATIENCE):
            pass
    except Failure as failure:
        return failure
    except TimeoutError:
        return None
    raise AssertionError("it did not fail")


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """What is imported with the first target is not measured."""
    import_transport("http")


@pytest.mark.parametrize("era", ["modern", "handshake"])
@pytest.mark.parametrize(("first", "again", "reason"), FLOODS.values(), ids=FLOODS)
async def test_a_flood_ends_in_time_holds_up_nobody_and_fills_no_memory(
    first: bytes, again: bytes, reason: Reason | None, era: str
) -> None:
    with flooding(first, again) as url:
        async with nothing_left_behind(), ticking() as ticks:
            where = target(url, protocol=era, limits=LIMITS)
            failure = await endure(where, ends=reason is not None)
        with tracing() as memory:
            await endure(where, ends=reason is not None)
    assert (failure.reason if failure else None) is reason, failure
    assert ticks.longest < PROMISE
    assert memory.peak < 4 * MEGABYTE


@dataclass
class Memory:
    peak: int = 0
    """Bytes that were allocated at a time at most."""


@contextmanager
def tracing() -> Iterator[Memory]:
    memory = Memory()
    tracemalloc.start()
    try:
        yield memory
        memory.peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_bomb_goes_off_a_piece_at_a_time() -> None:
    bomb = http_acts.encoded("gzip", gzip.compress(bytes(20 * MEGABYTE)))
    async with http_peer(Script(faults={"discover": bomb})) as peer, nothing_left_behind():
        where = target(peer.url, protocol="modern")
        async with ticking() as ticks:
            failure = await endure(where, ends=True)
        with tracing() as memory:
            await endure(where, ends=True)
    assert failure is not None
    assert failure.reason is Reason.TOO_LARGE
    assert ticks.longest < PROMISE
    assert memory.peak < 6 * MEGABYTE


@pytest.mark.parametrize("data", [b"\n", b"a\n", b"data:\n", b":\r"], ids=repr)
async def test_a_bomb_of_lines_holds_up_nobody(data: bytes) -> None:
    """A few hundred bytes on the wire that are a hundred thousand lines."""
    bomb = gzip.compress(data * (MEGABYTE // 4 // len(data)))

    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": EVENTS, "Content-Encoding": "gzip"}, bomb)

    async with http_peer(Script(faults={"discover": act})) as peer, nothing_left_behind(), ticking() as ticks:
        failure = await failure_of(target(peer.url, protocol="modern"))
    assert failure.reason in (Reason.STREAM_ENDED, Reason.TOO_LARGE)
    assert ticks.longest < PROMISE


def padded_with(values: bytes) -> Act:
    """The good answer, filled up with these values as far as the limits go."""

    async def act(call: Call) -> None:
        times = min(1900 * 1024 // len(values), 130_000 // sum(map(values.count, (b",", b":", b"[", b"{"))))
        message = {**call.good.message} if call.good.message else {}
        message["result"] = {**message["result"], "padding": []}
        body = dump(message).replace(b'"padding":[]', b'"padding":[' + values * times + b"0]")
        await call.respond(200, {"Content-Type": JSON}, body)

    return act


DENSE: Final = [b"0,", b"[],", b"[[[[]]]],", b'{"a":1,"b":[true,null]},', b'"%s",' % (b"x" * 1000), b"1.5e3,"]


@pytest.mark.parametrize("values", DENSE, ids=lambda values: repr(values)[:30])
async def test_the_largest_answers_are_parsed_while_others_wait_for_no_long(values: bytes) -> None:
    async with http_peer(Script(faults={"discover": padded_with(values)})) as peer:
        async with opened(target(peer.url, protocol="modern")):
            pass
        async with ticking() as ticks, opened(target(peer.url, protocol="modern")) as conversation:
            assert conversation.exchanges[0].bytes_received > 150_000
    assert ticks.longest < PROMISE


@pytest.mark.parametrize("ends", ["\n", ""], ids=["lines", "no line"])
@pytest.mark.parametrize("text", ["", NOTE.decode(), " "], ids=["blank", "notification", "space"])
async def test_a_flood_of_output_ends_in_time_holds_up_nobody_and_fills_no_memory(text: str, ends: str) -> None:
    said = (text + ends) * 1000
    flood = f"import os\nwhile True: os.write(1, {said!r}.encode())"
    where = target(command=(sys.executable, "-I", "-S", "-c", flood), protocol="modern", limits=Limits(line=MEGABYTE))
    something = bool(said)
    async with nothing_left_behind():
        async with ticking() as ticks:
            failure = await endure(where, ends=something)
        with tracing() as memory:
            await endure(where, ends=something)
    assert (failure.reason if failure else None) is (Reason.TOO_LARGE if something else None), failure
    assert ticks.longest < PROMISE
    assert memory.peak < 6 * MEGABYTE


TALKS: Final = """
import json, os, sys
for line in sys.stdin:
    message = json.loads(line)
    result = {"supportedVersions": ["2026-07-28"], "capabilities": {}, "content": [], "resultType": "complete"}
    result |= {"ttlMs": 0, "cacheScope": "private", "tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
    while message["method"] == "tools/call":
        os.write(1, sys.argv[1].encode() * 1000)
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


@pytest.mark.parametrize("said", ["\n", NOTE.decode() + "\n"], ids=["blank", "notification"])
async def test_a_server_that_talks_until_the_deadline_has_not_answered_in_time(said: str, tmp_path: Path) -> None:
    """Whatever the prober is at in that moment: it never was the prober that had nothing asked of the server."""
    talks = {"command": [sys.executable, "-I", "-S", "-c", TALKS, said], "limits": {"line": "1GB"}}
    probe = {"target": "talks", "kind": "call", "tool": "echo", "timeout": "1s", "allow_writes": True}
    target_document = {"talks": talks | {"protocol": "modern", "allow_writes": True}}
    [outcome] = await run_document({"targets": target_document, "probes": {"p": probe}}, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "tools/call"), outcome.message
