"""`session`: every rule with a server that breaks it and one that keeps it, in the eras that have it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.document.diagnostics import ConfigError
from prober.engine import run_pass
from prober.kinds.session.dead_sessions import made_up_id
from prober.loader import load
from prober.outcome import Outcome, Reason
from tests.kinds.offering import ERAS, probed
from tests.peers.http_acts import in_dead_session, obliging, status, status_with_error, when
from tests.peers.http_peer import Act, Call, HttpPeer, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import Era, RpcError, Step, reply
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
    outcome, _ = await run_against({"ping": when(in_dead_session, status(code)), "listen": status(code)}, tmp_path)
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
    outcome, _ = await run_against({"listen": status(code)}, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.HTTP_RULE_BROKEN, "get")
    assert outcome.evidence[0].expected == "HTTP 200 with text/event-stream, or HTTP 405"
    outcome, _ = await run_against({"listen": status(code)}, tmp_path, skip=["get"])
    assert outcome.reason is None


async def test_a_stream_that_is_offered_is_left_at_once(tmp_path: Path) -> None:
    async def offered(call: Call) -> None:
        await call.start(EVENTS)
        await call.say(b": welcome\n\n")
        await call.reader.read()

    outcome, peer = await run_against({"listen": offered}, tmp_path)
    assert outcome.reason is None, outcome.message
    assert peer.open_connections == 0


async def test_a_get_without_an_answer_is_a_warning(tmp_path: Path) -> None:
    async def silent(call: Call) -> None:
        await call.reader.read()

    outcome, _ = await run_against({"listen": silent}, tmp_path)
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
