"""What one answer may cost: at the limit it passes, beyond it does not."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from prober.config.model import Limits
from prober.outcome import Failure, Reason
from tests.client.opening import failure_of, opened, talking, target
from tests.peers.http_acts import good_json
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.wire import EVENTS, JSON, event

LIMIT = 4000
SMALL = {
    "body": Limits(body=LIMIT),
    "decompressed": Limits(decompressed=LIMIT),
    "event": Limits(event=LIMIT),
}


def padded(call: Call, size: int) -> bytes:
    body = good_json(call)
    return body + b" " * (size - len(body))


def sized(size: int, *, encoding: str = "", stream: bool = False) -> Act:
    """The good answer, filled up to `size` bytes of what the limit is about."""

    async def act(call: Call) -> None:
        if stream:
            await call.start(EVENTS)
            await call.say(b"data: " + padded(call, size - 6) + b"\n\n")
            await call.say(b"")
        elif encoding:
            body = gzip.compress(padded(call, size))
            await call.respond(200, {"Content-Type": JSON, "Content-Encoding": encoding}, body)
        else:
            await call.respond(200, {"Content-Type": JSON}, padded(call, size))

    return act


@pytest.mark.parametrize(
    ("limits", "options"),
    [(SMALL["body"], {}), (SMALL["decompressed"], {"encoding": "gzip"}), (SMALL["event"], {"stream": True})],
    ids=SMALL,
)
async def test_at_the_limit_it_passes_and_one_byte_more_is_too_large(limits: Limits, options: dict[str, Any]) -> None:
    async with talking(Script(faults={"call": sized(LIMIT, **options)}), limits=limits) as (_, conversation):
        await conversation.call()
    async with http_peer(Script(faults={"call": sized(LIMIT + 1, **options)})) as peer:
        failure = await failure_of(target(peer.url, protocol="modern", limits=limits))
    assert failure.reason is Reason.TOO_LARGE
    assert str(LIMIT) in failure.message


ANSWERS = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    size = int(sys.argv[1]) if message["method"] == "tools/call" else 0
    result = {"supportedVersions": ["2026-07-28"], "capabilities": {}, "content": [], "resultType": "complete"}
    result |= {"ttlMs": 0, "cacheScope": "private"}
    text = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
    print(text.ljust(size), flush=True)
"""


async def test_a_line_at_the_limit_passes_and_one_byte_more_is_too_large(python: list[str]) -> None:
    async with opened(target(command=(*python, ANSWERS, str(LIMIT)), limits=Limits(line=LIMIT))) as conversation:
        await conversation.call()
    failure = await failure_of(target(command=(*python, ANSWERS, str(LIMIT + 1)), limits=Limits(line=LIMIT)))
    assert (failure.reason, failure.step) == (Reason.TOO_LARGE, "tools/call")


async def test_an_answer_may_inflate_to_more_than_it_is_on_the_wire() -> None:
    limits = Limits(body=LIMIT, decompressed=100 * LIMIT)
    script = Script(faults={"call": sized(100 * LIMIT, encoding="gzip")})
    async with talking(script, limits=limits) as (_, conversation):
        await conversation.call()
    assert conversation.exchanges[-1].bytes_received == 100 * LIMIT


async def test_events_may_be_many_as_long_as_the_answer_is_within_its_limit() -> None:
    news = event(dump({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x" * 100}}))

    def act_of(times: int) -> Act:
        async def act(call: Call) -> None:
            await call.start(EVENTS)
            for _ in range(times):
                await call.say(news)
            await call.say(event(good_json(call)))
            await call.say(b"")

        return act

    limits = Limits(body=20 * len(news), event=400)
    async with talking(Script(faults={"call": act_of(10)}), limits=limits) as (_, conversation):
        await conversation.call()
    async with http_peer(Script(faults={"call": act_of(20)})) as peer:
        failure = await failure_of(target(peer.url, protocol="modern", limits=limits))
    assert failure.reason is Reason.TOO_LARGE


async def test_all_pages_of_a_list_together_have_a_limit() -> None:
    async def act(call: Call) -> None:
        good = json.loads(good_json(call))
        good["result"]["nextCursor"] = str(len(call.peer.requests))
        await call.respond(200, {"Content-Type": JSON}, dump(good).ljust(LIMIT))

    limits = Limits(body=LIMIT)
    async with talking(Script(faults={"list": act}), limits=limits) as (peer, conversation):
        with pytest.raises(Failure) as caught:
            await conversation.session.pages("tools/list", "tools")
    assert caught.value.reason is Reason.TOO_LARGE
    assert peer.rpc_methods == ["server/discover"] + ["tools/list"] * 5


async def test_a_cursor_that_comes_twice_is_a_list_without_an_end() -> None:
    async def act(call: Call) -> None:
        good = json.loads(good_json(call))
        good["result"]["nextCursor"] = "again"
        await call.respond(200, {"Content-Type": JSON}, dump(good))

    async with talking(Script(faults={"list": act})) as (peer, conversation):
        with pytest.raises(Failure, match=r"does not come to an end: the cursor 'again' came twice"):
            await conversation.session.pages("tools/list", "tools")
    assert peer.rpc_methods == ["server/discover", "tools/list", "tools/list"]
