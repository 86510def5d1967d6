"""Judges and masks the trace of a race without holding up the event loop: what is small at once, the rest elsewhere.

A model may look through the trace once more for each anomaly that it finds, and a server can show as many as there are
calls. So a large trace goes to a process (`judge_process.py`), which can be killed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.assertions.turns import in_turns
from prober.assertions.worker.frames import frame
from prober.assertions.worker.pool import Workers
from prober.assertions.worker.process import WorkerLostError
from prober.consistency import judge_trace
from prober.consistency.jsonl import write_lines
from prober.consistency.trace import Trace, masked_operations
from prober.consistency.verdict import Judged, Violation
from prober.outcome import Reason

_AT_ONCE: Final = 300
"""Calls of a trace that is judged within a few milliseconds, whatever is wrong with it."""
_TOLD_AT_ONCE: Final = 30_000
"""Elements that its reads told, all together."""
_MARGIN: Final = 0.3
"""Seconds before the deadline at which judging gives up: what is left is for masking, and to tell the verdict."""
_PROCESSES: Final = 1
_MODULE: Final = "prober.kinds.race.judge_process"


async def judged(trace: Trace, *, judge: Judge, deadline: float, target: str) -> Judged:
    """The verdict of the trace's own model; undecided where it was not to be had before the deadline.

    `judge` owns the process, and `target` is whose answers these are.
    """
    told = sum(len(each.value) for each in trace.operations if isinstance(each.value, list))
    if len(trace.operations) <= _AT_ONCE and told <= _TOLD_AT_ONCE:
        return judge_trace(trace)
    workers = judge.workers(_MODULE, lambda module: Workers(module, most=_PROCESSES))
    end = deadline - _MARGIN
    try:
        async with workers.turn(target, deadline=end), asyncio.timeout_at(end):
            frames = await in_turns(frame(line.encode()) for line in write_lines(trace))
            worker = await workers.acquire()
            reply = await workers.ask(worker, [*frames, frame(b"")], until=end, target=target)
    except TimeoutError:
        return Judged(undecided="the trace was not judged before the deadline")
    except WorkerLostError as lost:
        return Judged(undecided=f"the trace was not judged: its process {lost}")
    except OSError as error:
        return Judged(undecided=f"the trace was not judged: no process could be started: {error.strerror}")
    return _decode(reply, trace)


async def masked_in_turns(trace: Trace, redact: Callable[[str], str]) -> Trace:
    """The trace for people and files, see `prober.consistency.trace.masked`."""
    operations = await in_turns(masked_operations(trace, redact))
    return replace(trace, operations=tuple(operations), about=redact(trace.about))


def _decode(reply: bytes, trace: Trace) -> Judged:
    """The verdict on this trace."""
    by_number = {operation.id: operation for operation in trace.operations}

    def violation(reason: str, witness: list[int], **more: Any) -> Violation:
        return Violation(reason=Reason(reason), witness=tuple(by_number[number] for number in witness), **more)

    document = json.loads(reply)
    return Judged(
        violations=tuple(violation(**each) for each in document["violations"]), undecided=document["undecided"]
    )
