"""Races many times over: how often each fault is found, and that nothing is found where nothing is wrong.

python -m tests.races.bench [--faults 100] [--right 70] [--redis 70] [--processes 20] [--memory 20] [--operations 60]

Runs are seeded 0, 1, 2 …. Those of a fault are divided among the shipped probes that must find it. Right runs: so many
for each shipped probe, of one server on SQLite and of three behind one address on Redis; and so many of three processes
on one SQLite file and on one Redis. Exits with 1 where fewer than 99 of 100 faults are found or one right run fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prober.config.model import Config
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome
from tests.races.instances import balancing, instances_on_redis
from tests.races.reference import FOUND, ROOT, Reference, reference, short
from tests.races.test_driver import processes_of_the_reference
from tests.real.install import ENVIRONMENT, MODULES
from tests.reference.redis import server as redis

GOAL: Final = 0.99


async def runs(config: Config, name: str, count: int, *, operations: int) -> Counter[str]:
    """How the runs ended, counted."""
    ended: Counter[str] = Counter()
    for seed in range(count):
        [outcome] = await run_pass(config, [short(config.probes[name], operations=operations, seed=seed)])
        ended[_word(outcome)] += 1
    return ended


def _word(outcome: Outcome) -> str:
    return outcome.reason.value if outcome.reason is not None else "pass"


def faults(server: Reference, folder: Path, count: int, *, operations: int) -> bool:
    """Each fault, so often."""
    met = True
    config = server.probes(folder)
    for fault, probes in FOUND.items():
        server.switch(fault)
        for place, (name, reasons) in enumerate(probes.items()):
            share = count // len(probes) + (place < count % len(probes))
            ended = asyncio.run(runs(config, name, share, operations=operations))
            found = sum(ended[reason] for reason in reasons)
            met = met and found >= share * GOAL
            _tell(fault, name, "found in", found, ended)
    server.switch()
    return met


def right(server: Reference, folder: Path, count: int, *, operations: int) -> bool:
    """Each shipped probe, so often, without a fault."""
    return asyncio.run(_passing("SQLite", server.probes(folder), count, operations=operations))


def on_redis(folder: Path, count: int, *, operations: int) -> bool:
    """The same of three servers on one Redis, behind one address."""

    async def behind(ports: Sequence[int]) -> bool:
        async with balancing(ports) as balanced:
            return await _passing("three on Redis", balanced.probes(folder), count, operations=operations)

    with instances_on_redis(folder) as ports:
        return asyncio.run(behind(ports))


async def _passing(where: str, config: Config, count: int, *, operations: int) -> bool:
    met = True
    for name in config.probes:
        ended = await runs(config, name, count, operations=operations)
        met = met and ended["pass"] == count
        _tell(where, name, "passed", ended["pass"], ended)
    return met


def processes(folder: Path, count: int, *, operations: int) -> bool:
    """Three processes on one database, and on one Redis."""
    met = True
    with redis.running(folder / "processes-redis") as store:
        for where, options in (("sqlite", []), ("redis", ["--store", "redis", "--redis-url", store.url])):
            config = processes_of_the_reference(folder, clients=3, processes=3, options=options)
            ended = asyncio.run(runs(config, "race", count, operations=operations))
            met = met and ended["pass"] == count
            _tell("three processes", where, "passed", ended["pass"], ended)
    return met


def memory(folder: Path, count: int) -> bool:
    """server-memory with two processes."""
    file = ROOT / "probes" / "known-to-fail" / "memory-race.yaml"
    copy = folder / "memory.yaml"
    copy.write_text(file.read_text().replace("/tmp/mcp-prober-memory-race.jsonl", str(folder / "memory.jsonl")))
    with _servers_on_the_path():
        config = load([copy], environ=os.environ)
        ended = asyncio.run(runs(config, "memory-keeps-every-entity", count, operations=300))
    found = ended["lost_update"]
    _tell("server-memory", "two processes", "found in", found, ended)
    return found >= count * GOAL


@contextmanager
def _servers_on_the_path() -> Iterator[None]:
    before = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([str(ENVIRONMENT), str(MODULES / ".bin"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _tell(what: str, which: str, verb: str, met: int, ended: Counter[str]) -> None:
    told = ", ".join(f"{count} {word}" for word, count in ended.most_common())
    print(f"{what:18} {which:26} {verb} {met} of {ended.total()} runs: {told}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races.bench", description=__doc__)
    for name, default in (("faults", 100), ("right", 70), ("redis", 70), ("processes", 20), ("memory", 20)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="RUNS")
    parser.add_argument("--operations", type=int, default=60)
    options = parser.parse_args()
    operations: int = options.operations
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with it
    with tempfile.TemporaryDirectory() as name, reference(Path(name)) as server:
        folder = Path(name)
        met = [
            not options.faults or faults(server, folder, options.faults, operations=operations),
            not options.right or right(server, folder, options.right, operations=operations),
            not options.redis or on_redis(folder, options.redis, operations=operations),
            not options.processes or processes(folder, options.processes, operations=operations),
            not options.memory or memory(folder, options.memory),
        ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
