"""`protocol: auto`: what a server says decides, what it fails to say does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from prober.client.target_cache import TargetCache, cache_of
from prober.config.model import Target
from prober.outcome import Failure, Reason
from tests.client.opening import AMPLE, failure_of, opened, talking, target, unopened, until
from tests.client.scripted import CALLED, DISCOVERED, INITIALIZED, answer, command, error
from tests.leaks import nothing_left_behind
from tests.peers.http_acts import status, status_with_error
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import Era, RpcError
from tests.peers.wire import JSON

GONE = RpcError(-32601, "Method not found")


def says(body: dict[str, Any]) -> Act:
    """HTTP 200 and this message, with the id of the request."""

    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": call.request.rpc_id, **body}))

    return act


def unsupported(*versions: str) -> RpcError:
    return RpcError(-32022, "Unsupported protocol version", {"supported": list(versions), "requested": "2026-07-28"})


OLD: dict[str, Act] = {
    "400": status(400),
    "404": status(404),
    "405": status(405),
    "406": status(406),
    "415": status(415),
    "422": status(422),
    "unknown method": says({"error": GONE.body}),
    "unknown method at 404": status_with_error(404, GONE),
    "invalid parameters": says({"error": {"code": -32602, "message": "Invalid request parameters"}}),
    "not initialized": status_with_error(400, RpcError(-32000, "Server not initialized")),
    "versions of the handshake era": status_with_error(400, unsupported("2025-11-25", "2025-06-18")),
    "versions of both eras": status_with_error(400, unsupported("2027-01-01", "2025-11-25")),
    "no versions": status_with_error(400, RpcError(-32022, "Unsupported protocol version")),
    "an empty result": says({"result": {}}),
    "any result": says({"result": {"ok": True}}),
}


@pytest.mark.parametrize("act", OLD.values(), ids=OLD)
async def test_a_server_that_does_not_know_the_question_is_asked_in_the_old_way(act: Act) -> None:
    script = Script(era="handshake", faults={"discover": act})
    async with talking(script, protocol="auto") as (peer, conversation):
        assert conversation.session.server.era == "handshake"
        await conversation.call()
        await conversation.session.close()
    assert peer.rpc_methods == ["server/discover", "initialize", "notifications/initialized", "tools/call"]
    assert conversation.target_cache.era.value == "handshake"


NOT_A_SIGN: dict[str, tuple[Act, Reason]] = {
    "401": (status(401), Reason.UNAUTHORIZED),
    "403": (status(403), Reason.FORBIDDEN),
    "407": (status(407), Reason.PROXY_FAILED),
    "408": (status(408), Reason.CLIENT_ERROR),
    "421": (status(421), Reason.CLIENT_ERROR),
    "429": (status(429), Reason.RATE_LIMITED),
    "500": (status(500), Reason.SERVER_ERROR),
    "503": (status(503), Reason.UNAVAILABLE),
    "header mismatch": (status_with_error(400, RpcError(-32020, "Header mismatch")), Reason.RPC_ERROR),
    "missing capability": (status_with_error(400, RpcError(-32021, "Missing capability")), Reason.RPC_ERROR),
    "other modern versions": (status_with_error(400, unsupported("2027-01-01")), Reason.VERSION_UNSUPPORTED),
    "the version it was asked in": (status_with_error(400, unsupported("2026-07-28")), Reason.VERSION_UNSUPPORTED),
    "a bad result": (says({"result": {"resultType": "complete"}}), Reason.BAD_RESULT),
    "no answer": (lambda call: call.respond(202), Reason.NO_RESPONSE),
    "a page": (lambda call: call.respond(200, {"Content-Type": "text/html"}, b"<p>"), Reason.BAD_CONTENT_TYPE),
}


@pytest.mark.parametrize(("act", "reason"), NOT_A_SIGN.values(), ids=NOT_A_SIGN)
async def test_a_server_that_fails_is_reported_and_not_taken_for_an_old_one(act: Act, reason: Reason) -> None:
    async with http_peer(Script(era="handshake", faults={"discover": act})) as peer, nothing_left_behind():
        where = target(peer.url)
        target_cache = cache_of(where)
        failure = await failure_of(where, target_cache=target_cache)
    assert (failure.reason, failure.step) == (reason, "server/discover")
    assert peer.rpc_methods == ["server/discover"]
    assert target_cache.era.value is None


async def test_what_discover_said_is_told_where_the_handshake_fails_as_well() -> None:
    refuses = status_with_error(400, unsupported("2025-01-01", "2024-11-05"))
    faults = {"discover": refuses, "initialize": status(500)}
    async with http_peer(Script(era="handshake", faults=faults)) as peer:  # type: ignore[arg-type]
        failure = await failure_of(target(peer.url))
    assert (failure.reason, failure.step) == (Reason.VERSION_UNSUPPORTED, "server/discover")


async def test_ten_probes_learn_it_once_and_each_talks_as_it_must() -> None:
    async with http_peer(Script(era="handshake")) as peer, nothing_left_behind():
        where = target(peer.url)
        target_cache = cache_of(where)

        async def one() -> None:
            async with opened(where, target_cache=target_cache) as conversation:
                await conversation.call()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(10):
                tasks.create_task(one())
    assert peer.rpc_methods.count("server/discover") == 1
    assert peer.rpc_methods.count("initialize") == 10


async def fails_once(where: Target, target_cache: TargetCache) -> Reason:
    return (await failure_of(where, target_cache=target_cache)).reason


@pytest.mark.parametrize(("before", "after"), [("modern", "handshake"), ("handshake", "modern")])
async def test_a_server_that_was_changed_fails_one_run_and_is_asked_anew_by_the_next(before: Era, after: Era) -> None:
    async with http_peer(Script(era=before)) as peer:
        where = target(peer.url)
        target_cache = cache_of(where)
        async with opened(where, target_cache=target_cache):
            assert target_cache.era.value == before
        peer.script = Script(era=after)
        assert await fails_once(where, target_cache) is Reason.RPC_ERROR
        async with opened(where, target_cache=target_cache) as conversation:
            await conversation.call()
        assert target_cache.era.value == after


@pytest.mark.parametrize("act", [status(503), status(500), status(401)])
@pytest.mark.parametrize("era", ["modern", "handshake"])
async def test_a_server_that_fails_for_a_while_keeps_its_era(act: Act, era: Era) -> None:
    async with http_peer(Script(era=era)) as peer:
        where = target(peer.url)
        target_cache = cache_of(where)
        async with opened(where, target_cache=target_cache):
            pass
        peer.script = Script(era=era, faults={"discover": act, "initialize": act, "call": act})
        await fails_once(where, target_cache)
        assert target_cache.era.value == era


async def test_an_error_of_a_tool_says_nothing_about_the_era() -> None:
    faults = {"call": status_with_error(400, RpcError(-32602, "Unknown tool"))}
    async with http_peer(Script(faults=faults)) as peer:  # type: ignore[arg-type]
        where = target(peer.url)
        target_cache = cache_of(where)
        assert await fails_once(where, target_cache) is Reason.RPC_ERROR
        assert target_cache.era.value == "modern"


@pytest.mark.parametrize("protocol", ["modern", "handshake"])
async def test_what_the_configuration_says_is_never_forgotten(protocol: Era) -> None:
    async with http_peer(Script(era="handshake" if protocol == "modern" else "modern")) as peer:
        where = target(peer.url, protocol=protocol)
        target_cache = cache_of(where)
        await fails_once(where, target_cache)
        assert target_cache.era.value == protocol
    assert "initialize" not in peer.rpc_methods or protocol == "handshake"


WELL = {"initialize": [answer(INITIALIZED)], "tools/call": [answer(CALLED)]}


async def test_on_stdio_an_old_server_that_says_nothing_is_asked_in_the_old_way_in_time() -> None:
    where = target(command=command(WELL), startup_timeout=3.0)
    async with nothing_left_behind(), opened(where) as conversation:
        await conversation.call()
        assert conversation.session.server.era == "handshake"


async def test_on_stdio_an_old_server_that_ends_at_the_question_is_started_again() -> None:
    script = {"server/discover": [{"exit": 1}], **WELL}
    async with nothing_left_behind(), opened(target(command=command(script))) as conversation:
        await conversation.call()
        assert conversation.session.server.era == "handshake"
    assert conversation.steps.count("open") == 2


async def test_on_stdio_one_that_starts_late_and_ends_at_the_first_of_two_questions_is_started_again() -> None:
    script = {"server/discover": [{"exit": 1}], **WELL}
    late = ("/bin/sh", "-c", 'sleep 1.4; exec "$@"', "sh", *command(script))
    async with nothing_left_behind(), opened(target(command=late, startup_timeout=3.0)) as conversation:
        await conversation.call()
        assert conversation.session.server.era == "handshake"
    assert (conversation.steps.count("open"), conversation.steps.count("initialize")) == (2, 2)


async def test_on_stdio_a_server_that_ends_whatever_it_is_asked_has_exited() -> None:
    script = {"server/discover": [{"exit": 4}], "initialize": [{"exit": 5}]}
    async with nothing_left_behind():
        failure = await failure_of(target(command=command(script)))
    assert (failure.reason, failure.message) == (Reason.PROCESS_EXITED, "the process exited with status 5")


async def test_a_refusal_that_comes_late_is_passed_over() -> None:
    late = {**WELL, "server/discover": [error(-32601, sleep=1.4)]}
    async with opened(target(command=command(late), startup_timeout=3.0)) as conversation:
        await conversation.call()
        assert conversation.session.server.era == "handshake"
    assert conversation.steps.count("initialize") == 1


async def test_a_late_answer_to_discover_is_taken_and_the_server_is_a_modern_one() -> None:
    """What it says to `initialize`, which it was asked meanwhile, is of no interest any more, good or bad."""
    for second in (error(-32022), answer(INITIALIZED)):
        slow = {
            "server/discover": [answer(DISCOVERED, sleep=1.4)],
            "initialize": [second],
            "tools/call": [answer({**CALLED, "resultType": "complete"})],
        }
        async with nothing_left_behind(), opened(target(command=command(slow), startup_timeout=3.0)) as conversation:
            await conversation.call()
            assert (conversation.session.server.era, conversation.session.capabilities) == ("modern", {"tools": {}})
        assert conversation.steps == ["open", "server/discover", "initialize", "tools/call"]
        assert conversation.target_cache.era.value == "modern"


async def test_a_server_that_writes_nothing_is_told_so_with_its_seconds_and_the_key() -> None:
    where = target(command=("/bin/sh", "-c", "echo no licence >&2; cat > /dev/null"), startup_timeout=0.3)
    async with nothing_left_behind():
        failure = await failure_of(where)
    assert (failure.reason, failure.step) == (Reason.TIMEOUT, "initialize")
    assert failure.message == ("the server wrote nothing for 0.3 s after its start, the startup_timeout of the target")


async def test_a_server_that_writes_and_does_not_answer_is_not_told_to_have_written_nothing() -> None:
    notified = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"loading"}}'
    where = target(command=("/bin/sh", "-c", f"echo '{notified}'; cat > /dev/null"), startup_timeout=0.3)
    failure = await failure_of(where)
    assert failure.message.startswith("the server gave no answer for 0.3 s after its start")


async def test_who_waits_for_another_to_learn_the_era_does_not_use_up_its_own_time_to_start() -> None:
    late = {"server/discover": [error(-32601, sleep=0.8)], **WELL}
    where = target(command=command(late), startup_timeout=1.5)
    target_cache = cache_of(where)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(failure_free(where, target_cache))
    assert target_cache.era.value == "handshake"


async def failure_free(where: Target, target_cache: TargetCache) -> None:
    async with opened(where, target_cache=target_cache) as conversation:
        await conversation.call()


async def test_the_deadline_holds_while_the_patience_within_it_lasts_still() -> None:
    """An outer clock that fires inside an inner one must not be mistaken for it."""
    async with nothing_left_behind():
        where = target(command=command({}))
        async with unopened(where, within=AMPLE) as conversation:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await conversation.session.open(explicit=True)
        assert conversation.steps == ["open", "server/discover"]
        assert conversation.log.last is not None
        assert conversation.log.last.step == "server/discover"


async def test_both_clocks_firing_in_the_same_moment_are_the_outer_one() -> None:
    where = target(command=command({}))
    async with nothing_left_behind(), unopened(where, within=0.4) as conversation:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + 0.2):
                await conversation.session.open(explicit=True)


async def test_a_cancellation_while_the_era_is_learnt_is_a_cancellation() -> None:
    where = target(command=command({}))
    async with nothing_left_behind(), unopened(where) as conversation:
        opening = asyncio.create_task(conversation.session.open(explicit=True))
        await until(lambda: "open" in conversation.steps)
        opening.cancel()
        await asyncio.wait([opening])
        assert opening.cancelled()


ODD_IDS = ["[]", "{}", "[1]", "null", '"1"', "1.0", "true", "99"]


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_an_answer_on_stdio_with_an_odd_id_is_for_somebody_else(odd: str) -> None:
    script = {"server/discover": [{"lines": ['{"jsonrpc":"2.0","id":' + odd + ',"result":{}}']}]}
    async with nothing_left_behind():
        failure = await failure_of(target(command=command(script), protocol="modern"))
    assert failure.reason is Reason.WRONG_ID


async def test_on_stdio_a_server_may_ask_in_the_handshake_era_and_is_answered_once() -> None:
    ping = '{"jsonrpc":"2.0","id":"s-1","method":"ping"}'
    call = {"lines": [ping, "", *answer(CALLED)["lines"]]}
    async with opened(
        target(command=command({"initialize": [answer(INITIALIZED)], "tools/call": [call]}), protocol="handshake")
    ) as conversation:
        await conversation.call()
        await conversation.call()


async def test_on_stdio_a_modern_server_must_not_ask() -> None:
    script = {"server/discover": [{"lines": ['{"jsonrpc":"2.0","id":1,"method":"ping"}']}]}
    with pytest.raises(Failure) as caught:
        async with opened(target(command=command(script), protocol="modern")):
            pass
    assert caught.value.reason is Reason.MALFORMED_MESSAGE
