"""Traces of concurrent operations, compared with models of what they should have been. Pure, standard library only.

trace.py       operations, traces, what makes a trace unfit to judge
jsonl.py       traces as JSON lines
verdict.py     what is found: violations with witnesses
*_model.py     one model each (counter, register, log, set, queue, lock, record): definition, source, why it is sound
elements.py    what models share whose writes each put an element there
order.py       real time, which all of them share
sessions.py    what one client may rely on where reads may be stale
wording.py     operations in words
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from prober.consistency import (
    counter_model,
    lock_model,
    log_model,
    queue_model,
    record_model,
    register_model,
    set_model,
)
from prober.consistency.trace import Trace
from prober.consistency.verdict import Judged

MODELS: Final[Mapping[str, Callable[[Trace], Judged]]] = {
    "counter": counter_model.judge,
    "register": register_model.judge,
    "log": log_model.judge,
    "set": set_model.judge,
    "queue": queue_model.judge,
    "lock": lock_model.judge,
    "record": record_model.judge,
}


def judge_trace(trace: Trace) -> Judged:
    """The verdict of the trace's own model."""
    return MODELS[trace.model](trace)
