"""Verdicts word for word, as committed in `verdicts.txt`: of the written histories, and of simulated ones.

python -m tests.consistency.verdicts writes it anew, with a simulated history for each way in which one was found wrong
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

from prober.consistency import MODELS, judge_trace
from prober.consistency.report import line
from prober.consistency.trace import Trace
from prober.consistency.verdict import Violation
from tests.consistency.exhaustive import histories, simulated
from tests.consistency.table_of_histories import HISTORIES
from tests.consistency.test_violations import CASES
from tests.consistency.writing import history as written

FILE: Final = Path(__file__).with_name("verdicts.txt")
_SEARCHED: Final = 2_000
"""Simulated histories of each model that are looked through."""
_SHORT: Final = 10
"""Operations that a history may have for a person to follow it."""


def verdict(name: str) -> str:
    """A history by its name, `written NAME`, `more NAME` or `simulated MODEL SEED [TICK]`, and what is said of it."""
    where, *key = name.split()
    if where == "written":
        case = CASES[key[0]]
        history = written(case.model, case.wrong, **dict(case.about))
    elif where == "more":
        [model, *ttl], lines = HISTORIES[key[0]][0].split(), HISTORIES[key[0]][1]
        history = written(model, lines, ttl=float(ttl[0]) if ttl else None)
    else:
        history = simulated(key[0], int(key[1]), tick=float(key[2]) if key[2:] else None)
    return "\n".join([name, *_told(history)]) + "\n"


def _told(history: Trace) -> Iterator[str]:
    for operation in history.operations:
        yield f"    {line(operation)}"
    for violation in judge_trace(history).violations:
        witness = ", ".join(str(each.id) for each in violation.witness)
        yield f"  {violation.reason} x {violation.occurrences}, witness {witness}"
        yield f"  {violation.sentence}"


def _shape(violation: Violation) -> tuple[str, int, str]:
    """A violation without its numbers and texts."""
    return violation.reason, len(violation.witness), re.sub(r"\d+(\.\d+)?|\[.*?\]|\".*?\"", "", violation.sentence)


def _names() -> Iterator[str]:
    yield from (f"written {name}" for name in CASES)
    yield from (f"more {name}" for name in HISTORIES)
    for model, tick in product(MODELS, (None, 0.5)):
        known: set[tuple[str, int, str]] = set()
        for seed, history in histories(model, _SEARCHED, tick=tick):
            shapes = {_shape(violation) for violation in judge_trace(history).violations}
            if not shapes <= known and len(history.operations) <= _SHORT:
                known |= shapes
                yield f"simulated {model} {seed}" + (f" {tick}" if tick else "")


if __name__ == "__main__":
    FILE.write_text("\n".join(map(verdict, _names())), encoding="utf-8")
