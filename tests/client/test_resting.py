"""A conversation between two runs: what is overheard, and that no late answer is taken for a later one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest

from prober.client.stdio.stdio_transport import StdioTransport
from prober.outcome import Failure, Reason
from tests.client.opening import Opened, opened, target
from tests.leaks import nothing_left_behind
from tests.restless_server import COMMAND
from tests.waiting import until


def transport_of(conversation: Opened) -> StdioTransport:
    return cast("StdioTransport", conversation.session.conversation.transport)


async def calls(conversation: Opened, **arguments: Any) -> int:
    result = await conversation.session.request("tools/call", {"name": "whoami", "arguments": arguments})
    count: int = result["structuredContent"]["calls"]
    return count


@pytest.mark.parametrize("rests", [True, False], ids=["overheard between the runs", "heard by the next run"])
async def test_an_answer_to_a_request_that_was_given_up_is_no_answer_to_the_next(rests: bool) -> None:
    async with nothing_left_behind(), opened(target(command=tuple(COMMAND), protocol="handshake")) as conversation:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await calls(conversation, before="is slow")
        transport = transport_of(conversation)
        if rests:
            resting = asyncio.create_task(transport.rest())
            await asyncio.sleep(0.6)
            assert not resting.done()
            resting.cancel()
            with suppress(asyncio.CancelledError):
                await resting
            transport.wake()
        assert await calls(conversation) == 2
        assert await calls(conversation) == 3


async def test_to_wake_it_at_any_moment_loses_and_breaks_nothing() -> None:
    """Notifications come while the attendant is called off, again and again."""
    async with nothing_left_behind(), opened(target(command=tuple(COMMAND), protocol="handshake")) as conversation:
        transport = transport_of(conversation)
        assert await calls(conversation, then="floods stdout") == 1
        for number in range(2, 40):
            resting = asyncio.create_task(transport.rest())
            await asyncio.sleep(0.002 * (number % 7))
            resting.cancel()
            with suppress(asyncio.CancelledError):
                await resting
            transport.wake()
            assert await calls(conversation) == number


async def test_an_answer_to_nothing_ends_the_rest() -> None:
    async with nothing_left_behind(), opened(target(command=tuple(COMMAND), protocol="handshake")) as conversation:
        await calls(conversation, then="answers nothing")
        with pytest.raises(Failure) as caught:
            await asyncio.wait_for(transport_of(conversation).rest(), 5)
        assert caught.value.reason is Reason.WRONG_ID


async def test_it_is_seen_at_once_that_a_process_is_gone() -> None:
    async with nothing_left_behind(), opened(target(command=tuple(COMMAND), protocol="handshake")) as conversation:
        transport = transport_of(conversation)
        await calls(conversation, then="dies")
        await until(lambda: not transport.alive)
        failure = await transport.how_it_ended()
        assert (failure.reason, failure.evidence.detail) == (Reason.PROCESS_EXITED, "fatal: the disk is full")
