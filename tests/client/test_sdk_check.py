"""The official client, asked for a second opinion."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from prober.client.sdk_check.sdk_check import _http_client, second_opinion
from prober.config.model import Limits, Target, Tls
from prober.deadline import Deadline
from prober.outcome import Failure, Reason
from prober.redaction import Redactor
from tests.assertions.ticking import PROMISE
from tests.client.opening import AMPLE, target
from tests.leaks import nothing_left_behind
from tests.peers import http_acts, tls
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.legacy_peer import legacy_peer
from tests.peers.protocol import RpcError
from tests.peers.wire import JSON, head, send
from tests.withheld import withheld

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def sdk() -> None:
    """It takes most of a second to import, more where others work, and that is no part of what the tests look at."""
    import mcp.client.sse
    import mcp.client.streamable_http  # noqa: F401


async def ask(where: Target, *, within: float = AMPLE, token: str | None = None) -> None:
    deadline = Deadline.after(within)
    await second_opinion(where, token=token, deadline=deadline, redact=Redactor(["geheim-1001"]))


async def said_of(where: Target, *, within: float = AMPLE) -> str:
    """What the official client has against a server."""
    with pytest.raises(Failure) as caught:
        await ask(where, within=within)
    assert (caught.value.reason, caught.value.step) == (Reason.SECOND_OPINION_FAILED, "second opinion")
    return caught.value.message


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
    "a secret": (http_acts.status_with_error(400, LEAKY), "unknown key ***"),
    "an error": (http_acts.status(500), "error"),
}


@pytest.mark.parametrize(("act", "word"), AGAINST.values(), ids=AGAINST)
async def test_what_it_has_against_a_server_is_told(act: Act, word: str) -> None:
    async with http_peer(Script(era="handshake", faults={"list": act})) as peer, nothing_left_behind():
        said = await said_of(target(peer.url, protocol="handshake", limits=Limits(body=100_000)))
    assert word in said
    assert "geheim" not in said


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


async def test_a_cancellation_from_outside_is_one() -> None:
    async with http_peer(Script(faults={"discover": http_acts.silence})) as peer, nothing_left_behind():
        asking = asyncio.create_task(ask(target(peer.url, protocol="modern")))
        await peer.wait_for(lambda request: request.rpc_method == "server/discover")
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()


FIRST = """
import asyncio, sys
from prober.deadline import Deadline
from prober.redaction import Redactor
from prober.client.sdk_check.sdk_check import second_opinion
from tests.assertions.ticking import ticking
from tests.peers.http_peer import http_peer
from tests.client.opening import target
from tests.withheld import withheld

async def main():
    async with http_peer() as peer, ticking() as ticks:
        deadline = Deadline.after(30)
        await second_opinion(target(peer.url, protocol="modern"), token=None, deadline=deadline, redact=Redactor([]))
    print(ticks.longest)

assert "mcp" not in sys.modules
asyncio.run(main())
"""


def test_its_import_does_not_hold_up_others() -> None:
    run = subprocess.run(
        [sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) < 4 * PROMISE  # the import itself takes half a second; what remains is the SDK's own work
