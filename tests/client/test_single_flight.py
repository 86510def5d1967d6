"""One asks, all know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prober.client.single_flight import SingleFlight
from prober.outcome import Failure, Reason


class Source:
    """Something to fetch from, which answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def fetch(self) -> str:
        self.asked += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return f"answer {self.asked}"


def ask(shared: SingleFlight[str], fetch: Callable[[], Awaitable[str]], times: int) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(shared.get(fetch)) for _ in range(times)]


async def all_waiting() -> None:
    """Let every task come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_ten_ask_and_one_fetches() -> None:
    shared, source = SingleFlight[str](), Source()
    tasks = ask(shared, source.fetch, 10)
    await all_waiting()
    source.go.set()
    assert await asyncio.gather(*tasks) == ["answer 1"] * 10
    assert await shared.get(source.fetch) == "answer 1"
    assert source.asked == 1


async def test_what_is_forgotten_is_fetched_anew() -> None:
    shared, source = SingleFlight[str](), Source()
    source.go.set()
    assert await shared.get(source.fetch) == "answer 1"
    shared.forget()
    assert await shared.get(source.fetch) == "answer 2"


async def test_a_failure_is_shared_by_those_who_waited_and_then_forgotten() -> None:
    shared, source = SingleFlight[str](), Source()
    source.error = Failure(Reason.UNAVAILABLE, "down")
    tasks = ask(shared, source.fetch, 10)
    await all_waiting()
    source.go.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [source.error] * 10
    source.error = None
    assert await shared.get(source.fetch) == "answer 2"


async def test_a_failure_that_nobody_waits_for_is_no_noise() -> None:
    shared, source = SingleFlight[str](), Source()
    source.error = Failure(Reason.UNAVAILABLE, "down")
    source.go.set()
    with pytest.raises(Failure):
        await shared.get(source.fetch)


async def test_the_leader_running_out_of_time_does_not_hurt_the_others() -> None:
    shared, source = SingleFlight[str](), Source()
    leader, *others = ask(shared, source.fetch, 10)
    await all_waiting()
    leader.cancel()
    await all_waiting()
    source.go.set()
    assert await asyncio.gather(*others) == ["answer 2"] * 9
    assert leader.cancelled()
    assert source.asked == 2


async def test_leaders_may_run_out_of_time_one_after_the_other() -> None:
    shared, source = SingleFlight[str](), Source()
    tasks = ask(shared, source.fetch, 5)
    for task in tasks[:4]:
        await all_waiting()
        task.cancel()
    await all_waiting()
    source.go.set()
    assert await tasks[4] == "answer 5"


async def test_a_follower_running_out_of_time_does_not_hurt_the_leader() -> None:
    shared, source = SingleFlight[str](), Source()
    leader, follower, other = ask(shared, source.fetch, 3)
    await all_waiting()
    follower.cancel()
    await all_waiting()
    assert follower.cancelled()
    source.go.set()
    assert [await leader, await other] == ["answer 1"] * 2


async def test_a_follower_that_is_gone_when_the_fetch_fails_is_no_noise() -> None:
    shared, source = SingleFlight[str](), Source()
    source.error = Failure(Reason.UNAVAILABLE, "down")
    leader, follower = ask(shared, source.fetch, 2)
    await all_waiting()
    follower.cancel()
    source.go.set()
    await asyncio.wait([leader, follower])
    assert follower.cancelled()
    assert leader.exception() is source.error


async def test_a_fault_of_our_own_in_the_leader_is_its_own_alone() -> None:
    shared, source = SingleFlight[str](), Source()
    source.error = ZeroDivisionError()
    leader, follower = ask(shared, source.fetch, 2)
    await all_waiting()
    source.go.set()
    await asyncio.wait([leader])
    assert isinstance(leader.exception(), ZeroDivisionError)
    source.error = None
    with pytest.raises(ZeroDivisionError):
        await follower  # it asked for itself before the error was taken away
    assert await shared.get(source.fetch) == "answer 3"


async def test_a_deadline_of_the_caller_ends_the_waiting_of_a_follower() -> None:
    shared, source = SingleFlight[str](), Source()
    [leader] = ask(shared, source.fetch, 1)
    await all_waiting()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await shared.get(source.fetch)
    source.go.set()
    assert await leader == "answer 1"
