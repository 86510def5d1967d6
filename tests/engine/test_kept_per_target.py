"""What stays in memory of a target between its runs: a little, however much its server says."""

from __future__ import annotations

import gc
import itertools
import json
import tracemalloc
from pathlib import Path
from typing import Any, Final
from urllib.parse import clear_cache  # type: ignore[attr-defined]  # typeshed has it not

import pytest

from prober.assertions.judge import Judge
from prober.client.target_cache import TargetCache, cache_of
from prober.config.model import Probe, Target
from prober.engine import run_probe
from prober.loader import load
from prober.outcome import Outcome
from tests.kinds.offering import offering, tool
from tests.peers.http_peer import Call
from tests.peers.legacy_peer import LegacyCall, LegacyPeer, legacy_peer
from tests.peers.messages import dump
from tests.peers.protocol import ECHO
from tests.peers.wire import JSON, event, hang

MEGABYTE: Final = 1024 * 1024
TARGETS: Final = 5
RUNS: Final = 30


def loaded(folder: Path, url: str, *names: str, **settings: Any) -> tuple[Target, list[Probe]]:
    """A target, and a probe for each of these tools."""
    probes = {name: {"target": "peer", "kind": "call", "tool": name, "timeout": "60s"} for name in names}
    file = folder / "probes.yaml"
    file.write_text(json.dumps({"targets": {"peer": {"url": url, **settings}}, "probes": probes}))
    config = load([file], environ={})
    return config.targets["peer"], list(config.probes.values())


async def run(probe: Probe, target: Target, target_cache: TargetCache) -> Outcome:
    async with Judge() as judge:
        return await run_probe(probe, target, target_cache=target_cache, judge=judge)


def listing(*tools: dict[str, Any]) -> bytes:
    return json.dumps({"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools}).encode()


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}, **more}


def serving(result: bytes) -> Any:
    """An act that lists these tools; the text is made once, so that the peer costs no memory per run."""

    async def act(call: Call) -> None:
        body = b'{"jsonrpc":"2.0","id":%d,"result":%s}' % (call.request.rpc_id, result)
        await call.respond(200, {"Content-Type": JSON}, body)

    return act


MANY: Final = [named(f"other-{n}", description="x" * 90) for n in range(9_000)]
LARGE: Final = {
    "many tools": listing(named("count"), named("again"), *MANY),
    "one tool with a large schema": listing(
        named("count", outputSchema={"properties": {f"p{n}": {"title": "x" * 40} for n in range(20_000)}}),
        named("again"),
    ),
    "one tool with a long text": listing(named("count", description="x" * 1_900_000), named("again")),
}


@pytest.mark.parametrize("result", LARGE.values(), ids=LARGE)
async def test_a_list_of_tools_as_large_as_allowed_leaves_little_behind(result: bytes, tmp_path: Path) -> None:
    assert len(result) > MEGABYTE
    async with offering(tool("count"), tool("again"), faults={"list": serving(result)}) as peer:
        target, probes = loaded(tmp_path, peer.url, "count", "again", protocol="modern")
        await run(probes[0], target, cache_of(target))
        gc.collect()
        tracemalloc.start()
        try:
            caches = [cache_of(target) for _ in range(TARGETS)]
            outcomes = [await run(probe, target, each) for each in caches for probe in probes]
            del outcomes[:-1]
            peer.requests.clear()
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0] / TARGETS
        finally:
            tracemalloc.stop()
    assert outcomes[0].reason is None, outcomes[0].message
    print(f"{kept / MEGABYTE:.2f} MiB kept of each target")
    assert kept < 0.5 * MEGABYTE


async def test_of_a_large_list_the_tools_that_probes_name_are_kept_and_the_list_is_not_asked_for_each_time(
    tmp_path: Path,
) -> None:
    async with offering(tool("count"), tool("again"), faults={"list": serving(LARGE["many tools"])}) as peer:
        target, probes = loaded(tmp_path, peer.url, "count", "again", "gone", protocol="modern")
        cache = cache_of(target)
        reasons = [(await run(probe, target, cache)).reason for _ in range(3) for probe in probes]
    assert reasons == [None, None, "tool_missing"] * 3
    assert peer.rpc_methods.count("tools/list") == 3  # once more for each name that was new

    async with offering(tool("count"), faults={"list": serving(LARGE["many tools"])}) as peer:
        target, [probe] = loaded(tmp_path, peer.url, "gone", protocol="modern")
        outcome = await run(probe, target, cache_of(target))
    assert outcome.evidence[0].seen is not None
    assert outcome.evidence[0].seen.endswith("other-1003 and 8992 more")


async def test_endpoints_that_are_long_and_new_each_time_leave_nothing_behind(tmp_path: Path) -> None:
    """HTTP+SSE: the server names the URL for messages, here one of 60 kB, and another for each run."""
    numbers = itertools.count()

    async def connect(call: LegacyCall) -> None:
        await call.open_stream()
        await call.say(event(f"/messages?session_id={next(numbers)}{'x' * 60_000}".encode(), kind="endpoint"))
        await hang(call.reader)

    async def answer(call: LegacyCall) -> None:
        await call.respond(202, body=b"Accepted")
        if call.good is not None:
            await call.say(event(dump(call.good)))

    steps: Any = ("initialize", "initialized", "list", "call")
    async with legacy_peer({"connect": connect, **dict.fromkeys(steps, answer)}) as peer:
        target, [probe] = loaded(tmp_path, peer.url, ECHO["name"], transport="sse")
        cache = cache_of(target)

        async def kept_after(runs: int, peer: LegacyPeer = peer) -> int:
            for _ in range(runs):
                outcome = await run(probe, target, cache)
                peer.requests.clear()
            clear_cache()  # the standard library remembers 128 URLs
            assert outcome.step != "open", outcome.message
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        await kept_after(3)
        tracemalloc.start()
        try:
            before = await kept_after(1)
            grown = await kept_after(RUNS) - before
        finally:
            tracemalloc.stop()
    print(f"{grown / RUNS:.0f} bytes kept of each run")
    assert grown < RUNS * 10_000
