"""One deadline holds for the whole of a run, whatever hangs, and what hangs in one target is felt by no other."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.fields.units import parse_duration
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason
from tests.kinds.offering import document, gives, offering, probed, tool
from tests.leaks import nothing_left_behind
from tests.peers import http_acts, ports
from tests.peers.child import StdioPeer
from tests.peers.http_peer import Act
from tests.peers.protocol import Era, Step
from tests.running import run_document
from tests.schedule.outcomes import stand_still
from tests.withheld import withheld

pytestmark = pytest.mark.clock

LATE: Final = 0.1
"""Seconds by which a run may outlast its deadline."""

SLOW_PATTERN: Final = "^(a+)+$"
CALL: Final[dict[str, Any]] = {"kind": "call", "tool": "count", "timeout": "1s"}
APART: Final = CALL | {"timeout": "2s"}
"""What is judged in a process of its own, which must have started by then."""

HANGS: Final[tuple[tuple[str, Era, dict[Step, Act], dict[str, Any], Reason | None], ...]] = (
    ("the answer", "modern", {"call": http_acts.silence}, CALL, Reason.TIMEOUT),
    ("the answer, byte by byte", "modern", {"call": http_acts.body_drip}, CALL, Reason.TIMEOUT),
    ("the end of the session", "handshake", {"close": http_acts.silence}, CALL, None),
    (
        "the end of a session that has failed already",
        "handshake",
        {"close": http_acts.silence},
        CALL | {"expect": [{"path": "$.count", "equals": "many"}]},
        Reason.EXPECTATION_FAILED,
    ),
    (
        "judging",
        "modern",
        {},
        APART | {"schema": {"properties": {"count": {"pattern": SLOW_PATTERN}}}},
        Reason.UNDECIDED,
    ),
    (
        "judging an expectation",
        "handshake",
        {},
        APART | {"expect": [{"path": "$.count", "matches": SLOW_PATTERN}]},
        Reason.UNDECIDED,
    ),
    (
        "judging, and then the end of the session",
        "handshake",
        {"close": http_acts.silence},
        APART | {"expect": [{"path": "$.count", "matches": SLOW_PATTERN}]},
        Reason.UNDECIDED,
    ),
)


@pytest.mark.parametrize(("era", "faults", "probe", "reason"), [row[1:] for row in HANGS], ids=[r[0] for r in HANGS])
async def test_a_run_ends_in_time_whatever_hangs(
    era: Era, faults: dict[Step, Act], probe: dict[str, Any], reason: Reason | None, tmp_path: Path
) -> None:
    counter = tool("count", gives({"count": "a" * 40 + "!"}))
    async with offering(counter, era=era, faults=faults) as peer, nothing_left_behind(), withheld() as late:
        outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason is reason, outcome.message
    assert outcome.duration_seconds <= (parse_duration(probe["timeout"]) or 0) + LATE + late.seconds
    assert (len(outcome.warnings) == 1) == ("close" in faults and probe is CALL), outcome.warnings


async def test_a_process_that_refuses_to_leave_is_gone_in_time(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern", step="close", fault="ignores_end_and_sigterm")
    probe = {"target": "peer", "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "timeout": "3s"}
    configuration = {"targets": {"peer": peer.target | {"protocol": "modern"}}, "probes": {"p": probe}}
    async with nothing_left_behind(), withheld() as late:
        [outcome] = await run_document(configuration, tmp_path)
    assert outcome.reason is None
    assert len(outcome.warnings) == 1
    assert outcome.duration_seconds <= 3 + LATE + late.seconds
    assert peer.survivors == []


@pytest.fixture
def dead_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Names that end with `.invalid` are asked of a resolver that never answers."""
    real, let_go = socket.getaddrinfo, threading.Event()

    def getaddrinfo(host: bytes | str, port: int, *, type: int = 0, flags: int = 0) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith(".invalid") and not flags & socket.AI_NUMERICHOST:
            let_go.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, port, type=type, flags=flags)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    let_go.set()


