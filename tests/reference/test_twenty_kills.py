"""Twenty kills of the servers, and of Redis below them: nothing acknowledged is lost, nothing is done twice.

Three processes share one store; half of their callers speak the handshake era. Each caller keeps books: what was
acknowledged has to be there once, what was refused must not be there, and only what nobody could know may be either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.waiting import until

from .calling import Client, Era, ToolRefused, connected
from .forking import Forked, Forking, forking
from .redis.conftest import DURABLE
from .redis.server import RedisServer, running

pytestmark = pytest.mark.slow

KILLS: Final = 20
SEATS: Final = 3
CALLERS: Final = 12
BETWEEN: Final = 10
"""Calls that are acknowledged between two kills, at least."""

_LONGEST: Final = 60.0
"""Seconds that a server, or calls that go on, may take on a busy machine."""

UNKNOWN: Final = "The write may or may not have happened"
UNDONE: Final = "Nothing was written"
LOST: Final = (OSError, asyncio.IncompleteReadError)
"""How a call ends whose server is killed."""


@dataclass(kw_only=True)
class Books:
    """What callers were told of the steps that they completed."""

    acknowledged: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Those of the events, as they were told."""
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)
    """Errors that do not say what became of the write."""
    eras: set[str] = field(default_factory=set)

    async def call(self, client: Client, step: str, era: Era) -> None:
        """Complete one step. Raises one of LOST where the server went away."""
        self.unknown.add(step)
        try:
            event = await client.call("complete_step", session_id="s", step_id=step, agent_id=era)
        except ToolRefused as error:
            if UNDONE in str(error):
                self.unknown.discard(step)
                self.refused.add(step)
            elif UNKNOWN not in str(error):
                self.strange.append(str(error))
            await asyncio.sleep(0.02)
            return
        self.unknown.discard(step)
        self.acknowledged.append(step)
        self.numbers.append(event["number"])
        self.eras.add(era)

    def add_up(self, there: list[str]) -> None:
        """Hold what was told against what is there."""
        assert self.strange == []
        assert len(there) == len({*there}), "a step is there twice"
        assert len({*self.numbers}) == len(self.numbers), "two callers were told the same number"
        assert {*self.acknowledged} - {*there} == set(), "an acknowledged step is lost"
        assert self.refused & {*there} == set(), "a step is there whose caller was told that nothing was written"
        assert {*there} - {*self.acknowledged} <= self.unknown


class Seat:
    """A place for one server of three: whoever sits there is killed, and another takes the place."""

    def __init__(self, servers: Forking, options: tuple[str, ...]) -> None:
        self._servers = servers
        self._options = options
        self.server: Forked | None = None

    async def fill(self) -> None:
        """Start a server; again where the store is just away."""
        async with asyncio.timeout(_LONGEST):
            while self.server is None:
                self.server = await asyncio.to_thread(self._servers.start, *self._options)

    async def empty(self) -> None:
        """Kill the server."""
        assert self.server is not None
        server, self.server = self.server, None
        await asyncio.to_thread(server.kill)


@asynccontextmanager
async def seated(folder: Path, *options: str) -> AsyncIterator[list[Seat]]:
    """Three servers on one store, and the session `s`."""
    with forking(folder) as servers:
        seats = [Seat(servers, (*options, "--session", "s")) for _ in range(SEATS)]
        for seat in seats:
            await seat.fill()
        yield seats


@asynccontextmanager
async def calling(seats: list[Seat], books: Books) -> AsyncIterator[None]:
    """Callers that go on, whoever is killed; in the end each finishes its call."""
    ending = asyncio.Event()

    async def caller(number: int) -> None:
        seat, era, turn = seats[number % SEATS], ERAS[number % 2], 0
        while not ending.is_set():
            with suppress(*LOST):
                if seat.server is not None:
                    async with connected(seat.server.url, era=era) as client:
                        while not ending.is_set():
                            turn += 1
                            await books.call(client, f"{number}-{turn}", era)
                            await asyncio.sleep(0.03)
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        for number in range(CALLERS):
            group.create_task(caller(number))
        try:
            yield
        finally:
            ending.set()


ERAS: Final[tuple[Era, Era]] = ("modern", "handshake")


async def kill_servers(seats: list[Seat], books: Books) -> None:
    """Twenty kills, spread over the seats, each after some more calls were acknowledged."""
    left = KILLS

    async def of_seat(seat: Seat) -> None:
        nonlocal left
        while left:
            left -= 1
            await more(books)
            await seat.empty()
            await seat.fill()

    async with asyncio.TaskGroup() as group:
        for seat in seats:
            group.create_task(of_seat(seat))


async def kill_redis(redis: RedisServer, books: Books) -> None:
    """Twenty kills, each after some more calls were acknowledged."""
    for _ in range(KILLS):
        await more(books)
        await asyncio.to_thread(redis.kill)
        await asyncio.to_thread(redis.start)


async def more(books: Books) -> None:
    goal = len(books.acknowledged) + BETWEEN
    await until(lambda: len(books.acknowledged) >= goal, "calls are acknowledged again", seconds=_LONGEST)


async def completed(seats: list[Seat]) -> list[list[str]]:
    """The steps that are there, as each server tells them."""
    states = []
    for seat in seats:
        assert seat.server is not None
        async with connected(seat.server.url) as client:
            states.append((await client.call("get_workflow_state", session_id="s"))["completedSteps"])
    return states


async def test_twenty_kills_of_servers_on_sqlite_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    books = Books()
    async with seated(tmp_path, "--db", "state.db") as seats:
        async with calling(seats, books):
            await kill_servers(seats, books)
        there, *others = await completed(seats)
    assert others == [there, there]
    books.add_up(there)
    assert books.eras == {*ERAS}
    assert len(books.acknowledged) > KILLS * BETWEEN / SEATS


@pytest.mark.external
async def test_twenty_kills_of_servers_and_twenty_of_redis_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    books = Books()
    with running(tmp_path / "redis", *DURABLE) as redis:
        # The breaker has tests of its own; here calls shall meet a Redis that goes away under them.
        options = (
            "--store",
            "redis",
            "--redis-url",
            redis.url,
            "--breaker-bad-calls",
            "9999",
            "--breaker-window",
            "9999",
        )
        async with seated(tmp_path, *options) as seats:
            async with calling(seats, books), asyncio.TaskGroup() as group:
                group.create_task(kill_servers(seats, books))
                group.create_task(kill_redis(redis, books))
            there, *others = await completed(seats)
    assert others == [there, there]
    books.add_up(there)
    assert books.eras == {*ERAS}
    assert books.unknown, "no call was cut off in its middle: twenty kills that met nobody"
