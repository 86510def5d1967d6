"""A whole session: negotiated, asked, ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from prober.client import session as session_module
from prober.outcome import Failure, Reason, ServerInfo
from tests.client.opening import ECHO, Opened, failure_of, opened, talking, target, unopened
from tests.client.scripted import CALLED, DISCOVERED, INITIALIZED, answer, command
from tests.leaks import nothing_left_behind
from tests.peers import ports
from tests.peers.http_acts import close, good_json, silence, spoilt, status
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import MODERN, Era, Step
from tests.peers.wire import JSON

MIRRORING: Final = {"type": "object", "properties": {"message": {"type": "string", "x-mcp-header": "Said"}}}
INVALID: Final = {"type": "object", "properties": {"message": {"type": "string", "x-mcp-header": "not a name"}}}


def result_with(**members: Any) -> Act:
    """The good answer with some members of its result replaced."""

    async def act(call: Call) -> None:
        message = json.loads(good_json(call))
        message["result"] |= members
        await call.respond(200, {"Content-Type": JSON, **call.good.headers}, dump(message))

    return act


async def test_in_the_modern_era_a_call_is_one_post() -> None:
    async with http_peer() as peer, opened(target(peer.url, protocol="modern"), explicit=False) as conversation:
        assert conversation.session.server == ServerInfo()  # nobody has answered yet
        await conversation.call()
        await conversation.session.close()
        assert conversation.session.server.protocol_version == MODERN
        assert (conversation.session.server.era, conversation.session.server.name) == ("modern", "peer")
    assert peer.verbs == ["POST"]
    [request] = peer.requests
    assert request.headers["mcp-protocol-version"] == MODERN
    assert request.message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == MODERN


async def test_in_the_handshake_era_a_session_is_opened_and_ended() -> None:
    async with talking(Script(era="handshake")) as (peer, conversation):
        assert conversation.session.server == ServerInfo(
            era="handshake", protocol_version="2025-11-25", name="peer", version="1.0.0"
        )
        await conversation.call()
        await conversation.session.close()
    assert peer.verbs == ["POST", "POST", "POST", "DELETE"]
    assert "mcp-session-id" not in peer.requests[0].headers
    assert "mcp-protocol-version" not in peer.requests[0].headers
    for request in peer.requests[1:]:
        assert request.headers["mcp-session-id"] == "session-1"
        assert request.headers["mcp-protocol-version"] == "2025-11-25"
    assert conversation.steps == ["initialize", "notifications/initialized", "tools/call", "close"]


@pytest.mark.parametrize("code", [404, 405])
async def test_a_server_may_refuse_to_end_a_session(code: int) -> None:
    async with talking(Script(era="handshake", faults={"close": status(code)})) as (_, conversation):
        await conversation.session.close()


@pytest.mark.parametrize(
    ("act", "reason"), [(status(500), Reason.SERVER_ERROR), (silence, Reason.TIMEOUT)], ids=["500", "silence"]
)
async def test_a_bad_farewell_is_told_in_time(act: Act, reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "CLOSE_GRACE", 0.2)
    async with talking(Script(era="handshake", faults={"close": act})) as (_, conversation):
        with pytest.raises(Failure) as caught:
            await conversation.session.close()
    assert (caught.value.reason, caught.value.step) == (reason, "close")


VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_older_version_is_adopted(version: str) -> None:
    script = Script(era="handshake", faults={"initialize": result_with(protocolVersion=version)})
    async with talking(script) as (peer, conversation):
        await conversation.call()
        assert conversation.session.server.protocol_version == version
    assert peer.requests[-1].headers["mcp-protocol-version"] == version


@pytest.mark.parametrize("version", ["2026-07-28", "2099-01-01", "", "1"])
async def test_a_version_that_we_do_not_speak_is_told(version: str) -> None:
    script = Script(era="handshake", faults={"initialize": result_with(protocolVersion=version)})
    async with http_peer(script) as peer:
        failure = await failure_of(target(peer.url, protocol="handshake"))
    assert (failure.reason, failure.step) == (Reason.VERSION_UNSUPPORTED, "initialize")
    assert failure.evidence.seen == (version or "none")
    assert peer.rpc_methods == ["initialize"]


@pytest.mark.parametrize("versions", [[], ["2099-01-01"], ["2025-11-25"]])
async def test_a_modern_server_without_a_common_version_is_told(versions: list[str]) -> None:
    async with http_peer(Script(faults={"discover": result_with(supportedVersions=versions)})) as peer:
        failure = await failure_of(target(peer.url, protocol="modern"))
    assert (failure.reason, failure.step) == (Reason.VERSION_UNSUPPORTED, "server/discover")
    assert failure.evidence.seen == (", ".join(versions) or "none")


PINNED: Final[tuple[dict[str, Any], ...]] = (
    {"protocol": "modern"},
    {"protocol": "handshake"},
    {"protocol": "auto"},
    {"transport": "sse"},
)


async def failed(conversation: Opened, *, explicit: bool) -> bool:
    """Whether negotiating or calling a tool fails."""
    try:
        await conversation.session.open(explicit=explicit)
        await conversation.call()
    except Failure:
        return True
    return False


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("settings", PINNED, ids=str)
async def test_of_a_server_that_is_not_there_nothing_is_known(settings: dict[str, Any], *, explicit: bool) -> None:
    with ports.closed_port() as port:
        async with unopened(target(f"http://127.0.0.1:{port}/mcp", **settings)) as conversation:
            assert await failed(conversation, explicit=explicit)
            assert conversation.session.server == ServerInfo()


@pytest.mark.parametrize("era", ["modern", "handshake"])
@pytest.mark.parametrize("act", [status(503), close], ids=["503", "closed"])
async def test_of_a_server_that_gives_no_result_nothing_is_known(act: Act, era: Era) -> None:
    faults: dict[Step, Act] = {"discover": act, "initialize": act, "call": act}
    async with (
        http_peer(Script(era=era, faults=faults)) as peer,
        unopened(target(peer.url, protocol=era)) as conversation,
    ):
        assert await failed(conversation, explicit=False)
        assert conversation.session.server == ServerInfo()


async def test_of_a_server_without_a_common_version_the_name_is_known_and_no_version() -> None:
    for era, faults in (
        ("handshake", {"initialize": result_with(protocolVersion="2099-01-01")}),
        ("modern", {"discover": result_with(supportedVersions=["2099-01-01"])}),
    ):
        script = Script(era=era, faults=faults)  # type: ignore[arg-type]
        async with http_peer(script) as peer, unopened(target(peer.url, protocol=era)) as conversation:
            with pytest.raises(Failure):
                await conversation.session.open(explicit=True)
            assert (conversation.session.server.era, conversation.session.server.name) == (era, "peer")
            assert conversation.session.server.protocol_version is None


async def test_what_a_server_calls_itself_is_kept_in_short() -> None:
    info = {"io.modelcontextprotocol/serverInfo": {"name": "x" * 10_000, "version": "y" * 10_000}}
    async with talking(Script(faults={"discover": result_with(_meta=info)})) as (_, conversation):
        assert conversation.session.server.name == "x" * 99 + "…"
        assert conversation.session.server.version == "y" * 99 + "…"


BAD: Mapping[str, tuple[Act, Reason]] = {
    "no result type": (result_with(resultType=None), Reason.BAD_RESULT),
    "an unknown result type": (result_with(resultType="task"), Reason.BAD_RESULT),
    "input wanted": (result_with(resultType="input_required"), Reason.INPUT_REQUIRED),
    "no content": (result_with(content=None), Reason.BAD_RESULT),
    "another id": (spoilt(lambda asked, good: dump({**good, "id": 99})), Reason.WRONG_ID),
}


@pytest.mark.parametrize(("act", "reason"), BAD.values(), ids=BAD)
async def test_a_result_that_is_none_is_told_with_its_step(act: Act, reason: Reason) -> None:
    async with http_peer(Script(faults={"call": act})) as peer, nothing_left_behind():
        failure = await failure_of(target(peer.url, protocol="modern"))
    assert (failure.reason, failure.step) == (reason, "tools/call")


async def test_arguments_are_mirrored_into_headers_where_the_tool_wants_it() -> None:
    async with talking() as (peer, conversation):
        await conversation.session.request("tools/call", ECHO, input_schema=MIRRORING)
    assert peer.requests[-1].headers["mcp-param-said"] == "hi"


async def test_a_tool_whose_annotations_are_invalid_is_not_called() -> None:
    async with talking() as (peer, conversation):
        with pytest.raises(Failure) as caught:
            await conversation.session.request("tools/call", ECHO, input_schema=INVALID)
    assert (caught.value.reason, caught.value.step) == (Reason.BAD_RESULT, "tools/list")
    assert "'message' is not a header name" in caught.value.message
    assert peer.rpc_methods == ["server/discover"]


async def test_in_the_handshake_era_and_on_stdio_annotations_mean_nothing() -> None:
    async with talking(Script(era="handshake")) as (peer, conversation):
        for schema in (MIRRORING, INVALID):
            await conversation.session.request("tools/call", ECHO, input_schema=schema)
    assert not any(name.startswith("mcp-param") for request in peer.requests for name in request.headers)
    script = {"server/discover": [answer(DISCOVERED)], "tools/call": [answer({**CALLED, "resultType": "complete"})]}
    async with opened(target(command=command(script), protocol="modern"), explicit=False) as conversation:
        await conversation.session.request("tools/call", ECHO, input_schema=INVALID)


async def test_a_list_of_many_pages_is_read_to_its_end_and_one_of_too_many_is_not() -> None:
    def pages(number: int) -> Act:
        async def act(call: Call) -> None:
            page = int(call.request.message["params"].get("cursor", "0"))
            more = {"nextCursor": str(page + 1)} if page + 1 < number else {}
            await result_with(tools=[{"name": f"tool-{page}", "inputSchema": {"type": "object"}}], **more)(call)

        return act

    most = session_module.MAX_PAGES
    async with talking(Script(faults={"list": pages(most)})) as (_, conversation):
        tools = await conversation.session.pages("tools/list", "tools")
    assert [tool["name"] for tool in tools] == [f"tool-{page}" for page in range(most)]
    async with talking(Script(faults={"list": pages(most + 1)})) as (_, conversation):
        with pytest.raises(Failure, match=f"tools/list has more than {most} pages"):
            await conversation.session.pages("tools/list", "tools")


async def test_on_stdio_a_session_ends_with_the_process() -> None:
    script = {"initialize": [answer(INITIALIZED)], "tools/call": [answer(CALLED)]}
    async with nothing_left_behind(), opened(target(command=command(script), protocol="handshake")) as conversation:
        await conversation.call()
        await conversation.session.close()
    assert conversation.steps == ["open", "initialize", "notifications/initialized", "tools/call", "close"]
