"""Answers that cost more to read than to send: compressed tails, errors, tokens, texts. Others have their turns."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from prober.outcome import Reason
from tests.assertions.ticking import PROMISE, ticking
from tests.client.opening import failure_of, opened, target
from tests.client.test_tokens import secured
from tests.kinds.offering import offering, probed, tool
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import good_json
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.token_peer import says, token_peer
from tests.peers.wire import JSON, chunk, head, send

MEGABYTE: Final = 1024 * 1024


def followed_by(tail: bytes, *, pieces: int) -> Act:
    """The good answer, compressed, and more bytes behind its end, in chunks."""

    async def act(call: Call) -> None:
        body = gzip.compress(good_json(call))
        step = max(1, len(tail) // pieces)
        chunks = [chunk(body), *(chunk(tail[at : at + step]) for at in range(0, len(tail), step)), chunk(b"")]
        headers = {"Content-Type": JSON, "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
        await send(call.writer, head(200, headers) + b"".join(chunks))

    return act


@pytest.mark.parametrize("tail", [b"x", b"\0" * 16, gzip.compress(b"{}")], ids=["one byte", "zeros", "another member"])
async def test_bytes_behind_the_end_of_a_compressed_answer_are_refused(tail: bytes) -> None:
    async with http_peer(Script(faults={"discover": followed_by(tail, pieces=1)})) as peer, nothing_left_behind():
        failure = await failure_of(target(peer.url, protocol="modern"))
    assert failure.reason is Reason.BAD_ENCODING
    assert failure.message == "the compressed answer is followed by more bytes"


async def test_a_long_tail_of_a_compressed_answer_holds_up_nobody() -> None:
    tail = followed_by(bytes(MEGABYTE), pieces=50_000)
    async with http_peer(Script(faults={"discover": tail})) as peer, nothing_left_behind():
        await failure_of(target(peer.url, protocol="modern"))  # what is imported at the first failure is not measured
        async with ticking() as ticks:
            failure = await failure_of(target(peer.url, protocol="modern"))
    assert failure.reason is Reason.BAD_ENCODING
    assert ticks.longest < PROMISE


MANY: Final[Mapping[str, str]] = {
    name: json.dumps(value)
    for name, value in {
        "members": {f"m{n}": n for n in range(60_000)},
        "arrays": [[]] * 60_000,
        "objects": [{"a": 1}] * 40_000,
        "nested": [[[[0]] * 10] * 100] * 10,
        "long text": "x" * 1_500_000,
        "deep": [json.loads("[" * 900 + "]" * 900)] * 60,
        "long numbers": [10**499] * 4000,
        "floats": [1.2345678901234567e-300] * 50_000,
        "empty names": [{"": ""}] * 30_000,
        "escapes": "\x01" * 300_000,
    }.items()
}
"""Written out beforehand: the peer is in this process, and what it costs is not ours."""


def error_with(code: int, data: str) -> Act:
    async def act(call: Call) -> None:
        assert call.good.message is not None
        head = f'{{"jsonrpc":"2.0","id":{call.good.message["id"]},"error":{{"code":{code},"message":"no","data":'
        await call.respond(200, {"Content-Type": JSON}, f"{head}{data}}}}}".encode())

    return act


@pytest.mark.parametrize("code", [-32000, -32022])
@pytest.mark.parametrize("data", MANY.values(), ids=MANY)
async def test_an_error_with_much_data_holds_up_nobody(data: str, code: int) -> None:
    for offered in (data, f'{{"supported":[{data}]}}'):
        async with http_peer(Script(faults={"discover": error_with(code, offered)})) as peer, nothing_left_behind():
            await failure_of(target(peer.url, protocol="modern"))
            async with ticking() as ticks:
                failure = await failure_of(target(peer.url, protocol="modern"))
        assert failure.reason in (Reason.RPC_ERROR, Reason.VERSION_UNSUPPORTED)
        print(f"longest turn {ticks.longest * 1000:.1f} ms")
        assert ticks.longest < PROMISE


async def test_an_answer_of_the_longest_numbers_holds_up_nobody() -> None:
    numbers = "[" + f"{10**4299}," * 480 + "0]"
    async with http_peer(Script(faults={"discover": error_with(-32000, numbers)})) as peer, nothing_left_behind():
        await failure_of(target(peer.url, protocol="modern"))
        async with ticking() as ticks:
            failure = await failure_of(target(peer.url, protocol="modern"))
    assert failure.reason is Reason.MALFORMED_JSON
    assert ticks.longest < PROMISE


POURED: Final[Mapping[str, bytes]] = {
    "lists": b"[" + b"[]," * 600_000 + b"0]",
    "error of lists": b'{"error":[' + b"[]," * 20_000 + b"0]}",
    "spaces": b" " * 1_900_000,
}


@pytest.mark.parametrize("body", POURED.values(), ids=POURED)
async def test_a_token_endpoint_that_pours_holds_up_nobody(body: bytes) -> None:
    async with http_peer() as peer, token_peer(says(200, body)) as endpoint, nothing_left_behind():
        where = secured(peer.url, endpoint.url, protocol="modern")
        await failure_of(where)
        async with ticking() as ticks:
            failure = await failure_of(where)
    assert failure.reason in (Reason.TOKEN_FAILED, Reason.TOO_LARGE)
    assert failure.step == "token"
    print(f"longest turn {ticks.longest * 1000:.1f} ms")
    assert ticks.longest < PROMISE


LISTS: Final[Mapping[str, str]] = {
    "empty objects": "[" + "{}," * 600_000 + "0]",
    "empty arrays": "[" + "[]," * 600_000 + "0]",
    "numbers": "[" + "0," * 900_000 + "0]",
    "members": "{" + ",".join(f'"m{n}":0' for n in range(100_000)) + "}",
    "objects": "[" + '{"a":1},' * 60_000 + "0]",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
async def test_a_text_that_is_json_of_many_values_holds_up_nobody(text: str, tmp_path: Path) -> None:
    answer = json.dumps({"content": [{"type": "text", "text": text}], "resultType": "complete"})

    async def act(call: Call) -> None:
        body = f'{{"jsonrpc":"2.0","id":{call.request.rpc_id},"result":{answer}}}'
        await call.respond(200, {"Content-Type": JSON}, body.encode())

    probe = {"kind": "call", "tool": "count", "from": "text", "expect": [{"path": "$[0]", "exists": True}]}
    async with offering(tool("count"), faults={"call": act}) as peer:
        await probed(peer, probe, tmp_path)
        async with ticking() as ticks:
            outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason in (Reason.TOO_LARGE, None, Reason.EXPECTATION_FAILED)
    print(f"longest turn {ticks.longest * 1000:.1f} ms")
    assert ticks.longest < PROMISE


@pytest.mark.parametrize(("interim", "reason"), [(90, None), (110, Reason.TOO_LARGE)])
async def test_interim_responses_are_skipped_until_they_are_too_many(interim: int, reason: Reason | None) -> None:
    """Each in a packet of its own or many in one: `early hints` are a server's right, a flood of them is not."""
    for together in (1, 40):

        async def act(call: Call, together: int = together) -> None:
            hint = head(103, {"Link": "</style.css>; rel=preload"})
            for _ in range(0, interim - interim % together, together):
                await send(call.writer, hint * together)
                await asyncio.sleep(0)
            await send(call.writer, hint * (interim % together))
            await call.respond(200, {"Content-Type": JSON}, good_json(call))

        async with http_peer(Script(faults={"discover": act, "call": act})) as peer, nothing_left_behind():
            where = target(peer.url, protocol="modern")
            if reason is not None:
                failure = await failure_of(where)
                assert failure.reason is reason
                continue
            async with opened(where) as conversation:
                await conversation.call()
