"""`stream`: an idle stream, held open, and what cuts it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.document.diagnostics import ConfigError
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason, Verdict
from tests.kinds.offering import ERAS, document, probed, respond
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import status
from tests.peers.http_peer import Act, Call, HttpPeer, Script, http_peer, well
from tests.peers.messages import dump
from tests.peers.protocol import Era, Step
from tests.peers.sse_acts import acknowledged, listened
from tests.peers.wire import EVENTS, JSON, chunk, event, hang, head, send
from tests.running import run_document

STREAM: Final = {"kind": "stream", "hold": "1500ms", "timeout": "20s"}
CHANGED: Final = event(dump({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}))
KEEP_ALIVE: Final = b": still here\n\n"


async def watched(act: Act | None, era: Era, folder: Path, **probe: Any) -> tuple[Outcome, HttpPeer]:
    async with nothing_left_behind(), http_peer(Script(era=era, faults={"listen": act} if act else {})) as peer:
        return await probed(peer, STREAM | probe, folder), peer


@pytest.mark.parametrize("era", ERAS)
async def test_a_stream_that_stays_open_passes_and_its_keep_alives_are_counted(era: Era, tmp_path: Path) -> None:
    outcome, peer = await watched(listened(0.3, KEEP_ALIVE, 0.3, KEEP_ALIVE, ends=False), era, tmp_path)
    assert (outcome.verdict, outcome.message, outcome.warnings) == (Verdict.PASS, "", ())
    facts = outcome.facts
    assert facts["stream_open_seconds"] >= 1.5
    assert facts["stream_keep_alives"] == 2
    assert facts["stream_messages"] == (era == "modern")  # the acknowledgement
    assert 0.3 <= facts["stream_silence_seconds"] <= facts["stream_open_seconds"]
    assert "tools/call" not in peer.rpc_methods
    assert peer.verbs == (["POST"] if era == "modern" else ["POST", "POST", "GET", "DELETE"])


@pytest.mark.parametrize("era", ERAS)
async def test_a_stream_that_is_cut_fails_with_the_second_of_the_cut(era: Era, tmp_path: Path) -> None:
    outcome, _ = await watched(listened(0.2, KEEP_ALIVE, 0.2), era, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.STREAM_CUT, "subscriptions/listen" if era == "modern" else "GET")
    cut = outcome.facts["stream_open_seconds"]
    assert 0.4 <= cut < 1.5
    assert outcome.message == (
        f"the stream was cut after {cut:.1f} s, with one keep-alive until then (the server or a proxy ended it);"
        " it must stay open for 1.5 s"
    )
    assert (outcome.evidence[0].expected, outcome.evidence[0].seen) == ("open for 1.5 s", f"open for {cut:.1f} s")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("expect_open", "reason"), [("100ms", None), ("1s", Reason.STREAM_CUT)])
async def test_a_cut_counts_only_below_what_is_expected(
    expect_open: str, reason: Reason | None, era: Era, tmp_path: Path
) -> None:
    outcome, _ = await watched(listened(0.3), era, tmp_path, expect_open=expect_open)
    assert outcome.reason is reason
    assert [warning.startswith("the stream was cut after 0.") for warning in outcome.warnings] == [True] * (not reason)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("act", [None, status(405)], ids=["unknown", "405"])
async def test_a_server_without_a_stream_is_said_to_have_none(act: Act | None, era: Era, tmp_path: Path) -> None:
    outcome, _ = await watched(act, era, tmp_path)
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert outcome.message.startswith("the server offers no stream: ")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("code", "reason"), [(401, Reason.UNAUTHORIZED), (503, Reason.UNAVAILABLE)])
async def test_a_refusal_is_told_as_what_it_is(code: int, reason: Reason, era: Era, tmp_path: Path) -> None:
    outcome, _ = await watched(status(code), era, tmp_path)
    assert outcome.reason is reason


async def test_a_modern_server_may_end_the_stream_by_a_result_which_is_a_cut_all_the_same(tmp_path: Path) -> None:
    result = event(dump({"jsonrpc": "2.0", "id": 1, "result": {"resultType": "complete"}}))
    outcome, _ = await watched(listened(0.1, CHANGED, result), "modern", tmp_path)
    assert outcome.reason is Reason.STREAM_CUT
    assert "(the server ended it with a result)" in outcome.message
    assert outcome.facts["stream_messages"] == 2


async def test_a_ping_on_the_stream_is_answered(tmp_path: Path) -> None:
    ping = event(dump({"jsonrpc": "2.0", "id": "p1", "method": "ping"}))
    outcome, peer = await watched(listened(ping, ends=False), "handshake", tmp_path)
    assert outcome.verdict is Verdict.PASS
    assert [request.message for request in peer.requests if request.rpc_id == "p1"] == [
        {"jsonrpc": "2.0", "id": "p1", "result": {}}
    ]


NOTE: Final = event(dump({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}))


def flooding(said: bytes) -> Act:
    """A stream that says the same again and again, as fast as it is read, each time in a piece of its own."""

    async def act(call: Call) -> None:
        await send(call.writer, head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"}))
        while True:
            await send(call.writer, chunk(said) * 100)

    return act


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("said", "counted"), [(KEEP_ALIVE, "keep_alives"), (NOTE, "messages"), (NOTE * 50, "messages")]
)
async def test_a_stream_that_never_stops_is_read_at_leisure(
    said: bytes, counted: str, era: Era, tmp_path: Path
) -> None:
    outcome, _ = await watched(flooding(said), era, tmp_path)
    assert outcome.verdict is Verdict.PASS, outcome.message
    pauses = 1.5 / 0.05 + 1
    assert 0 < outcome.facts[f"stream_{counted}"] < (pauses + 1) * (64 * 1024 / 256 + 50)


async def test_a_stream_that_asks_without_end_is_answered_at_leisure(tmp_path: Path) -> None:
    ping = event(dump({"jsonrpc": "2.0", "id": "p1", "method": "ping"}))
    _, peer = await watched(flooding(ping * 100), "handshake", tmp_path)
    replies = [request for request in peer.requests if request.rpc_id == "p1"]
    assert 0 < len(replies) < (1.5 / 0.05 + 2) * 16


class Restless:
    """A server whose tools change at the second read of them; it says so on the stream, or does not."""

    def __init__(self, era: Era, *, announces: bool, promises: bool = True, changes: bool = True):
        self.era, self.promises, self.changes = era, promises, changes
        self.lists = 0
        self.announces = announces
        self.changed = asyncio.Event()

    async def begin(self, call: Call) -> None:
        good = dict(call.good.message or {})
        capabilities = good["result"]["capabilities"] | ({"tools": {"listChanged": True}} if self.promises else {})
        await call.respond(
            200, {"Content-Type": JSON}, dump(good | {"result": good["result"] | {"capabilities": capabilities}})
        )

    async def list(self, call: Call) -> None:
        if call.request.rpc_method != "tools/list":
            return await well(call)
        self.lists += 1
        if self.lists > 1:
            self.changed.set()
        result = (call.good.message or {})["result"]
        tools = result["tools"][: 1 if self.changes and self.lists > 1 else None]
        return await respond(call, result | {"tools": tools})

    async def listen(self, call: Call) -> None:
        await send(call.writer, head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"}))
        if self.era == "modern":
            await call.say(event(dump(acknowledged(call.request.rpc_id))))
        await self.changed.wait()
        if self.announces:
            await call.say(CHANGED)
        await hang(call.reader)

    async def outcome(self, folder: Path, *, lists: Act | None = None, **probe: Any) -> Outcome:
        begin: Step = "discover" if self.era == "modern" else "initialize"
        script = Script(era=self.era, faults={"listen": self.listen, "list": lists or self.list, begin: self.begin})
        async with nothing_left_behind(), http_peer(script) as peer:
            return await probed(peer, STREAM | {"list_changed": "fail", **probe}, folder)


@pytest.mark.parametrize("era", ERAS)
async def test_a_list_that_changes_in_silence_fails_where_the_server_announces_changes(
    era: Era, tmp_path: Path
) -> None:
    outcome = await Restless(era, announces=False).outcome(tmp_path)
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert outcome.message == (
        "tools/list changed while the stream was open (forget), and no notifications/tools/list_changed came: clients"
        " keep the old list"
    )
    outcome = await Restless(era, announces=False).outcome(tmp_path, list_changed="warn")
    assert (outcome.verdict, [each[:18] for each in outcome.warnings]) == (Verdict.PASS, ["tools/list changed"])


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "right",
    [{"announces": True}, {"announces": False, "changes": False}, {"announces": False, "promises": False}],
    ids=["announced", "unchanged", "not promised"],
)
async def test_a_change_that_is_announced_or_was_never_promised_to_be_passes(
    right: dict[str, bool], era: Era, tmp_path: Path
) -> None:
    server = Restless(era, **right)
    outcome = await server.outcome(tmp_path)
    assert (outcome.verdict, outcome.message, outcome.warnings) == (Verdict.PASS, "", ())
    assert server.lists == (2 if server.promises else 0)


@pytest.mark.parametrize("era", ERAS)
async def test_lists_that_cannot_be_read_are_no_cut_of_the_stream(era: Era, tmp_path: Path) -> None:
    server = Restless(era, announces=False)
    outcome = await server.outcome(tmp_path, lists=status(500))
    assert (outcome.reason, outcome.step) == (Reason.SERVER_ERROR, "tools/list")
    assert outcome.message.startswith("in the session that reads the lists: ")


async def test_a_stream_that_is_cut_leaves_no_session_behind(tmp_path: Path) -> None:
    server = Restless("handshake", announces=False)
    script = Script(era="handshake", faults={"listen": listened(0.3), "list": server.list, "initialize": server.begin})
    async with nothing_left_behind(), http_peer(script) as peer:
        outcome = await probed(peer, STREAM | {"list_changed": "fail"}, tmp_path)
    assert outcome.reason is Reason.STREAM_CUT
    assert peer.verbs.count("DELETE") == peer.rpc_methods.count("initialize") == 2


async def test_streams_take_no_turn_of_other_probes(tmp_path: Path) -> None:
    """Forty streams are open at once, where one run at a time is allowed, and the calls are over before they are."""
    async with http_peer(Script(faults={"listen": listened(ends=False)})) as peer:
        probes = [STREAM | {"hold": "4s"}] * 40 + [{"kind": "call", "tool": "echo", "arguments": {"message": "x"}}] * 5
        (tmp_path / "probes.yaml").write_text(json.dumps(document(peer, *probes)))
        config = load([tmp_path / "probes.yaml"], environ={})
        ended: list[str] = []
        outcomes = await run_pass(
            config, list(config.probes.values()), concurrency=1, on_end=lambda probe, _: ended.append(probe.kind)
        )
    assert {outcome.verdict for outcome in outcomes} == {Verdict.PASS}
    assert ended == ["call"] * 5 + ["stream"] * 40


@pytest.mark.parametrize(
    ("probe", "complaint"),
    [
        ({}, "the timeout of 10s is too short to hold a stream for 2m30s: needs timeout: 2m35s or more"),
        ({"timeout": "30s", "hold": "26s"}, "the timeout of 30s is too short to hold a stream for 26s"),
        ({"timeout": "30s", "hold": "20s", "expect_open": "21s"}, "above hold, which is 20s: nobody would see it"),
    ],
)
def test_times_that_cannot_be_are_refused(probe: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    text = {
        "targets": {"t": {"url": "http://127.0.0.1:9/mcp"}},
        "probes": {"p": {"target": "t", "kind": "stream", "interval": "1h", **probe}},
    }
    (tmp_path / "probes.yaml").write_text(json.dumps(text))
    with pytest.raises(ConfigError) as refused:
        load([tmp_path / "probes.yaml"], environ={})
    assert complaint in str(refused.value)


async def test_over_stdio_there_is_nothing_to_see(tmp_path: Path) -> None:
    text = {"targets": {"t": {"command": ["true"]}}, "probes": {"p": {"target": "t", **STREAM}}}
    [outcome] = await run_document(text, tmp_path)
    assert (outcome.reason, outcome.message) == (
        Reason.UNDECIDED,
        "over stdio there is no stream that a proxy could cut",
    )