async def crowded(
    folder: Path, bad: dict[str, str], *, concurrency: int, timeout: str
) -> tuple[list[Outcome], list[Outcome], float]:
    """A pass over bad targets and five good ones behind them: what became of both, and how long it took."""
    good = [{"kind": "call", "tool": "count", "timeout": "10s"}] * 5
    async with offering(tool("count")) as peer:
        configuration = document(peer, *good)
        for name, url in bad.items():
            configuration["targets"][name] = {"url": url, "protocol": "modern"}
            configuration["probes"][f"x-{name}"] = {"target": name, "kind": "handshake", "timeout": timeout}
        path = folder / "probes.yaml"
        path.write_text(json.dumps(configuration))
        config = load([path], environ={})
        probes = sorted(config.probes.values(), key=lambda probe: probe.target == "peer")
        begun = asyncio.get_running_loop().time()
        outcomes = await run_pass(config, probes, concurrency=concurrency)
        took = asyncio.get_running_loop().time() - begun
    return outcomes[:-5], outcomes[-5:], took


@pytest.mark.slow
async def test_forty_names_that_are_never_resolved_delay_no_other_target(tmp_path: Path, dead_names: None) -> None:
    dead = {f"dead-{number}": f"http://host-{number}.invalid/mcp" for number in range(40)}
    bad, good, took = await crowded(tmp_path, dead, concurrency=64, timeout="2s")
    assert {outcome.reason for outcome in bad} == {Reason.TIMEOUT}
    assert all(outcome.duration_seconds < 3 for outcome in bad)
    assert "was looked up" in bad[0].message
    assert [outcome.reason for outcome in good] == [None] * 5
    assert max(outcome.duration_seconds for outcome in good) < 2  # before those that hang have ended
    assert took < 4


@pytest.mark.slow
async def test_forty_targets_that_hang_delay_no_other_target(tmp_path: Path) -> None:
    async with ports.mute() as mute, ports.blackhole() as hole, nothing_left_behind():
        hanging = {f"mute-{number}": f"http://127.0.0.1:{mute}/mcp" for number in range(20)}
        hanging |= {f"hole-{number}": f"http://127.0.0.1:{hole}/mcp" for number in range(20)}
        bad, good, took = await crowded(tmp_path, hanging, concurrency=64, timeout="2s")
    assert {outcome.reason for outcome in bad} == {Reason.TIMEOUT, Reason.CONNECT_TIMEOUT}
    assert all(outcome.duration_seconds < 3 for outcome in bad)
    assert [outcome.reason for outcome in good] == [None] * 5
    assert max(outcome.duration_seconds for outcome in good) < 2  # before those that hang have ended
    assert took < 4


async def test_waiting_for_a_turn_does_not_count_towards_the_deadline(tmp_path: Path) -> None:
    async with ports.mute() as mute, withheld() as late:
        hanging = {f"mute-{number}": f"http://127.0.0.1:{mute}/mcp" for number in range(8)}
        bad, good, took = await crowded(tmp_path, hanging, concurrency=2, timeout="300ms")
    assert {outcome.reason for outcome in bad} == {Reason.TIMEOUT}
    assert all(0.3 <= outcome.duration_seconds < 0.6 + late.seconds for outcome in bad)  # one turn, not two
    assert [outcome.reason for outcome in good] == [None] * 5
    assert took >= 1.2


async def test_a_pass_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    slow = {"schema": {"properties": {"count": {"pattern": SLOW_PATTERN}}}}
    counter = tool("count", gives({"count": "a" * 40 + "!"}))
    child = StdioPeer(tmp_path, era="modern", step="call", fault="silence")
    async with offering(counter, faults={"read": http_acts.silence}) as peer, nothing_left_behind():
        call = {"kind": "call", "tool": "count", **slow}
        configuration = document(peer, call, {"kind": "read", "uri": "peer://facts"})
        configuration["targets"]["child"] = child.target | {"protocol": "modern"}
        configuration["probes"]["c"] = {"target": "child", "kind": "call", "tool": "echo", "arguments": {"message": ""}}
        running = asyncio.create_task(run_document(configuration, tmp_path))
        async with asyncio.timeout(10):
            await peer.wait_for(lambda request: request.rpc_method == "resources/read")
            await peer.wait_for(lambda request: request.rpc_method == "tools/call")
            # it tells by a file, so there is no event to wait for
            while not any(message.get("method") == "tools/call" for message in child.received):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert child.survivors == []


async def test_a_pass_that_stood_still_at_the_deadline_blames_nobody(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"count": 1})), faults={"call": http_acts.silence}) as peer:
        running = asyncio.ensure_future(probed(peer, CALL | {"timeout": "500ms"}, tmp_path))
        await peer.wait_for(lambda request: request.rpc_method == "tools/call")
        stand_still(0.8)  # as if the machine had given the processor to somebody else
        outcome = await running
    assert outcome.reason is Reason.UNDECIDED
    assert "late itself" in outcome.message
