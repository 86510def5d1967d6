"""Verdicts word for word, as committed in `verdicts.txt`: of the written traces, and of simulated ones.

python -m tests.consistency.verdicts writes it anew, with a simulated trace for each way in which one was found wrong
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

from prober.consistency import MODELS, judge_trace
from prober.consistency.trace import Trace
from prober.consistency.verdict import Violation
from prober.consistency.wording import line
from tests.consistency.exhaustive import simulated, traces
from tests.consistency.table_of_traces import TRACES
from tests.consistency.test_violations import CASES
from tests.consistency.writing import trace as written

FILE: Final = Path(__file__).with_name("verdicts.txt")
_SEARCHED: Final = 2_000
"""Simulated traces of each model that are looked through."""
_SHORT: Final = 10
"""Operations that a trace may have for a person to follow it."""


def verdict(name: str) -> str:
    """A trace by its name, `written NAME`, `more NAME` or `simulated MODEL SEED [TICK]`, and what is said of it."""
    where, *key = name.split()
    if where == "written":
        case = CASES[key[0]]
        trace = written(case.model, case.wrong, **dict(case.about))
    elif where == "more":
        [model, *ttl], lines = TRACES[key[0]][0].split(), TRACES[key[0]][1]
        trace = written(model, lines, ttl=float(ttl[0]) if ttl else None)
    else:
        trace = simulated(key[0], int(key[1]), tick=float(key[2]) if key[2:] else None)
    return "\n".join([name, *_told(trace)]) + "\n"


def _told(trace: Trace) -> Iterator[str]:
    for operation in trace.operations:
        yield f"    {line(operation)}"
    for violation in judge_trace(trace).violations:
        witness = ", ".join(str(each.id) for each in violation.witness)
        yield f"  {violation.reason} x {violation.occurrences}, witness {witness}"
        yield f"  {violation.sentence}"


def _shape(violation: Violation) -> tuple[str, int, str]:
    """A violation without its numbers and texts."""
    return violation.reason, len(violation.witness), re.sub(r"\d+(\.\d+)?|\[.*?\]|\".*?\"", "", violation.sentence)


def _names() -> Iterator[str]:
    yield from (f"written {name}" for name in CASES)
    yield from (f"more {name}" for name in TRACES)
    for model, tick in product(MODELS, (None, 0.5)):
        known: set[tuple[str, int, str]] = set()
        for seed, trace in traces(model, _SEARCHED, tick=tick):
            shapes = {_shape(violation) for violation in judge_trace(trace).violations}
            if not shapes <= known and len(trace.operations) <= _SHORT:
                known |= shapes
                yield f"simulated {model} {seed}" + (f" {tick}" if tick else "")


if __name__ == "__main__":
    FILE.write_text("\n".join(map(verdict, _names())), encoding="utf-8")
