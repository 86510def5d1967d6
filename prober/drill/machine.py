"""How busy this machine is, and how far a drill may divide its time constants there.

A second of waiting stands for a minute at a speed of 60. A run of a probe and a scrape take what they take: where the
processes of a drill wait for their turn, they come later than the divided time constants allow, and the prober's own
alerts say so. The cure is to divide by less.
"""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Final

from prober.drill.timescale import USUAL_SPEED

_MEASURED: Final = 1.5
"""Seconds that a look at the machine takes: some turns of a scheduler that shares a core by ten."""
_BEARABLE: Final = 4.0
"""How many times longer than alone a process may take for the usual speed. Measured: at 5 all was as expected, at 10
scrapes came too late."""
SLOWEST: Final = 10.0


def slowdown() -> float:
    """How many times longer than alone a process that never rests takes now; 1 on a machine with nothing else to do."""
    began, used = perf_counter(), process_time()
    while perf_counter() - began < _MEASURED:
        sum(range(1000))
    return max((perf_counter() - began) / max(process_time() - used, 0.001), 1.0)


def fitting_speed(slower: float) -> float:
    """The speed for a machine on which a process takes `slower` times longer than alone."""
    return max(min(USUAL_SPEED, round(USUAL_SPEED * _BEARABLE / slower)), SLOWEST)
