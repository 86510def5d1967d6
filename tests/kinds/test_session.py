"""`session`: every rule with a server that breaks it and one that keeps it, in the eras that have it."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from prober.client.http import resolver
from prober.client.http.addresses import has_way
from prober.config.document.diagnostics import ConfigError
from prober.engine import run_pass
from prober.kinds.session.dead_sessions import made_up_id
from prober.loader import load
from prober.outcome import Outcome, Reason
from tests.kinds.offering import ERAS, probed
from tests.peers.http_acts import in_dead_session, obliging, status, status_with_error, when
from tests.peers.http_peer import Act, Call, HttpPeer, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import MODERN, Era, RpcError, Step, reply
from tests.peers.wire import EVENTS, JSON

SESSION: Final = {"kind": "session"}


def refusing(code: int, error: RpcError | None = None) -> Act:
    return status(code) if error is None else status_with_error(code, error)


async def run_against(
    faults: Mapping[Step, Act], folder: Path, *, era: Era = "handshake", **probe: Any
) -> tuple[Outcome, HttpPeer]:
    async with http_peer(Script(era=era, faults=faults, long_ids=True)) as peer:
        return await probed(peer, SESSION | probe, folder), peer


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_keeps_the_rules_passes_without_a_warning(era: Era, tmp_path: Path) -> None:
    outcome, peer = await run_against({}, tmp_path, era=era, connections=8, addresses="all")
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message
    assert outcome.facts["session_connections_known"] == 8
    assert outcome.facts["session_addresses_well"] == 1
    assert peer.open_connections == 0


async def test_each_use_of_the_session_has_a_connection_of_its_own(tmp_path: Path) -> None:
    _, peer = await run_against({}, tmp_path, connections=5)
    uses = [each.connection for each in peer.requests if each.rpc_method == "ping"]
    assert len(set(uses[:5])) == 5


BAD_SESSION: Final = RpcError(-32000, "Bad Request: No valid session ID provided")


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (refusing(400, BAD_SESSION), "HTTP 400, error -32000: Bad Request: No valid session ID provided"),
        (refusing(401), "HTTP 401, text/plain"),
        (refusing(500), "HTTP 500, text/plain"),
    ],
)
async def test_a_session_that_never_was_is_answered_by_404_alone(answer: Act, seen: str, tmp_path: Path) -> None:
    outcome, _ = await run_against({"ping": when(in_dead_session, answer)}, tmp_path)
    assert outcome.reason is Reason.DEAD_SESSION
    assert outcome.message == (
        f"a request in a session that never was is answered {seen}, not 404; 1 more in the evidence"
    )
    first, ended = outcome.evidence
    assert (first.expected, first.seen) == ("HTTP 404", seen)
    assert "that was ended by DELETE" in (ended.detail or "")


async def test_that_rule_can_be_skipped_and_the_session_is_ended_all_the_same(tmp_path: Path) -> None:
    faults: dict[Step, Act] = {"ping": when(in_dead_session, refusing(400, BAD_SESSION))}
    outcome, peer = await run_against(faults, tmp_path, skip=["dead-session"])
    assert outcome.reason is None
    assert peer.verbs.count("DELETE") == peer.rpc_methods.count("initialize") == 2


async def test_an_ended_session_that_lives_on_fails(tmp_path: Path) -> None:
    outcome, _ = await run_against({"close": status(200)}, tmp_path)
    assert outcome.reason is None  # the peer ends it whatever it says
    outcome, _ = await run_against({"ping": when(in_dead_session, obliging)}, tmp_path)
    assert outcome.reason is Reason.DEAD_SESSION
    assert outcome.message == (
        "a request in a session that was ended by DELETE is answered HTTP 200 and a result, not 404"
    )
    assert outcome.warnings == ("a session id that the server never gave out is accepted",)


@pytest.mark.parametrize("code", [404, 405, 503])
async def test_a_server_that_ends_no_sessions_for_clients_is_not_asked_again(code: int, tmp_path: Path) -> None:
    outcome, peer = await run_against({"close": status(code)}, tmp_path, skip=["get"])
    assert outcome.reason is None, outcome.message
    assert peer.requests[-1].method == "DELETE"


@pytest.mark.parametrize("code", [429, 503])
async def test_other_troubles_of_the_moment_break_no_rule(code: int, tmp_path: Path) -> None:
    outcome, _ = await run_against({"ping": when(in_dead_session, status(code)), "stream": status(code)}, tmp_path)
    assert outcome.reason is None, outcome.message


@pytest.mark.parametrize(
    ("living", "sure"),
    [
        ("0f9a2c4e8b7d4a6f9c1e3b5d7f9a1c3e", True),
        ("2b1c9e4d-7a3f-4c5b-8d6e-1f0a9b8c7d6e", True),
        ("session-1", False),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", False),
        ("x" * 65, False),
        ("----------------", False),
    ],
)
def test_a_made_up_id_looks_like_a_living_one_or_is_sure_of_nothing(living: str, sure: bool) -> None:
    made_up, certain = made_up_id(living)
    assert certain is sure
    assert made_up != living
    if sure:
        shape = [(str.isdigit, "0"), (str.isupper, "A"), (str.islower, "a")]

        def shaped(text: str) -> list[str]:
            return [next((mark for is_, mark in shape if is_(each)), each) for each in text]

        assert shaped(made_up) == shaped(living)
        assert made_up[:-17] == living[:-17]


async def test_what_may_be_wrong_with_a_short_id_itself_is_a_warning(tmp_path: Path) -> None:
    never_was = when(lambda call: call.request.headers.get("mcp-session-id", "").count("-") == 0, refusing(400))
    async with http_peer(Script(era="handshake", faults={"ping": never_was})) as peer:
        outcome = await probed(peer, SESSION, tmp_path)
    assert outcome.reason is None
    assert outcome.warnings == ("a request in a session that never was is answered HTTP 400, text/plain, not 404",)


@pytest.mark.parametrize("code", [400, 404, 406, 200])
async def test_a_get_is_a_stream_or_405(code: int, tmp_path: Path) -> None:
    outcome, _ = await run_against({"stream": status(code)}, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.HTTP_RULE_BROKEN, "get")
    assert outcome.evidence[0].expected == "HTTP 200 with text/event-stream, or HTTP 405"
    outcome, _ = await run_against({"stream": status(code)}, tmp_path, skip=["get"])
    assert outcome.reason is None


async def test_a_stream_that_is_offered_is_left_at_once(tmp_path: Path) -> None:
    async def offered(call: Call) -> None:
        await call.start(EVENTS)
        await call.say(b": welcome\n\n")
        await call.reader.read()

    outcome, peer = await run_against({"stream": offered}, tmp_path)
    assert outcome.reason is None, outcome.message
    assert peer.open_connections == 0


async def test_a_get_without_an_answer_is_a_warning(tmp_path: Path) -> None:
    async def silent(call: Call) -> None:
        await call.reader.read()

    outcome, _ = await run_against({"stream": silent}, tmp_path)
    assert outcome.reason is None
    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith("GET has neither a stream nor 405 within ")


def on_connection(wanted: Callable[[int], bool]) -> Callable[[Call], bool]:
    return lambda call: call.good.status == 200 and wanted(call.request.connection)


LOST: Final = refusing(404, RpcError(-32001, "Session not found"))


async def test_a_balancer_that_sends_some_connections_elsewhere_is_found(tmp_path: Path) -> None:
    elsewhere: dict[Step, Act] = {"ping": when(on_connection(lambda number: number % 2 == 0), LOST)}
    outcome, _ = await run_against(elsewhere, tmp_path, connections=8)
    assert (outcome.reason, outcome.step) == (Reason.SESSION_LOST, "ping")
    assert outcome.message.startswith("the session is not known over 4 of 8 fresh connections, first over number ")
    assert outcome.facts["session_connections_lost"] == 4
    assert len(outcome.evidence) == 4


@pytest.mark.parametrize("answer", [LOST, refusing(503), refusing(401)])
async def test_a_run_that_fails_ends_the_sessions_that_it_began(answer: Act, tmp_path: Path) -> None:
    outcome, peer = await run_against({"ping": answer}, tmp_path)
    assert outcome.reason is not None
    assert peer.verbs.count("DELETE") == peer.rpc_methods.count("initialize") == 2
    assert peer.open_connections == 0


async def test_a_proxy_that_drops_the_session_header_is_suspected(tmp_path: Path) -> None:
    dropped = refusing(400, RpcError(-32000, "Bad Request: Missing session ID"))
    outcome, _ = await run_against({"ping": dropped}, tmp_path)
    assert outcome.reason is Reason.SESSION_LOST
    assert outcome.message.endswith("gets the same answer: a proxy may drop the header")


@pytest.mark.parametrize(("code", "reason"), [(401, Reason.UNAUTHORIZED), (503, Reason.UNAVAILABLE)])
async def test_a_connection_that_is_refused_for_another_reason_is_told_by_it(
    code: int, reason: Reason, tmp_path: Path
) -> None:
    outcome, _ = await run_against({"ping": status(code)}, tmp_path)
    assert outcome.reason is reason
    assert outcome.message.startswith("connection 1 of 4: HTTP ")


async def test_a_server_without_sessions_is_asked_for_none(tmp_path: Path) -> None:
    faults: dict[Step, Act] = dict.fromkeys(("initialize", "initialized", "ping", "list"), stateless)
    outcome, peer = await run_against(faults, tmp_path, skip=["versions"])
    assert outcome.reason is None, outcome.message
    assert "DELETE" not in peer.verbs


async def stateless(call: Call) -> None:
    """A server of the handshake era that hands out no sessions and wants none."""
    message = reply(call.request.message, "handshake")
    headers = {"Content-Type": JSON, "Mcp-Session-Id": ""} if message else {"Mcp-Session-Id": ""}
    await call.respond(200 if message else 202, headers, dump(message) if message else b"")


async def test_headers_that_lie_and_are_believed_fail(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": obliging}, tmp_path, era="modern", skip=["versions"])
    assert (outcome.reason, outcome.step) == (Reason.HEADERS_UNCHECKED, "server/discover")
    assert outcome.message == (
        "a request whose Mcp-Method names another method is answered HTTP 200 and a result, not HTTP 400 with"
        " error -32020; 1 more in the evidence"
    )
    assert "without Mcp-Method" in (outcome.evidence[1].detail or "")
    outcome, _ = await run_against({"discover": obliging}, tmp_path, era="modern", skip=["versions", "headers"])
    assert outcome.reason is None


def lies(call: Call) -> bool:
    return call.good.status == 400


@pytest.mark.parametrize(
    ("answer", "warned"),
    [
        (refusing(400, RpcError(-32600, "Invalid request")), False),
        (refusing(200, RpcError(-32020, "Header mismatch")), False),
        (refusing(400), True),
        (refusing(403), True),
    ],
)
async def test_a_refusal_has_the_error_that_clients_know_unless_it_may_be_that_of_a_proxy(
    answer: Act, warned: bool, tmp_path: Path
) -> None:
    outcome, _ = await run_against({"discover": when(lies, answer)}, tmp_path, era="modern", skip=["versions"])
    assert outcome.reason is (None if warned else Reason.HEADERS_UNCHECKED), outcome.message
    assert len(outcome.warnings) == (2 if warned else 0)


@pytest.mark.parametrize("checked", [True, False])
async def test_a_name_that_lies_is_refused(checked: bool, tmp_path: Path) -> None:
    async def named(call: Call) -> None:
        told, meant = call.request.headers["mcp-name"], call.request.message["params"]["name"]
        assert told != meant
        assert meant == "mcp-prober-no-such-tool"
        result = {"resultType": "complete", "isError": True, "content": [{"type": "text", "text": "Unknown tool"}]}
        answer = {"error": {"code": -32020, "message": "Header mismatch"}} if checked else {"result": result}
        message = {"jsonrpc": "2.0", "id": call.request.rpc_id, **answer}
        await call.respond(400 if checked else 200, {"Content-Type": JSON}, dump(message))

    outcome, peer = await run_against({"call": named}, tmp_path, era="modern")
    assert peer.rpc_methods.count("tools/call") == 1
    assert outcome.reason is (None if checked else Reason.HEADERS_UNCHECKED)
    if not checked:
        assert outcome.message.startswith("a request whose Mcp-Name names another tool is answered HTTP 200")


async def test_an_unknown_tool_that_is_refused_first_says_nothing_of_the_header(tmp_path: Path) -> None:
    unknown = refusing(400, RpcError(-32602, "Unknown tool"))
    outcome, _ = await run_against({"call": unknown}, tmp_path, era="modern")
    assert (outcome.reason, outcome.warnings) == (None, ())


def of_nobodys_version(call: Call) -> bool:
    return call.request.headers.get("mcp-protocol-version") == "1900-01-01"


async def test_a_version_that_nobody_speaks_and_is_answered_fails_in_the_modern_era(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": when(of_nobodys_version, obliging)}, tmp_path, era="modern")
    assert outcome.reason is Reason.HEADERS_UNCHECKED
    assert outcome.evidence[0].expected == "HTTP 400 with error -32022"


async def test_a_version_that_nobody_speaks_and_is_answered_fails_in_the_handshake_era(tmp_path: Path) -> None:
    outcome, _ = await run_against({"ping": when(of_nobodys_version, obliging)}, tmp_path)
    assert outcome.reason is Reason.HEADERS_UNCHECKED
    assert outcome.message == "a request of the version 1900-01-01 is answered HTTP 200 and a result, not HTTP 400"


def advertising(*more: str) -> Act:
    async def act(call: Call) -> None:
        message = dict(call.good.message or {})
        if "result" in message:
            message["result"] = message["result"] | {"supportedVersions": [*more, MODERN]}
        await call.respond(call.good.status, {"Content-Type": JSON}, dump(message))

    return act


async def test_a_version_that_is_advertised_and_not_spoken_fails(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": advertising("2025-11-25", "2031-01-01")}, tmp_path, era="modern")
    assert (outcome.reason, outcome.step) == (Reason.VERSION_UNSUPPORTED, "initialize")
    assert outcome.message.startswith("the server advertises 2025-11-25, and does not speak it: HTTP 4")


@pytest.mark.parametrize(("chosen", "reason"), [("2025-11-25", None), ("2025-06-18", Reason.VERSION_UNSUPPORTED)])
async def test_a_version_that_is_advertised_is_the_one_that_is_begun(
    chosen: str, reason: Reason | None, tmp_path: Path
) -> None:
    async def initialize(call: Call) -> None:
        good = reply(call.request.message, "handshake") or {}
        good["result"]["protocolVersion"] = chosen
        await call.respond(200, {"Content-Type": JSON}, dump(good))

    faults: dict[Step, Act] = {"discover": advertising("2025-11-25"), "initialize": initialize}
    outcome, _ = await run_against(faults, tmp_path, era="modern")
    assert outcome.reason is reason, outcome.message


# Addresses


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` has two addresses, as a name with two records has."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(resolver, "_getaddrinfo", lambda name: found)


@pytest.mark.usefixtures("two_addresses")
@pytest.mark.parametrize("era", ERAS)
async def test_an_address_at_which_nothing_answers_is_found_among_others(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era, long_ids=True)) as peer:
        peer.url = peer.url.replace("127.0.0.1", "server.test")
        one = await probed(peer, SESSION, tmp_path)
        all_of_them = await probed(peer, SESSION | {"addresses": "all"}, tmp_path)
    assert one.reason is None, one.message
    assert all_of_them.reason is Reason.CONNECT_REFUSED
    assert all_of_them.message.startswith("1 of 2 addresses do not answer well, first 127.0.0.2: ")
    assert all_of_them.facts["session_addresses_failed"] == 1


@pytest.mark.usefixtures("two_addresses")
async def test_an_address_that_says_nothing_leaves_the_others_their_time(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        with socket.create_server(("127.0.0.2", urlsplit(peer.url).port or 0)):  # it accepts, and that is all
            peer.url = peer.url.replace("127.0.0.1", "server.test")
            outcome = await probed(peer, SESSION | {"addresses": "all", "timeout": "2s"}, tmp_path)
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.message.startswith("1 of 2 addresses do not answer well, first 127.0.0.2: ")
    assert outcome.facts["session_addresses_well"] == 1


async def test_an_address_that_this_machine_has_no_way_to_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0)),
    ]
    monkeypatch.setattr(resolver, "_getaddrinfo", lambda name: found)
    monkeypatch.setattr("prober.client.http.every_address.has_way", lambda address: address[0] == socket.AF_INET)
    async with http_peer(Script(era="modern")) as peer:
        peer.url = peer.url.replace("127.0.0.1", "server.test")
        outcome = await probed(peer, SESSION | {"addresses": "all"}, tmp_path)
    assert outcome.reason is None
    assert outcome.warnings == ("this machine has no way to 2001:db8::1: it was not asked",)


async def test_behind_a_proxy_addresses_cannot_be_asked_one_by_one(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        proxy = {"proxy": peer.url.removesuffix("/mcp")}
        outcome = await probed(peer, SESSION | {"addresses": "all"}, tmp_path, target=proxy)
    assert outcome.reason in (Reason.NOT_RUN, Reason.PROXY_FAILED)


@pytest.mark.parametrize(("error", "way"), [(None, True), (errno.ENETUNREACH, False), (errno.EACCES, True)])
def test_only_an_address_that_no_route_leads_to_has_no_way(
    error: int | None, way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            assert self.type == socket.SOCK_DGRAM  # to aim sends nothing
            if error is not None:
                raise OSError(error, "no")

    monkeypatch.setattr("prober.client.http.addresses.socket.socket", Socket)
    assert has_way((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))) is way


# Configuration


@pytest.mark.parametrize("target", [{"command": ["server"]}, {"url": "http://127.0.0.1/sse", "transport": "sse"}])
def test_a_target_of_another_transport_is_a_mistake_in_the_file(target: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "probes.yaml"
    path.write_text(dump({"targets": {"t": target}, "probes": {"p": {"target": "t", **SESSION}}}).decode())
    with pytest.raises(ConfigError, match=re.escape("only for Streamable HTTP: the target t is of another transport")):
        load([path], environ={})


@pytest.mark.parametrize("kind", ["session", "http"])
async def test_a_target_of_another_transport_that_a_source_gave_is_not_judged(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "probes.yaml"
    target = {"url": "http://127.0.0.1:9/sse"}
    path.write_text(dump({"targets": {"t": target}, "probes": {"p": {"target": "t", "kind": kind}}}).decode())
    config = load([path], environ={})
    given = replace(config.targets["t"], transport="sse")
    [outcome] = await run_pass(replace(config, targets={"t": given}), list(config.probes.values()))
    assert (outcome.reason, outcome.message) == (Reason.NOT_RUN, "this kind of probe is for Streamable HTTP alone")
