"""What is special to the SQLite store: shared commits, readers that do not wait, files that are not its own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from mcp_state.breaker import Breaker, BreakerPolicy
from mcp_state.errors import (
    SessionExistsError,
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
    UnknownSessionError,
    VersionConflictError,
)
from mcp_state.protocol import SilentObserver
from mcp_state.sqlite import SqliteStore, jobs, schema
from mcp_state.sqlite.readers import Readers
from mcp_state.sqlite.writer import Writer


class Counting(SilentObserver):
    """Remembers the sizes of batches and the use of the pool."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.in_use: list[int] = []

    def batch_committed(self, *, size: int, seconds: float) -> None:
        """Remember."""
        self.batches.append(size)

    def pool_changed(self, *, in_use: int, idle: int) -> None:
        """Remember."""
        self.in_use.append(in_use)


def lax() -> Breaker:
    """The breaker of a part that is looked at alone."""
    return Breaker(BreakerPolicy(), changed=lambda _: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is made."""
    return tmp_path / "state.db"


@pytest.fixture
def observer() -> Counting:
    """Of the store."""
    return Counting()


@pytest.fixture
async def store(path: Path, observer: Counting) -> AsyncIterator[SqliteStore]:
    """An open store with a session `s`."""
    store = SqliteStore(path=path, observer=observer)
    await store.open()
    await store.create("s", lifetime=None)
    yield store
    await store.close()


# Group commit


async def test_callers_at_the_same_time_share_a_commit(store: SqliteStore, observer: Counting) -> None:
    observer.batches.clear()
    await asyncio.gather(*(store.step("s", tool="t", result="1") for _ in range(50)))
    assert observer.batches == [50]


async def test_callers_one_after_another_commit_alone(store: SqliteStore, observer: Counting) -> None:
    observer.batches.clear()
    for _ in range(5):
        await store.step("s", tool="t", result="1")
    assert observer.batches == [1, 1, 1, 1, 1]


async def test_without_a_window_every_write_commits_alone(path: Path, observer: Counting) -> None:
    store = SqliteStore(path=path, window=0, observer=observer)
    await store.open()
    await store.create("s", lifetime=None)
    observer.batches.clear()
    await asyncio.gather(*(store.step("s", tool="t", result="1") for _ in range(10)))
    await store.close()
    assert observer.batches == [1] * 10


async def test_a_batch_that_expects_company_in_vain_is_committed_when_the_window_closes(
    store: SqliteStore, observer: Counting
) -> None:
    await asyncio.gather(*(store.step("s", tool="t", result="1") for _ in range(20)))
    observer.batches.clear()
    await store.step("s", tool="t", result="1")
    assert observer.batches == [1]


async def test_a_failing_write_takes_back_its_own_changes_and_spares_its_mates(
    store: SqliteStore, observer: Counting, path: Path
) -> None:
    observer.batches.clear()
    outcomes = await asyncio.gather(
        store.step("s", tool="one", result="1"),
        store.swap("s", expected_version=7, value="1"),
        store.step("nobody", tool="t", result="1"),
        store.create("s", lifetime=None),
        store.append("s", kind="half \ud800", payload="{}", agent_id="a"),  # fails after it took a number
        store.append("s", kind="whole", payload="{}", agent_id="a"),
        store.step("s", tool="two", result="2"),
        return_exceptions=True,
    )
    assert observer.batches == [7]
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == [
        "Session",
        VersionConflictError.__name__,
        UnknownSessionError.__name__,
        SessionExistsError.__name__,
        UnicodeEncodeError.__name__,
        "Event",
        "Session",
    ]
    session = await store.get("s")
    assert (session.step_count, session.last_tool, session.last_event) == (2, "two", 1)
    assert [event.kind for event in await store.events("s", after=0, limit=10)] == ["whole"]


async def test_an_answered_write_is_in_the_file(store: SqliteStore, path: Path) -> None:
    await asyncio.gather(*(store.step("s", tool="t", result="1") for _ in range(30)))
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT step_count FROM sessions").fetchone() == (30,)
    other.close()


async def test_closing_finishes_accepted_writes_first(path: Path) -> None:
    store = SqliteStore(path=path)
    await store.open()
    await store.create("s", lifetime=None)
    writes = [asyncio.create_task(store.step("s", tool="t", result="1")) for _ in range(30)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*writes)) == 30


async def test_a_cancelled_caller_disturbs_nobody(store: SqliteStore) -> None:
    writes = [asyncio.create_task(store.step("s", tool="t", result="1")) for _ in range(10)]
    await asyncio.sleep(0)
    writes[3].cancel()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results].count(True) == 1
    assert (await store.get("s")).step_count >= 9


async def test_more_waiting_calls_than_fit_are_told_that_the_store_is_busy(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_WAITING", 3)
    outcomes = await asyncio.gather(*(store.step("s", tool="t", result="1") for _ in range(10)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, StoreBusyError)]
    assert len(refused) == 7
    assert (await store.get("s")).step_count == 3


# Readers and other processes


async def test_readers_do_not_wait_for_a_writer(store: SqliteStore, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE sessions SET step_count = 99")
    async with asyncio.timeout(schema.BUSY_TIMEOUT / 2):
        assert (await store.get("s")).step_count == 0
    other.execute("COMMIT")
    other.close()
    assert (await store.get("s")).step_count == 99


async def test_a_database_held_by_another_for_too_long_is_busy_and_nothing_is_written(
    store: SqliteStore, path: Path
) -> None:
    hasty = SqliteStore(path=path, max_wait=0.05)
    await hasty.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(*(hasty.step("s", tool="t", result="1") for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, StoreBusyError) for outcome in outcomes)
    other.execute("ROLLBACK")
    other.close()
    assert (await hasty.step("s", tool="t", result="1")).step_count == 1
    await hasty.close()


async def test_a_read_that_gets_no_connection_in_time_is_told_that_the_store_is_busy(path: Path) -> None:
    schema.prepare(path, synchronous="NORMAL")
    observer = Counting()
    readers = Readers(
        lambda: schema.connect(path, synchronous="NORMAL"), size=1, max_wait=0.05, observer=observer, breaker=lax()
    )
    begun, ending = threading.Event(), threading.Event()

    def long(_connection: sqlite3.Connection) -> bool:
        begun.set()
        return ending.wait(30)

    held = asyncio.create_task(readers.run(long))
    with pytest.raises(StoreBusyError, match=r"no connection came to this call within 0\.05 s"):
        await held
    assert begun.is_set()
    with pytest.raises(StoreBusyError):
        await readers.run(lambda connection: connection.execute("SELECT 1").fetchall())
    ending.set()
    await readers.close()
    assert max(observer.in_use) == 1
    assert observer.in_use[-1] == 0


async def test_stores_opened_at_the_same_moment_on_a_new_file_all_work(path: Path) -> None:
    stores = [SqliteStore(path=path) for _ in range(8)]
    await asyncio.gather(*(store.open() for store in stores))
    await stores[0].create("s", lifetime=None)
    await asyncio.gather(*(store.step("s", tool="t", result="1") for store in stores))
    assert (await stores[-1].get("s")).step_count == 8
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_change_missed_for_too_long_drops_the_whole_cache(store: SqliteStore, path: Path) -> None:
    other = SqliteStore(path=path, change_poll=0.01)
    await other.open()
    changes = other.changes()
    assert await anext(changes) is None
    await store.update_config("s", {"a": "1"})
    await store.update_config("s", {"a": "2"})
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM changes WHERE revision = (SELECT min(revision) FROM changes)")
    raw.close()
    assert [await anext(changes), await anext(changes)] == [None, "s"]
    await changes.aclose()
    await other.close()


# Files


def _text(path: Path) -> None:
    path.write_text("no database, but long enough to be taken for one" * 100)


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()


def _newer(path: Path) -> None:
    schema.prepare(path, synchronous="NORMAL")
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_text, "file is not a database"),
        (_foreign, "is the database of another application"),
        (_newer, "has schema version 99; this server knows version 2"),
        (Path.mkdir, "cannot open"),
    ],
)
async def test_a_file_that_is_not_its_own_is_left_alone(path: Path, make: Callable[[Path], None], says: str) -> None:
    make(path)
    before = _content(path)
    store = SqliteStore(path=path)
    with pytest.raises(StoreUnavailableError, match=says):
        await store.open()
    await store.close()
    assert _content(path) == before


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    """A store on this file, closed in the end."""
    store = SqliteStore(path=path)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_a_file_of_version_1_is_taken_over_with_all_that_is_in_it(path: Path) -> None:
    async with opened(path) as store:
        await store.create("s", lifetime=None)
        await store.swap("s", expected_version=0, value='"kept"')
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("DROP TABLE queued; PRAGMA user_version = 1")
    async with opened(path) as store:
        assert (await store.get("s")).value == '"kept"'
        assert await store.enqueue("s", item="1") == 1
    async with opened(path) as store:
        assert (await store.dequeue("s")).item == "1"


async def test_a_folder_that_does_not_exist_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot open"):
        await SqliteStore(path=tmp_path / "none" / "state.db").open()


async def test_a_full_disk_fails_the_batch_and_the_store_goes_on(path: Path) -> None:
    schema.prepare(path, synchronous="NORMAL")
    connection = schema.connect(path, synchronous="NORMAL")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # what a disk with two pages left would do
    breaker = lax()
    writer = Writer(connection, window=0.01, observer=SilentObserver(), breaker=breaker)

    def insert(size: int) -> object:
        return writer.run(
            lambda it: it.execute("INSERT INTO changes (handle, instance) VALUES (?, '')", ("x" * size,)).rowcount
        )

    outcomes = await asyncio.gather(insert(10), insert(1_000_000), return_exceptions=True)  # type: ignore[call-overload]
    assert isinstance(outcomes[1], StoreError)
    for _ in range(20):
        with pytest.raises(StoreUnavailableError, match="SQLITE_FULL"):
            await insert(1_000_000)  # type: ignore[misc]
    assert not breaker.is_open  # nobody waits for an error that comes at once
    assert await insert(10) == 1  # type: ignore[misc]
    await writer.close()


async def test_full_synchronisation_is_what_the_connection_uses(path: Path) -> None:
    schema.prepare(path, synchronous="FULL")
    for mode, number in (("NORMAL", 1), ("FULL", 2)):
        connection = schema.connect(path, synchronous=mode)  # type: ignore[arg-type]
        assert connection.execute("PRAGMA synchronous").fetchone() == (number,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        connection.close()
