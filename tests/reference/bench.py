"""Side by side, in one run: group commit on and off, SQLite and Redis, replay with snapshots and without, and what
reading costs over a tool that returns a constant.

    python -m tests.reference.bench

Rounds are interleaved and ratios are medians of pairs, because machines have moods. CPU is that of the process that
holds the store: it says more than the clock where others use the machine too. About two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from mcp_state.breaker import Breaker, BreakerPolicy
from mcp_state.event_log import EventLog
from mcp_state.metrics import StateMetrics
from mcp_state.protocol import SilentObserver, Store
from mcp_state.recorder import StateRecorder
from mcp_state.redis import RedisStore
from mcp_state.sqlite import SqliteStore
from mcp_state.sqlite.schema import Synchronous
from mcp_state.sqlite.writer import Writer
from prober.reference.projection import STEP_COMPLETED, WorkflowProjection, WorkflowState

from .bench_calls import bench_calls
from .measuring import ROUNDS, Measured, drive, ratio, write_head, write_row
from .redis.conftest import DURABLE
from .redis.server import running

CROWD: Final = 50
_PATIENCE: Final = 30.0
_LAX: Final = BreakerPolicy(slow_after=_PATIENCE)
"""A machine that is busy shall make the figures worse, and not end the run."""
LOG: Final = 10_000
"""Events of the log that is replayed."""


# Calls of a store


async def _sessions(store: Store) -> list[str]:
    return [(await store.create(f"{time.time_ns()}-{number}", lifetime=None)).handle for number in range(CROWD)]


async def _writes(store: Store, callers: int) -> Measured:
    sessions = await _sessions(store)
    return await drive(lambda number: store.step(sessions[number], tool="bench", result="null"), callers)


async def _reads(store: Store, callers: int) -> Measured:
    sessions = await _sessions(store)
    return await drive(lambda number: store.get(sessions[number]), callers)


async def bench_writes(folder: Path) -> None:
    """Group commit against a commit per call, for a crowd and for one caller."""
    modes: tuple[Synchronous, ...] = ("FULL", "NORMAL")
    cases = [(mode, callers, window) for mode in modes for callers in (CROWD, 1) for window in (0.010, 0.0)]
    results: dict[tuple[Synchronous, int, float], list[Measured]] = {case: [] for case in cases}
    machine: list[Measured] = []
    for _ in range(ROUNDS):
        machine.append(await _no_disk())
        for mode, callers, window in cases:
            store = SqliteStore(path=folder / f"{mode}-{window}.db", window=window, synchronous=mode, breaker=_LAX)
            await store.open()
            results[mode, callers, window].append(await _writes(store, callers))
            await store.close()
    write_head("writing to one SQLite file")
    for mode, callers, window in cases:
        name = f"{mode}, {callers:2} callers, {'shared commits' if window else 'a commit each'}"
        measured = results[mode, callers, window]
        times = f"{ratio(measured, results[mode, callers, 0.0]):.1f} x as many" if window else ""
        write_row(name, measured, times)
    write_row(f"no disk, {CROWD} callers, shared commits", machine, "so wide does the machine spread by itself")


async def _no_disk() -> Measured:
    """The same thread, queue and batches with nothing to write: what is slow here, no database is to blame for."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    breaker = Breaker(_LAX, changed=lambda _: None)
    writer = Writer(connection, window=0.010, observer=SilentObserver(), breaker=breaker)
    try:
        return await drive(lambda _: writer.run(lambda _connection: None), CROWD)
    finally:
        await writer.close()


async def bench_stores(folder: Path) -> None:
    """SQLite against Redis: as durable as each can be, and as most use them."""
    with running(folder / "always", *DURABLE) as always, running(folder / "fast") as fast:
        stores: dict[str, Store] = {
            "SQLite, FULL": SqliteStore(path=folder / "full.db", synchronous="FULL", breaker=_LAX),
            "Redis, appendfsync always": RedisStore(url=always.url, pool_size=CROWD, patience=_PATIENCE, breaker=_LAX),
            "SQLite, NORMAL": SqliteStore(path=folder / "normal.db", breaker=_LAX),
            "Redis, nothing on disk": RedisStore(url=fast.url, pool_size=CROWD, patience=_PATIENCE, breaker=_LAX),
        }
        for store in stores.values():
            await store.open()
        for title, measure in (("writing", _writes), ("reading", _reads)):
            results: dict[str, list[Measured]] = {name: [] for name in stores}
            for _ in range(ROUNDS):
                for name, store in stores.items():
                    results[name].append(await measure(store, CROWD))
            write_head(f"{title}, {CROWD} callers")
            for number, (name, measured) in enumerate(results.items()):
                other = results[[*results][number - 1]]
                write_row(name, measured, f"{ratio(measured, other):.2f} x the line above" if number % 2 else "")
        for store in stores.values():
            await store.close()


# Replay


async def bench_replay(folder: Path) -> None:
    """Reading a state of a long log, with snapshots and without."""
    store = SqliteStore(path=folder / "log.db")
    await store.open()
    recorder = StateRecorder(StateMetrics(CollectorRegistry(), store="sqlite"))
    logs: dict[str, EventLog[WorkflowState]] = {
        "snapshots": EventLog(store, WorkflowProjection(), recorder=recorder),
        "none": EventLog(store, WorkflowProjection(), recorder=recorder, snapshot_every=10 * LOG),
    }
    for name, log in logs.items():
        await store.create(name, lifetime=None)
        for start in range(0, LOG, 500):
            events = (_completed(log, name, number) for number in range(start, start + 500))
            await asyncio.gather(*events)
    print(f"reading a state of {LOG:,} events           wall ms    CPU ms")
    for what, upto in (("the newest", None), (f"at event {LOG // 2 + 50:,}", LOG // 2 + 50)):
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in logs}
        for _ in range(ROUNDS * 2):
            for name, log in logs.items():
                began, cpu = time.perf_counter(), time.process_time()
                replayed = await log.replayed(name, tool="bench", upto=upto)
                assert replayed.version == (upto or LOG)
                times[name].append(((time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000))
        for name in logs:
            wall, cpu = (statistics.median(each[part] for each in times[name]) for part in (0, 1))
            print(f"  {what:16} {'with snapshots' if name == 'snapshots' else 'without':20} {wall:9.2f} {cpu:9.2f}")
    await store.close()


async def _completed(log: EventLog[WorkflowState], name: str, number: int) -> None:
    payload = {"step": f"step {number}"}
    await log.append(name, tool="bench", kind=STEP_COMPLETED, payload=payload, agent_id="a")


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for bench in (bench_writes, bench_stores, bench_replay, bench_calls):
            await bench(Path(folder))
            print()


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    asyncio.run(_bench())
