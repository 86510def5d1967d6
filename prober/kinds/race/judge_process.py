"""The process that judges large traces: reads them from its standard input, writes verdicts to its output.

    python -m prober.kinds.race.judge_process

Started by `judging.py` alone, which sends the lines of a trace as frames, and an empty frame at their end. It holds
nothing worth keeping and may be killed at any time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from prober.assertions.worker.frames import limit_process, serve
from prober.consistency import judge_trace
from prober.consistency.jsonl import read_lines
from prober.consistency.verdict import Judged

MEMORY: Final = 768 * 1024 * 1024
"""Bytes of address space."""


def main() -> None:
    """Serve until the input ends."""
    limit_process(memory=MEMORY)
    serve(_replies)


def _replies(read: Callable[[], bytes]) -> Iterator[bytes]:
    while True:
        trace = read_lines(line.decode() for line in iter(read, b""))
        yield _encode(judge_trace(trace))


def _encode(verdict: Judged) -> bytes:
    """Of each witness the numbers of its operations."""
    violations = [
        {
            "reason": each.reason,
            "sentence": each.sentence,
            "witness": [operation.id for operation in each.witness],
            "occurrences": each.occurrences,
        }
        for each in verdict.violations
    ]
    return json.dumps({"violations": violations, "undecided": verdict.undecided}).encode()


if __name__ == "__main__":
    main()
