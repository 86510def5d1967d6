"""Races many times over: how often each fault is found, and that nothing is found where nothing is wrong.

python -m tests.races.bench [--faults 100] [--right 140] [--processes 0] [--memory 20]

Runs with a fault are seeded 0, 1, 2 …; of right runs there are so many for each shipped probe over HTTP, and so many of
three processes on one SQLite file. Exits with 1 where fewer than 99 of 100 faults are found or one right run fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from prober.config import load
from prober.config.model import Config, Probe, RaceSettings
from prober.engine import run_pass
from prober.outcome import Outcome
from tests.races.reference import FOUND, ROOT, Reference, reference
from tests.races.test_driver import processes_of_the_reference
from tests.real.install import ENVIRONMENT, MODULES

GOAL: Final = 0.99


def seeded(probe: Probe, seed: int, *, operations: int) -> Probe:
    """The probe with this seed, and so many operations."""
    assert isinstance(probe.settings, RaceSettings)
    return replace(probe, settings=replace(probe.settings, seed=seed, operations=operations))


async def runs(config: Config, name: str, count: int, *, operations: int) -> Counter[str]:
    """How the runs ended, counted."""
    ended: Counter[str] = Counter()
    for seed in range(count):
        [outcome] = await run_pass(config, [seeded(config.probes[name], seed, operations=operations)])
        ended[_word(outcome)] += 1
    return ended


def _word(outcome: Outcome) -> str:
    return outcome.reason.value if outcome.reason is not None else "pass"


def faults(server: Reference, folder: Path, count: int) -> bool:
    """Each fault, so often, with the first shipped probe that must find it."""
    met = True
    config = server.probes(folder)
    for fault, probes in FOUND.items():
        server.switch(fault)
        for name, reasons in probes.items():
            ended = asyncio.run(runs(config, name, count, operations=60))
            found = sum(ended[reason] for reason in reasons)
            met = met and found >= count * GOAL
            print(f"{fault:18} {name:24} found in {found} of {count} runs: {_told(ended)}", flush=True)
    server.switch()
    return met


def right(server: Reference, folder: Path, count: int) -> bool:
    """Each shipped probe, so often, without a fault."""
    config = server.probes(folder)
    met = True
    for name in config.probes:
        ended = asyncio.run(runs(config, name, count, operations=60))
        met = met and ended["pass"] == count
        print(f"{'no fault':18} {name:24} passed {ended['pass']} of {count} runs: {_told(ended)}", flush=True)
    return met


def processes(folder: Path, count: int) -> bool:
    """Three processes on one database."""
    config = processes_of_the_reference(folder, clients=3, processes=3)
    ended = asyncio.run(runs(config, "race", count, operations=60))
    print(f"{'three processes':18} {'sqlite':24} passed {ended['pass']} of {count} runs: {_told(ended)}", flush=True)
    return ended["pass"] == count


def memory(folder: Path, count: int) -> bool:
    """server-memory with two processes."""
    file = ROOT / "probes" / "known-to-fail" / "memory-race.yaml"
    copy = folder / "memory.yaml"
    copy.write_text(file.read_text().replace("/tmp/mcp-prober-memory-race.jsonl", str(folder / "memory.jsonl")))
    with _servers_on_the_path():
        config = load([copy], environ=os.environ)
        ended = asyncio.run(runs(config, "memory-keeps-every-entity", count, operations=300))
    found = ended["lost_update"]
    print(f"{'server-memory':18} {'two processes':24} found in {found} of {count} runs: {_told(ended)}", flush=True)
    return found >= count * GOAL


@contextmanager
def _servers_on_the_path() -> Iterator[None]:
    before = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([str(ENVIRONMENT), str(MODULES / ".bin"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _told(ended: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in ended.most_common())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races.bench", description=__doc__)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--right", type=int, default=140)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--memory", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, reference(Path(name)) as server:
        folder = Path(name)
        met = [
            faults(server, folder, options.faults) if options.faults else True,
            right(server, folder, options.right) if options.right else True,
            processes(folder, options.processes) if options.processes else True,
            memory(folder, options.memory) if options.memory else True,
        ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
