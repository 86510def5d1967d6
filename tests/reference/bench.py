"""Side by side, in one run: what group commit brings, and what the server costs over a bare one.

    python -m tests.reference.bench

Rounds are interleaved and medians taken, because machines have moods. About a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel

from mcp_state.sqlite import SqliteStore
from mcp_state.sqlite.schema import Synchronous
from prober.reference.serve import listen

from .calling import crowd
from .processes import ServerProcess, serving

CALLERS: Final = 50
CONNECTIONS: Final = 16
ROUNDS: Final = 5
SECONDS: Final = 1.0
"""Of one measurement."""

EVENTS: Final = 50
"""In the workflow that is read: half of what a snapshot leaves at most."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One measurement: calls per second, latencies in milliseconds, CPU milliseconds of the server per call."""

    per_second: float
    p50: float
    p99: float
    cpu: float = 0.0


async def _drive(call: Callable[[int], Awaitable[object]], callers: int) -> Measured:
    """Call from `callers` tasks, each as soon as it was answered."""
    latencies: list[float] = []
    began = time.perf_counter()

    async def caller(number: int) -> None:
        while (start := time.perf_counter()) - began < SECONDS:
            await call(number)
            latencies.append((time.perf_counter() - start) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(caller(number))
    cuts = statistics.quantiles(latencies, n=100)
    return Measured(per_second=len(latencies) / (time.perf_counter() - began), p50=cuts[49], p99=cuts[98])


def _median(measured: Sequence[Measured]) -> Measured:
    def of(field: str) -> float:
        return float(statistics.median(getattr(each, field) for each in measured))

    return Measured(per_second=of("per_second"), p50=of("p50"), p99=of("p99"), cpu=of("cpu"))


# Writes to one file


async def _writes(folder: Path, *, window: float, synchronous: Synchronous) -> Measured:
    store = SqliteStore(path=folder / f"{synchronous}-{window}.db", window=window, synchronous=synchronous)
    await store.open()
    try:
        sessions = [
            (await store.create(f"{time.time_ns()}-{number}", lifetime=None)).handle for number in range(CALLERS)
        ]
        return await _drive(lambda number: store.step(sessions[number], tool="bench", result="null"), CALLERS)
    finally:
        await store.close()


async def bench_writes(folder: Path) -> None:
    """Group commit against a commit per call."""
    modes: tuple[Synchronous, ...] = ("FULL", "NORMAL")
    results: dict[tuple[Synchronous, float], list[Measured]] = {
        (mode, window): [] for mode in modes for window in (0.010, 0.0)
    }
    for _ in range(ROUNDS):
        for (mode, window), measured in results.items():
            measured.append(await _writes(folder, window=window, synchronous=mode))
    print(f"{CALLERS} callers writing to one SQLite file       writes/s     p50 ms     p99 ms")
    for mode in modes:
        grouped, alone = (_median(results[mode, window]) for window in (0.010, 0.0))
        for name, each in (("group commit, 10 ms", grouped), ("commit per call", alone)):
            print(f"  synchronous {mode:6}  {name:20} {each.per_second:12,.0f} {each.p50:10.2f} {each.p99:10.2f}")
        print(f"  synchronous {mode:6}  ratio {grouped.per_second / alone.per_second:26.1f} x")


# Tool calls over HTTP


async def _calls(server: ServerProcess, tool: str, arguments: dict[str, Any]) -> Measured:
    before = _cpu_seconds(server)
    async with crowd([server], CONNECTIONS) as clients:
        measured = await _drive(lambda number: clients[number].call(tool, **arguments), CONNECTIONS)
    cpu = (_cpu_seconds(server) - before) * 1000 / (measured.per_second * SECONDS)
    return Measured(per_second=measured.per_second, p50=measured.p50, p99=measured.p99, cpu=cpu)


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
    print(
        f"{CONNECTIONS} connections calling a tool          calls/s     p50 ms     p99 ms  CPU ms/call   share of bare"
    )
    base = results["bare: constant"]
    for name, measured in results.items():
        each = _median(measured)
        share = statistics.median(mine.per_second / its.per_second for mine, its in zip(measured, base, strict=True))
        print(f"  {name:34} {each.per_second:9,.0f} {each.p50:10.2f} {each.p99:10.2f} {each.cpu:12.2f} {share:13.2f} x")


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
        await bench_writes(Path(folder))
        print()
        await bench_calls(Path(folder))


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
