"""The process that judges large traces: reads them from its standard input, writes verdicts to its output.

    python -m prober.kinds.race.judge_process

Started by `judging.py` alone, which sends the lines of a trace as frames, and an empty frame at their end. It holds
nothing worth keeping and may be killed at any time.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Final

from prober.assertions.worker.frames import frame, limit_process, read_frame
from prober.consistency import judge_trace
from prober.consistency.jsonl import read_lines
from prober.consistency.verdict import Judged

MEMORY: Final = 768 * 1024 * 1024
"""Bytes of address space."""


def main() -> None:
    """Serve until the input ends."""
    limit_process(memory=MEMORY)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    stdout.write(frame(b"ready"))
    stdout.flush()
    with suppress(EOFError, BrokenPipeError):
        while True:
            lines = iter(lambda: read_frame(stdin), b"")
            trace = read_lines(line.decode() for line in lines)
            stdout.write(frame(_encode(judge_trace(trace))))
            stdout.flush()


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
