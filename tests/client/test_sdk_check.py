"""The official client, asked for a second opinion."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from prober.assertions.judge import Judge
from prober.assertions.worker.pool import Workers
from prober.assertions.worker.process import Worker
from prober.client.sdk_check.official_client import _http_client, opinion
from prober.client.sdk_check.request import Reply
from prober.client.sdk_check.sdk_check import second_opinion
from prober.config.model import Limits, Target, Tls
from prober.deadline import Deadline
from prober.outcome import Failure, Reason
from prober.redaction import Redactor
from tests.assertions.ticking import PROMISE, ticking
from tests.client.opening import AMPLE, target
from tests.kinds.offering import offering, tool
from tests.leaks import nothing_left_behind
from tests.peers import http_acts, tls
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.legacy_peer import legacy_peer
from tests.peers.protocol import RpcError
from tests.peers.wire import JSON, head, send
from tests.withheld import withheld


@pytest.fixture(scope="module", autouse=True)
def sdk() -> None:
    """It takes most of a second to import, more where others work, and that is no part of what the tests look at."""
    import mcp.client.sse
    import mcp.client.streamable_http  # noqa: F401


async def ask(where: Target, *, within: float = AMPLE, token: str | None = None) -> None:
    """The client in this process, which has imported it."""
    assert await opinion(where, token=token, seconds=within) is None


async def said_of(where: Target, *, within: float = AMPLE) -> str:
    """What the official client has against a server."""
    said = await opinion(where, token=None, seconds=within)
    assert said is not None
    return said


async def asked(judge: Judge, where: Target, *, within: float = 60.0) -> Failure | None:
    """The client in the process that is made for it."""
    try:
        deadline = Deadline.after(within)
        await second_opinion(where, token="tok-1", deadline=deadline, redact=Redactor(["geheim-1001"]), judge=judge)
    except Failure as failure:
        return failure
    return None


@pytest.mark.parametrize("era", ["modern", "handshake"])
async def test_a_good_server_is_good_to_both(era: Any) -> None:
    async with http_peer(Script(era=era)) as peer, nothing_left_behind():
        await ask(target(peer.url, protocol=era, headers={"X-Tenant": "a"}), token="tok-1")
    assert peer.rpc_methods[-1] == "tools/list"
    for request in peer.requests:
        assert (request.headers["x-tenant"], request.headers["authorization"]) == ("a", "Bearer tok-1")


async def test_so_is_one_of_the_legacy_transport() -> None:
    async with legacy_peer() as peer, nothing_left_behind():
        await ask(target(peer.url, transport="sse"))
    assert peer.rpc_methods == ["initialize", "notifications/initialized", "tools/list"]


async def test_it_trusts_whom_the_target_trusts(tmp_path: Path) -> None:
    async with http_peer(tls=tls.server_context("good")) as peer, nothing_left_behind():
        await ask(target(peer.url, protocol="modern", tls=Tls(ca_file=tls.write_authority(tmp_path))))
        assert "certificate" in (await said_of(target(peer.url, protocol="modern"))).lower()


async def endless(call: Call) -> None:
    await send(call.writer, head(200, {"Content-Type": JSON, "Transfer-Encoding": "chunked"}))
    while True:
        await call.say(b" " * 65536)


LEAKY = RpcError(-32000, "unknown key geheim-1001")

AGAINST: dict[str, tuple[Act, str]] = {
    "an endless answer": (endless, "larger than the limit of 100000 bytes"),
    "a bomb": (http_acts.encoded("gzip", b"x"), "compressed"),
    "a secret": (http_acts.status_with_error(400, LEAKY), "unknown key geheim-1001"),
    "an error": (http_acts.status(500), "error"),
}


@pytest.mark.parametrize(("act", "word"), AGAINST.values(), ids=AGAINST)
async def test_what_it_has_against_a_server_is_told(act: Act, word: str) -> None:
    async with http_peer(Script(era="handshake", faults={"list": act})) as peer, nothing_left_behind():
        said = await said_of(target(peer.url, protocol="handshake", limits=Limits(body=100_000)))
    assert word in said


@pytest.mark.clock
async def test_it_ends_before_the_deadline_whatever_the_server_does() -> None:
    async with http_peer(Script(faults={"discover": http_acts.silence})) as peer, nothing_left_behind():
        async with withheld() as late:
            began = asyncio.get_running_loop().time()
            assert "did not finish in time" in await said_of(target(peer.url, protocol="modern"), within=1.0)
            took = asyncio.get_running_loop().time() - began
        assert took < 1.0 + late.seconds


def test_no_clock_but_the_deadline_runs_in_the_client() -> None:
    assert _http_client(target("http://127.0.0.1:9/mcp"), None).timeout == httpx2.Timeout(None)


@pytest.mark.parametrize("era", ["modern", "handshake"])
async def test_the_process_shows_the_server_what_the_prober_would(era: Any, tmp_path: Path) -> None:
    context = tls.server_context("good")
    async with http_peer(Script(era=era), tls=context) as peer, nothing_left_behind(), Judge() as judge:
        where = target(
            peer.url, protocol=era, headers={"X-Tenant": "a"}, tls=Tls(ca_file=tls.write_authority(tmp_path))
        )
        assert await asked(judge, where) is None
        assert await asked(judge, where) is None
        assert len(judge.pids) == 1, "it stays for the next server"
    assert peer.rpc_methods.count("tools/list") == 2
    for request in peer.requests:
        assert (request.headers["x-tenant"], request.headers["authorization"]) == ("a", "Bearer tok-1")


async def test_what_the_process_says_is_masked_and_short() -> None:
    async with http_peer(Script(era="handshake", faults={"list": AGAINST["a secret"][0]})) as peer, Judge() as judge:
        failure = await asked(judge, target(peer.url, protocol="handshake"))
    assert failure is not None
    assert (failure.reason, failure.step) == (Reason.SECOND_OPINION_FAILED, "second opinion")
    assert "unknown key ***" in failure.message


MANY: Final = [tool(f"tool-{number}", description="x" * 100) for number in range(8_000)]


@pytest.mark.clock
async def test_a_list_as_large_as_allowed_holds_up_nobody_and_stays_out_of_memory() -> None:
    async with offering(*MANY) as peer, nothing_left_behind(), Judge() as judge:
        assert await asked(judge, target(peer.url, protocol="modern")) is None  # the peer makes its answer
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with ticking() as ticks:
            assert await asked(judge, target(peer.url, protocol="modern")) is None
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"loop still for {ticks.longest * 1000:.1f} ms at most, {grown} kB more")
    assert ticks.longest < PROMISE
    assert grown < 32 * 1024


async def test_one_that_has_become_too_large_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = Reply.decode
    monkeypatch.setattr(Reply, "decode", lambda content: replace(reply(content), spent=True))
    async with http_peer(Script(era="modern")) as peer, nothing_left_behind(), Judge() as judge:
        assert await asked(judge, target(peer.url, protocol="modern")) is None
        first = judge.pids
        assert await asked(judge, target(peer.url, protocol="modern")) is None
        assert judge.pids != first


async def test_a_process_that_dies_or_is_not_ready_says_nothing_of_the_server() -> None:
    script = Script(faults={"discover": http_acts.silence})
    async with http_peer(script) as peer, nothing_left_behind(), Judge() as judge:
        asking = asyncio.create_task(asked(judge, target(peer.url, protocol="modern")))
        await peer.wait_for(lambda request: request.rpc_method == "server/discover")
        os.kill(judge.pids[0], signal.SIGKILL)
        died = await asking
        early = await asked(judge, target(peer.url, protocol="modern"), within=0.01)
    assert died is not None
    assert early is not None
    assert (died.reason, early.reason) == (Reason.UNDECIDED, Reason.PROBER_SHORTAGE)
    assert "the process of the official client was ended by SIGKILL" in died.message
    assert "was not ready before the deadline" in early.message


async def test_a_server_is_not_blamed_for_what_the_start_of_the_process_took(monkeypatch: pytest.MonkeyPatch) -> None:
    acquire = Workers.acquire

    async def late(workers: Workers) -> Worker:
        worker = await acquire(workers)
        await asyncio.sleep(3.5)
        return worker

    monkeypatch.setattr(Workers, "acquire", late)
    script = Script(faults={"discover": http_acts.silence})
    async with http_peer(script) as peer, nothing_left_behind(), Judge() as judge:
        failure = await asked(judge, target(peer.url, protocol="modern"), within=5.0)
    assert failure is not None
    assert failure.reason is Reason.PROBER_SHORTAGE


async def test_a_cancellation_from_outside_is_one() -> None:
    script = Script(faults={"discover": http_acts.silence})
    async with http_peer(script) as peer, nothing_left_behind(), Judge() as judge:
        asking = asyncio.create_task(asked(judge, target(peer.url, protocol="modern")))
        await peer.wait_for(lambda request: request.rpc_method == "server/discover")
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
