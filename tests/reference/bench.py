"""Side by side, in one run: group commit on and off, SQLite and Redis, replay with snapshots and without, and what
reading costs over a tool that returns a constant.

    python -m tests.reference.bench

Rounds are interleaved and ratios are medians of pairs, because machines have moods. CPU is that of the process that
holds the store: it says more than the clock where others use the machine too. About two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from mcp.server.mcpserver import MCPServer
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

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
from prober.reference.serve import listen

from .calling import crowd
from .processes import ServerProcess, serving
from .redis.conftest import DURABLE
from .redis.server import running

CROWD: Final = 50
CONNECTIONS: Final = 16
ROUNDS: Final = 5
SECONDS: Final = 1.0
"""Of one measurement."""
_PATIENCE: Final = 30.0
_LAX: Final = BreakerPolicy(slow_after=_PATIENCE)
"""A machine that is busy shall make the figures worse, and not end the run."""
LOG: Final = 10_000
"""Events of the log that is replayed."""

EVENTS: Final = 50
"""In the workflow that is read: half of what a snapshot leaves at most."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One measurement: calls per second, latencies in milliseconds, CPU milliseconds per call."""

    per_second: float
    p50: float
    p99: float
    cpu: float

    @property
    def spread(self) -> float:
        """The latency of the slowest in a hundred over that of the middle one."""
        return self.p99 / self.p50


async def _drive(
    call: Callable[[int], Awaitable[object]], callers: int, cpu_seconds: Callable[[], float] = time.process_time
) -> Measured:
    """Call from `callers` tasks, each as soon as it was answered."""
    latencies: list[float] = []
    began, cpu = time.perf_counter(), cpu_seconds()

    async def caller(number: int) -> None:
        while (start := time.perf_counter()) - began < SECONDS:
            await call(number)
            latencies.append((time.perf_counter() - start) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(caller(number))
    cuts = statistics.quantiles(latencies, n=100)
    return Measured(
        per_second=len(latencies) / (time.perf_counter() - began),
        p50=cuts[49],
        p99=cuts[98],
        cpu=(cpu_seconds() - cpu) * 1000 / len(latencies),
    )


def _median(measured: Sequence[Measured], field: str) -> float:
    return float(statistics.median(getattr(each, field) for each in measured))


def _ratio(ours: Sequence[Measured], theirs: Sequence[Measured], field: str = "per_second") -> float:
    """The median of the pairs, each of which was measured in one round."""
    pairs = zip(ours, theirs, strict=True)
    return float(statistics.median(getattr(mine, field) / getattr(its, field) for mine, its in pairs))


def _row(name: str, measured: Sequence[Measured], *more: str) -> None:
    per_second, p50, p99, cpu, spread = (
        _median(measured, field) for field in ("per_second", "p50", "p99", "cpu", "spread")
    )
    print(f"  {name:38} {per_second:9,.0f} {p50:9.2f} {p99:9.2f} {spread:9.1f} {cpu:9.3f}  {' '.join(more)}")


def _head(title: str) -> None:
    print(f"{title:40} {'calls/s':>9} {'p50 ms':>9} {'p99 ms':>9} {'p99/p50':>9} {'CPU ms':>9}")


# Calls of a store


async def _sessions(store: Store) -> list[str]:
    return [(await store.create(f"{time.time_ns()}-{number}", lifetime=None)).handle for number in range(CROWD)]


async def _writes(store: Store, callers: int) -> Measured:
    sessions = await _sessions(store)
    return await _drive(lambda number: store.step(sessions[number], tool="bench", result="null"), callers)


async def _reads(store: Store, callers: int) -> Measured:
    sessions = await _sessions(store)
    return await _drive(lambda number: store.get(sessions[number]), callers)


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
    _head("writing to one SQLite file")
    for mode, callers, window in cases:
        name = f"{mode}, {callers:2} callers, {'shared commits' if window else 'a commit each'}"
        measured = results[mode, callers, window]
        times = f"{_ratio(measured, results[mode, callers, 0.0]):.1f} x as many" if window else ""
        _row(name, measured, times)
    _row(f"no disk, {CROWD} callers, shared commits", machine, "so wide does the machine spread by itself")


async def _no_disk() -> Measured:
    """The same thread, queue and batches with nothing to write: what is slow here, no database is to blame for."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    breaker = Breaker(_LAX, changed=lambda _: None)
    writer = Writer(connection, window=0.010, observer=SilentObserver(), breaker=breaker)
    try:
        return await _drive(lambda _: writer.run(lambda _connection: None), CROWD)
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
            _head(f"{title}, {CROWD} callers")
            for number, (name, measured) in enumerate(results.items()):
                other = results[[*results][number - 1]]
                _row(name, measured, f"{_ratio(measured, other):.2f} x the line above" if number % 2 else "")
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


# Tool calls over HTTP


async def _calls(server: ServerProcess, tool: str, arguments: dict[str, Any]) -> Measured:
    async with crowd([server], CONNECTIONS) as clients:
        return await _drive(
            lambda number: clients[number].call(tool, **arguments), CONNECTIONS, lambda: _cpu_seconds(server)
        )


def _cpu_seconds(server: ServerProcess) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def bench_calls(folder: Path) -> None:
    """The server's reads against a tool that returns a constant."""
    with (
        serving(folder, "--db", "calls.db", "--session", "probe") as server,
        serving(folder, name="bare", module="tests.reference.bench") as bare,
    ):
        async with crowd([server], 1) as (client,):
            for number in range(EVENTS):
                await client.call("complete_step", session_id="probe", step_id=f"step {number}", agent_id="a")
        cases = {
            "bare: constant": (bare, "constant", {}),
            "get_session": (server, "get_session", {"session_id": "probe"}),
            "get_session_config": (server, "get_session_config", {"session_id": "probe"}),
            f"get_workflow_state, {EVENTS} events": (server, "get_workflow_state", {"session_id": "probe"}),
        }
        results: dict[str, list[Measured]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, case in cases.items():
                results[name].append(await _calls(*case))
    _head(f"{CONNECTIONS} connections calling a tool")
    base = results["bare: constant"]
    for name, measured in results.items():
        share, cpu = _ratio(measured, base), _ratio(base, measured, "cpu")
        _row(name, measured, f"{share:.2f} x as many calls as of the constant, {cpu:.2f} by CPU")


class Constant(BaseModel):
    """What the bare server answers."""

    session_id: str = "probe"
    step_count: int = 0
    updated_at: str = "2026-01-31T12:00:00.000Z"


async def _serve_bare() -> None:
    """A server as small as can be with the same SDK: one tool, a constant."""
    mcp: MCPServer[Any] = MCPServer("bare", version="1", log_level="ERROR")

    @mcp.tool()
    async def constant() -> Constant:
        return Constant()

    with listen("127.0.0.1", 0) as listener:
        app = mcp.streamable_http_app(json_response=True, stateless_http=True)
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
        await uvicorn.Server(config).serve(sockets=[listener])


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for bench in (bench_writes, bench_stores, bench_replay, bench_calls):
            await bench(Path(folder))
            print()


def main() -> None:
    """Bench, or, asked to listen, be the bare server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", help=argparse.SUPPRESS)
    if parser.parse_args().listen:
        asyncio.run(_serve_bare())
    else:
        asyncio.run(_bench())


if __name__ == "__main__":
    main()
