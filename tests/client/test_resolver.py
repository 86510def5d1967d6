"""Names that take for ever to look up harm no other name."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from typing import Final

import pytest

from prober.client.http import resolver
from prober.client.http.resolver import LIMITS, MOST_LOOKUPS, resolve
from tests.client.opening import until
from tests.peers.names import NameServer, name_server

names = name_server

SLOW: Final = 5.0
"""Seconds, a bound for what should take none."""
PROMPT, NEW, SLOW_NAMES = LIMITS.values()


async def given_up(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def asking(name: str, starved: list[str] | None = None) -> asyncio.Task[object]:
    on_starved = (lambda: starved.append(name)) if starved is not None else (lambda: None)
    return asyncio.create_task(resolve(name, 80, on_starved=on_starved))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "[fe80::1]", "::ffff:127.0.0.1"])
async def test_an_address_is_not_looked_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_resolver", None)
    [found] = await resolve(host, 8080)
    assert found[4][:2] == (host.strip("[]"), 8080)


@pytest.mark.parametrize("host", ["nonexistent.invalid", "a" * 70 + ".invalid", "x." * 120 + "invalid", "a..invalid"])
async def test_a_name_that_is_none_is_an_error_of_the_lookup(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await resolve(host, 80)


async def test_the_port_is_the_one_that_was_asked_for() -> None:
    for port in (80, 8443):
        assert {found[4][1] for found in await resolve("localhost", port)} == {port}


async def test_who_asks_for_a_name_that_is_being_looked_up_shares_the_lookup(names: NameServer) -> None:
    first = asking("a.hangs")
    await until(lambda: names.asked == ["a.hangs"])
    others = [asking("a.hangs") for _ in range(50)]
    await asyncio.sleep(0)
    names.recovered = True
    names.answer.set()
    assert [await asking_ for asking_ in others] == [await first] * 50
    assert names.asked == ["a.hangs"]


async def test_a_name_that_is_asked_for_again_and_again_occupies_one_thread(names: NameServer) -> None:
    before = threading.active_count()
    for _ in range(MOST_LOOKUPS * 2):  # runs that give up at their deadlines
        run = asking("a.hangs")
        await until(lambda: names.asked == ["a.hangs"])
        await given_up(run)
    assert names.asked == ["a.hangs"]
    assert threading.active_count() - before == 1


async def test_a_failure_is_told_only_to_those_who_asked_before_the_lookup_began(names: NameServer) -> None:
    first = asking("a.hangs")
    await until(lambda: names.asked == ["a.hangs"])
    later = asking("a.hangs")
    await asyncio.sleep(0)
    names.answer.set()
    for asked in (first, later):
        with pytest.raises(socket.gaierror) as caught:
            await asked
        assert (caught.value.errno, caught.value.strerror) == (socket.EAI_AGAIN, "no answer")
    assert names.asked == ["a.hangs", "a.hangs"]


async def test_dead_names_hold_up_no_live_one(names: NameServer) -> None:
    dead = [asking(f"{number}.hangs") for number in range(NEW - 1)]
    async with asyncio.timeout(SLOW):
        assert await resolve("localhost", 80)
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)  # nor anything else that wants a thread
    await given_up(*dead)


async def test_a_name_that_was_prompt_before_has_threads_that_new_names_cannot_take(names: NameServer) -> None:
    assert await resolve("a.well", 80)
    dead = [asking(f"{number}.hangs") for number in range(MOST_LOOKUPS * 2)]
    await until(lambda: len(names.asked) == 1 + NEW)
    async with asyncio.timeout(SLOW):
        assert await resolve("a.well", 80)
    await given_up(*dead)


async def test_names_that_were_slow_leave_threads_to_names_never_seen(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "PROMPT", 0.0)
    names.answer.set()
    for number in range(NEW):
        with pytest.raises(socket.gaierror):
            await asking(f"{number}.hangs")
    names.answer.clear()
    names.asked.clear()
    dead = [asking(f"{number}.hangs") for number in range(NEW)]
    await until(lambda: len(names.asked) == SLOW_NAMES)
    async with asyncio.timeout(SLOW):
        assert await resolve("never-seen.well", 80)
    await given_up(*dead)


async def test_who_gives_up_before_a_thread_was_free_is_told_so_and_the_lookup_never_takes_place(
    names: NameServer,
) -> None:
    starved: list[str] = []
    lookups = [asking(f"{number}.hangs", starved) for number in range(NEW + 10)]
    await until(lambda: len(names.asked) == NEW)
    await given_up(*lookups[:5], *lookups[-5:])
    assert starved == [f"{number}.hangs" for number in range(NEW + 5, NEW + 10)]
    names.answer.set()
    await asyncio.gather(*lookups, return_exceptions=True)
    assert sum(task.cancelled() for task in lookups) == 10
    assert sorted(names.asked) == sorted(f"{number}.hangs" for number in range(NEW + 5))


async def test_threads_are_used_again(names: NameServer) -> None:
    before = threading.active_count()
    for _ in range(50):
        assert await resolve("localhost", 80)
    assert threading.active_count() - before <= 2


ENDS = """
import asyncio, socket, time
real = socket.getaddrinfo
def slow(host, port, **more):
    if not more["flags"] & socket.AI_NUMERICHOST:
        time.sleep(60)
    return real(host, port, **more)
socket.getaddrinfo = slow
from prober.client.http.resolver import resolve
async def main():
    try:
        async with asyncio.timeout(0.1):
            await resolve("name.slow", 80)
    except TimeoutError:
        print("in time", flush=True)
asyncio.run(main())
"""


def test_a_lookup_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS],
        capture_output=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"in time\n", b"")
