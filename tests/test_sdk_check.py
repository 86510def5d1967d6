"""`second_opinion: true`: the official client is asked too, in the same way, in time, and leaves nothing behind."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.fields.units import parse_duration
from prober.outcome import Outcome, Reason
from tests.cli.command import mcp_prober, written
from tests.leaks import nothing_left_behind
from tests.peers import http_acts, tls
from tests.peers.child import StdioPeer
from tests.peers.connect_faults import credentials
from tests.peers.http_peer import Act, HttpPeer, Script, http_peer
from tests.peers.legacy_peer import legacy_peer
from tests.peers.protocol import Era
from tests.peers.token_peer import TOKEN, TOKEN_ACTS, token_peer
from tests.real.servers import SERVERS, RealServer
from tests.running import run_document
from tests.withheld import withheld

SECRET: Final = "s3cr3t-0f-th3-targ3t"
OPINION: Final[dict[str, Any]] = {"kind": "handshake", "second_opinion": True}


async def asked(target: Mapping[str, Any], folder: Path, *, timeout: str = "40s", **environ: str) -> Outcome:
    probe = OPINION | {"target": "peer", "timeout": timeout}
    async with withheld() as late:
        [outcome] = await run_document({"targets": {"peer": target}, "probes": {"p": probe}}, folder, **environ)
    seconds = parse_duration(timeout)
    assert seconds is not None
    assert outcome.duration_seconds <= seconds + 0.1 + late.seconds
    return outcome


@pytest.fixture(scope="module", params=["sdk-http", "sdk-http-events"])
def official(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.mark.parametrize("protocol", ["auto", "modern", "handshake"])
async def test_the_official_client_gets_on_with_an_official_server(
    official: RealServer, protocol: str, tmp_path: Path
) -> None:
    outcome = await asked({**official.target, "protocol": protocol}, tmp_path)
    assert outcome.reason is None, outcome.message


@pytest.mark.parametrize("name", ["sdk-stdio", pytest.param("everything-sse", marks=pytest.mark.external)])
async def test_it_is_asked_over_the_transport_of_the_target(name: str, tmp_path: Path) -> None:
    with SERVERS[name](tmp_path) as server:
        async with nothing_left_behind():
            outcome = await asked(server.target, tmp_path, timeout="30s")
    assert outcome.reason is None, outcome.message


@asynccontextmanager
async def scripted(era: Era, **faults: Act) -> AsyncIterator[HttpPeer]:
    acts: dict[Any, Act] = dict(faults)
    async with http_peer(Script(era=era, faults=acts)) as peer:
        yield peer


def of_the_official_client(peer: HttpPeer) -> list[str]:
    """The methods that came from it: it calls itself by another name than the prober does."""
    asked = [request for request in peer.requests if request.headers.get("user-agent") != "mcp-prober"]
    return [request.rpc_method for request in asked if request.rpc_method]


@pytest.mark.parametrize(
    ("era", "methods"),
    [
        ("modern", ["server/discover", "tools/list"]),
        ("handshake", ["initialize", "notifications/initialized", "tools/list"]),
    ],
)
async def test_it_negotiates_for_itself_and_lists_the_tools(era: Era, methods: list[str], tmp_path: Path) -> None:
    async with scripted(era) as peer, nothing_left_behind():
        outcome = await asked({"url": peer.url, "protocol": era}, tmp_path)
        assert outcome.reason is None, outcome.message
        assert of_the_official_client(peer) == methods
    assert peer.after_close == [] or era == "handshake"


async def test_nobody_is_asked_unless_it_is_wanted(tmp_path: Path) -> None:
    async with scripted("modern") as peer:
        document = {
            "targets": {"peer": {"url": peer.url, "protocol": "modern"}},
            "probes": {"p": {"target": "peer", "kind": "handshake"}},
        }
        [outcome] = await run_document(document, tmp_path)
    assert outcome.reason is None
    assert peer.rpc_methods == ["server/discover"]


@pytest.mark.parametrize("transport", ["stdio", "sse"])
async def test_it_gets_on_with_well_behaved_peers_of_the_other_transports(transport: str, tmp_path: Path) -> None:
    if transport == "sse":
        async with legacy_peer() as legacy, nothing_left_behind():
            outcome = await asked({"url": legacy.url, "transport": "sse"}, tmp_path)
    else:
        peer = StdioPeer(tmp_path, era="handshake")
        async with nothing_left_behind():
            outcome = await asked(peer.target | {"protocol": "handshake"}, tmp_path)
        assert len(peer.pids) == 2  # a process for each opinion
        assert peer.survivors == []
    assert outcome.reason is None, outcome.message


REFUSALS: Final[tuple[tuple[str, Act], ...]] = (
    ("an HTTP error", http_acts.status(500)),
    ("a page", http_acts.page("text/html")),
    ("no connection", http_acts.close),
    ("a reset", http_acts.reset_at_once),
    ("no JSON", http_acts.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\noops")),
)


@pytest.mark.parametrize("era", ["modern", "handshake"])
@pytest.mark.parametrize("act", [row[1] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
async def test_what_only_the_official_client_stumbles_over_is_told_as_such(
    act: Act, era: Era, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scripted(era, list=act) as peer, nothing_left_behind():
        outcome = await asked({"url": peer.url, "protocol": era}, tmp_path, timeout="30s")
    assert (outcome.reason, outcome.step) == (Reason.SECOND_OPINION_FAILED, "second opinion")
    assert outcome.message.startswith("the official client does not get on with the server: ")
    assert outcome.server.name == "peer"  # we do
    assert capsys.readouterr() == ("", "")


async def test_what_we_stumble_over_ourselves_is_told_first(tmp_path: Path) -> None:
    async with scripted("modern", discover=http_acts.status(503)) as peer:
        outcome = await asked({"url": peer.url, "protocol": "modern"}, tmp_path)
    assert outcome.reason is Reason.UNAVAILABLE
    assert of_the_official_client(peer) == []


@pytest.mark.clock
@pytest.mark.parametrize("era", ["modern", "handshake"])
async def test_an_official_client_that_hangs_is_given_up_in_time(era: Era, tmp_path: Path) -> None:
    async with scripted(era, list=http_acts.silence) as peer, nothing_left_behind():
        outcome = await asked({"url": peer.url, "protocol": era}, tmp_path, timeout="15s")
    assert outcome.reason is Reason.SECOND_OPINION_FAILED
    assert "it did not finish in time" in outcome.message


@pytest.mark.slow
@pytest.mark.clock
async def test_a_process_of_the_official_client_that_hangs_does_not_outlive_the_run(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern", step="list", fault="silence")
    async with nothing_left_behind():
        outcome = await asked(peer.target | {"protocol": "modern"}, tmp_path, timeout="30s")
    assert outcome.reason is Reason.SECOND_OPINION_FAILED
    assert len(peer.pids) == 2
    assert peer.survivors == []


async def test_the_log_of_a_server_is_not_shown_as_ours(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern", step="list", fault="log_flood")
    document = {
        "targets": {"peer": peer.target | {"protocol": "modern"}},
        "probes": {"p": OPINION | {"target": "peer"}},
    }
    done = await mcp_prober("run", written(document, tmp_path), cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


async def test_it_shows_what_the_target_is_shown(tmp_path: Path) -> None:
    async with token_peer(TOKEN_ACTS["given"]) as endpoint, scripted("modern") as peer:
        target = {"url": peer.url, "headers": {"X-Key": "${KEY}"}, "auth": credentials(endpoint.url)}
        outcome = await asked(target, tmp_path, KEY=SECRET)
    assert outcome.reason is None, outcome.message
    assert len(of_the_official_client(peer)) >= 2
    for request in peer.requests:
        assert (request.headers["x-key"], request.headers["authorization"]) == (SECRET, f"Bearer {TOKEN}")
    assert len(endpoint.requests) == 1


async def test_it_trusts_whom_the_target_trusts(tmp_path: Path) -> None:
    files = {"ca_file": str(tls.write_authority(tmp_path))}
    client, key = tls.write_client_certificate(tmp_path)
    files |= {"client_certificate": str(client), "client_key": str(key)}
    context = tls.server_context("wants_client_certificate")
    async with http_peer(Script(era="modern"), tls=context) as peer, nothing_left_behind():
        outcome = await asked({"url": peer.url, "tls": files}, tmp_path)
    assert outcome.reason is None, outcome.message


async def test_its_words_do_not_show_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def telling(call: Any) -> None:
        await call.respond(400, {"Content-Type": "text/plain"}, call.request.headers["x-key"].encode())

    async with scripted("modern", list=telling) as peer:
        target = {"url": f"{peer.url}?key=${{KEY}}", "protocol": "modern", "headers": {"X-Key": "${KEY}"}}
        outcome = await asked(target, tmp_path, timeout="30s", KEY=SECRET)
    assert outcome.reason is Reason.SECOND_OPINION_FAILED
    assert SECRET not in repr(outcome)
    assert SECRET not in caplog.text
