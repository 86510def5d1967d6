"""Interleaved rounds: every contestant in turn, so that a slow moment of the machine hits them all."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A goal: `ours` costs at most `at_most` times what `theirs` costs."""

    what: str
    ours: str
    theirs: str
    at_most: float

    def line(self, medians: Mapping[str, float], unit: str) -> tuple[str, bool]:
        ratio = medians[self.ours] / medians[self.theirs]
        met = ratio <= self.at_most
        figures = f"{medians[self.ours]:8.2f} {unit} against {medians[self.theirs]:8.2f} {unit}"
        goal = f"ratio {ratio:6.3f}, goal <= {self.at_most:g}"
        return f"{self.what:58} {figures}   {goal}   {'met' if met else 'MISSED'}", met


async def cpu_rounds(
    contestants: Mapping[str, Callable[[], Awaitable[None]]], *, rounds: int, calls: int
) -> dict[str, float]:
    """Median CPU milliseconds of this process for one call of each contestant."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(rounds + 1):
        for name, call in contestants.items():
            before = time.process_time()
            for _ in range(calls):
                await call()
            if round_number:  # the first is a warm-up
                samples[name].append((time.process_time() - before) / calls * 1000)
    return _medians(samples)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Medians of whole processes, in milliseconds by name: the CPU time of all their threads, and the wall time."""

    cpu: Mapping[str, float]
    wall: Mapping[str, float]


async def whole_rounds(
    contestants: Mapping[str, Callable[[], Awaitable[None]]], *, rounds: int, calls: Mapping[str, int]
) -> Cost:
    """What one call of each contestant costs; the CPU time is of this process and its children, dead or alive."""
    cpu: dict[str, list[float]] = {name: [] for name in contestants}
    wall: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(rounds + 1):
        for name, call in contestants.items():
            used, before = _cpu_of_all(), time.perf_counter()
            for _ in range(calls[name]):
                await call()
            if round_number:
                cpu[name].append((_cpu_of_all() - used) / calls[name] * 1000)
                wall[name].append((time.perf_counter() - before) / calls[name] * 1000)
    return Cost(cpu=_medians(cpu), wall=_medians(wall))


def process_rounds(commands: Mapping[str, Sequence[str]], *, rounds: int) -> Cost:
    """What each command costs, a whole process each time. Raises if one fails."""
    # Python may keep what it has compiled, as it does of what is installed: that is done in the round of warm-up.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    cpu: dict[str, list[float]] = {name: [] for name in commands}
    wall: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            used, before = _cpu_of_children(), time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, timeout=60, env=env)
            if round_number:
                cpu[name].append((_cpu_of_children() - used) * 1000)
                wall[name].append((time.perf_counter() - before) * 1000)
    return Cost(cpu=_medians(cpu), wall=_medians(wall))


def _cpu_of_children() -> float:
    """Seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _cpu_of_all() -> float:
    """Seconds of this process, of its children that have ended, and of all threads of its children that run."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    threads = [thread for child in children for thread in Path(f"/proc/{child}/task").iterdir()]
    running = sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    return time.process_time() + _cpu_of_children() + running


def _medians(samples: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in samples.items()}
