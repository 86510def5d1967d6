"""What the probes of one target send: each fact is asked for once, and a call is one request."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.kinds.offering import ERAS, called, document, gives, offering, probed, respond, tool
from tests.peers.http_peer import Call, Script, http_peer
from tests.peers.protocol import ECHO, FACTS, Era
from tests.running import run_document

PROBES: Final = 10
ECHOES: Final = tuple({"kind": "call", "tool": "echo", "arguments": {"message": f"m{n}"}} for n in range(PROBES))


async def test_in_the_modern_era_a_call_is_one_post_and_the_listing_is_shared(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        outcomes = await run_document(document(peer, *ECHOES), tmp_path)
    assert [outcome.reason for outcome in outcomes] == [None] * PROBES
    assert peer.verbs == ["POST"] * (PROBES + 1)
    assert Counter(peer.rpc_methods) == {"tools/list": 1, "tools/call": PROBES}
    assert peer.rpc_methods[0] == "tools/list"
    assert sorted(arguments["message"] for _, arguments in called(peer)) == [f"m{n}" for n in range(PROBES)]


async def test_an_era_that_is_to_be_learnt_is_asked_for_once(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        outcomes = await run_document(document(peer, *ECHOES, protocol="auto"), tmp_path)
    assert [outcome.reason for outcome in outcomes] == [None] * PROBES
    assert Counter(peer.rpc_methods) == {"server/discover": 1, "tools/list": 1, "tools/call": PROBES}
    assert len(peer.requests) == PROBES + 2


async def test_in_the_handshake_era_each_probe_has_a_session_of_its_own_and_ends_it(tmp_path: Path) -> None:
    async with http_peer(Script(era="handshake")) as peer:
        outcomes = await run_document(document(peer, *ECHOES, protocol="auto"), tmp_path)
    assert [outcome.reason for outcome in outcomes] == [None] * PROBES
    assert Counter(peer.rpc_methods) == {
        "server/discover": 1,
        "initialize": PROBES,
        "notifications/initialized": PROBES,
        "tools/list": 1,
        "tools/call": PROBES,
    }
    assert peer.verbs.count("DELETE") == PROBES
    assert "GET" not in peer.verbs


@pytest.mark.parametrize("era", ERAS)
async def test_a_probe_keeps_to_one_connection(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era)) as peer:
        assert (await probed(peer, ECHOES[0], tmp_path)).reason is None
    assert peer.connections == 1


async def test_resources_and_prompts_need_no_listing(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        probes = ({"kind": "read", "uri": FACTS["uri"]}, {"kind": "prompt", "prompt": "greet"})
        await run_document(document(peer, *probes), tmp_path)
    assert sorted(peer.rpc_methods) == ["prompts/get", "resources/read"]


async def test_the_next_pass_asks_anew(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        for _ in range(2):
            await run_document(document(peer, *ECHOES[:3]), tmp_path)
    assert Counter(peer.rpc_methods) == {"tools/list": 2, "tools/call": 6}


async def test_targets_do_not_share_what_is_known_of_them(tmp_path: Path) -> None:
    async with http_peer(Script(era="modern")) as peer:
        configuration = document(peer, *ECHOES[:2])
        configuration["targets"]["other"] = configuration["targets"]["peer"]
        configuration["probes"]["p1"]["target"] = "other"
        await run_document(configuration, tmp_path)
    assert Counter(peer.rpc_methods) == {"tools/list": 2, "tools/call": 2}


async def test_the_steps_of_a_scenario_share_a_session_and_a_listing(tmp_path: Path) -> None:
    step = {"tool": "echo", "arguments": {"message": "hi"}}
    async with http_peer(Script(era="handshake")) as peer:
        outcome = await probed(peer, {"kind": "scenario", "steps": [step] * 3, "cleanup": [step]}, tmp_path)
    assert outcome.reason is None
    begin = ["initialize", "notifications/initialized", "tools/list"]
    assert peer.rpc_methods == [*begin, *["tools/call"] * 4]
    assert peer.verbs[-1] == "DELETE"


async def test_a_tool_on_the_last_page_is_found(tmp_path: Path) -> None:
    async def pages(call: Call) -> None:
        cursor = call.request.message["params"].get("cursor")
        good = (call.good.message or {})["result"]
        following = {None: {"nextCursor": "p2"}, "p2": {"nextCursor": ""}, "": {}}[cursor]
        await respond(call, good | {"tools": [ECHO] if cursor == "" else []} | following)

    async with offering(tool("echo", gives({"message": "", "length": 0})), faults={"list": pages}) as peer:
        outcome = await probed(peer, ECHOES[0], tmp_path)
    assert outcome.reason is None, outcome.message
    assert peer.rpc_methods == ["tools/list"] * 3 + ["tools/call"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_session_whose_answer_was_wrong_is_ended_as_it_should_be(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era)) as peer:
        probe = ECHOES[0] | {"expect": [{"path": "$.length", "equals": 5}]}
        assert (await probed(peer, probe, tmp_path)).reason == "expectation_failed"
    assert peer.verbs.count("DELETE") == (1 if era == "handshake" else 0)
    assert peer.after_close == []
