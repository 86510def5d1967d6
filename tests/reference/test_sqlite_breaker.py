"""The circuit breaker of the SQLite store: who would only wait is refused at once, and nobody else is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from mcp_state.breaker import BreakerPolicy
from mcp_state.errors import StoreBusyError, StoreError, StoreUnavailableError, VersionConflictError
from mcp_state.protocol import SilentObserver
from mcp_state.sqlite import SqliteStore
from tests.waiting import until

from .inside import inside

IMPATIENT = BreakerPolicy(bad_calls=3, of_last=3, reset_timeout=0.05, max_reset_timeout=0.2)
CUT_OFF = r"SQLite is cut off by its circuit breaker; the next try is in 0\.\d s"


class Heard(SilentObserver):
    """Remembers each change of the breaker: True for opened."""

    def __init__(self) -> None:
        self.breaker: list[bool] = []

    def breaker_changed(self, *, is_open: bool) -> None:
        """Remember."""
        self.breaker.append(is_open)


@asynccontextmanager
async def opened(
    path: Path, *, heard: Heard, policy: BreakerPolicy, max_wait: float = 0.02
) -> AsyncIterator[SqliteStore]:
    """A store with a session `s`."""
    store = SqliteStore(path=path, max_wait=max_wait, breaker=policy, observer=heard)
    await store.open()
    try:
        await store.create("s", lifetime=None)
        yield store
    finally:
        await store.close()


@contextmanager
def write_lock(path: Path) -> Iterator[None]:
    """Another process has the write lock of the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_writes_that_waited_for_a_lock_in_vain_cut_writes_off_and_reads_go_on(tmp_path: Path) -> None:
    heard = Heard()
    async with opened(tmp_path / "state.db", heard=heard, policy=IMPATIENT) as store:
        with write_lock(tmp_path / "state.db"):
            for _ in range(3):
                with pytest.raises(StoreBusyError):
                    await store.step("s", tool="t", result="1")
            assert heard.breaker == [True]
            with pytest.raises(StoreUnavailableError, match=CUT_OFF) as caught:
                await store.step("s", tool="t", result="1")
            assert not caught.value.maybe_written
            assert (await store.get("s")).step_count == 0

        async def written() -> bool:
            try:
                return (await store.step("s", tool="t", result="1")).step_count == 1
            except StoreError:
                return False

        await until(written, "the breaker lets a trial through, and it is well")
        assert heard.breaker == [True, False]


async def test_reads_that_took_too_long_cut_reads_off_and_writes_go_on(tmp_path: Path) -> None:
    heard = Heard()
    policy = BreakerPolicy(bad_calls=3, of_last=3, slow_after=0.0, reset_timeout=60)
    async with opened(tmp_path / "state.db", heard=heard, policy=policy) as store:
        for _ in range(3):
            await store.get("s")
        assert heard.breaker == [True]
        with pytest.raises(StoreUnavailableError, match="cut off by its circuit breaker"):
            await store.get("s")
        assert (await store.step("s", tool="t", result="1")).step_count == 1
        await store.step("s", tool="t", result="1")  # with the one that made the session, the third slow write
        with pytest.raises(StoreUnavailableError, match="cut off by its circuit breaker"):
            await store.step("s", tool="t", result="1")
        assert heard.breaker == [True]


async def test_a_refusal_is_an_answer_and_cuts_nobody_off(tmp_path: Path) -> None:
    heard = Heard()
    async with opened(tmp_path / "state.db", heard=heard, policy=IMPATIENT) as store:
        for _ in range(10):
            with pytest.raises(VersionConflictError):
                await store.swap("s", expected_version=9, value="1")
        assert heard.breaker == []


async def test_callers_that_gave_up_on_a_lock_count_as_those_that_waited(tmp_path: Path) -> None:
    heard = Heard()
    policy = BreakerPolicy(bad_calls=3, of_last=4, slow_after=0.1)
    async with opened(tmp_path / "state.db", heard=heard, policy=policy, max_wait=30) as store:
        with write_lock(tmp_path / "state.db"):
            for _ in range(3):
                with suppress(
                    TimeoutError, StoreUnavailableError
                ):  # cut off sooner, where the session took long to make
                    async with asyncio.timeout(0.2):
                        await store.step("s", tool="t", result="1")
            assert heard.breaker == [True]


async def test_when_the_breaker_opens_is_a_setting_of_the_server(tmp_path: Path) -> None:
    for slow, is_cut_off in ((1e-9, True), (60.0, False)):
        async with inside(tmp_path, breaker_bad_calls=2, breaker_window=2, breaker_slow=slow) as server:
            for _ in range(2):
                await server.result("create_session")
            result = await server.result("create_session")
            assert ("cut off by its circuit breaker" in result["content"][0]["text"]) is is_cut_off
            assert server.sample("mcp_circuit_breaker_open", dependency="sqlite") == float(is_cut_off)
