"""The judges against the search, on many random traces: no false alarm, and the share of bad ones that is caught.

python -m tests.consistency.exhaustive --traces 100000 [--model counter]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from prober.consistency import MODELS
from prober.consistency.trace import Trace, TraceError
from tests.consistency import search, world

GOAL = 0.99
"""The share of bad traces that is to be caught: every model is exact but for what its docstring leaves out."""


@dataclass(kw_only=True)
class Tally:
    """What came of the traces of one model."""

    model: str
    traces: int = 0
    bad: int = 0
    caught: int = 0
    false_alarms: list[int] = field(default_factory=list)
    """Seeds of right traces that the judge calls wrong; likewise `missed`."""
    missed: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of bad traces that the judge caught."""
        return self.caught / self.bad if self.bad else 1.0

    @property
    def met(self) -> bool:
        """Whether the goals are."""
        return not self.false_alarms and self.share >= GOAL

    def __str__(self) -> str:
        return (
            f"{self.model:9} {self.traces:7,} traces, {self.bad:6,} of them bad, {self.share:8.3%} caught,"
            f" {len(self.false_alarms)} false alarms"
        )


def traces(model: str, count: int, *, tick: float | None = None) -> Iterator[tuple[int, Trace]]:
    """Random traces of a model with their seeds; what a client could not have recorded is left out."""
    for seed in range(count):
        try:
            yield seed, simulated(model, seed, tick=tick)
        except TraceError:
            continue


def simulated(model: str, seed: int, *, tick: float | None = None) -> Trace:
    """One of them, by a clock that only shows multiples of `tick`."""
    trace = world.trace(seed, model)
    if tick is None:
        return trace
    operations = (
        replace(each, invoked=each.invoked // tick * tick, returned=each.returned // tick * tick)
        for each in trace.operations
    )
    return replace(trace, operations=tuple(operations))


def tally(model: str, count: int, *, tick: float | None = None) -> Tally:
    """Judge and search them all."""
    result = Tally(model=model)
    for seed, trace in traces(model, count, tick=tick):
        result.traces += 1
        right = search.is_right(trace)
        valid = MODELS[model](trace).valid
        if right and not valid:
            result.false_alarms.append(seed)
        if not right:
            result.bad += 1
            result.caught += not valid
            if valid:
                result.missed.append(seed)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.consistency.exhaustive", description=__doc__)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--model", choices=MODELS, action="append")
    options = parser.parse_args()
    met = True
    for model in options.model or MODELS:
        began = time.monotonic()
        result = tally(model, options.traces)
        print(f"{result} ({time.monotonic() - began:.0f} s)", flush=True)
        for name, seeds in (("false alarms", result.false_alarms), ("missed", result.missed)):
            if seeds:
                print(f"  {name}, by seed: {', '.join(map(str, seeds[:10]))}")
        met = met and result.met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
