"""The worker process: reads cases and selections from its standard input, writes findings and nodes to its output.

    python -m prober.assertions.worker

Started by `prober.assertions.judge` alone. It holds nothing worth keeping, may be killed at any time, and ends by
itself when its input does or when a case takes longer than it may: a regular expression that never ends does not even
let Python look at its signals, so the alarm is left to the system, whose way is to end the process.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import Final

from prober.assertions.checks import Case, judge, undecided
from prober.assertions.json_schema.schema_libraries import EngineError
from prober.assertions.selection import Selection, select
from prober.assertions.worker.frames import frame, limit_process, read_frame
from prober.assertions.worker.protocol import decode_request, encode_crash, encode_finding, encode_selected

MEMORY: Final = 768 * 1024 * 1024
"""Bytes of address space."""
STACK: Final = 64 * 1024 * 1024
"""Bytes of stack; the interpreter's own limit is put where this is enough."""
RECURSION: Final = 25_000


def main() -> None:
    """Serve until the input ends."""
    limit_process(memory=MEMORY, stack=STACK)
    sys.setrecursionlimit(RECURSION)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    stdout.write(frame(b"ready"))
    stdout.flush()
    with suppress(EOFError, BrokenPipeError):
        while True:
            head = read_frame(stdin)
            parse, allowance = decode_request(head, lambda: read_frame(stdin))
            signal.setitimer(signal.ITIMER_REAL, allowance)
            try:
                reply = _reply(parse())
            except (RecursionError, MemoryError) as error:
                reply = encode_finding(undecided(error))
            except Exception:
                from traceback import format_exc

                reply = encode_crash(format_exc())
            signal.setitimer(signal.ITIMER_REAL, 0)
            stdout.write(frame(reply))
            stdout.flush()


def _reply(asked: Case | Selection) -> bytes:
    if isinstance(asked, Case):
        return encode_finding(judge(asked))
    try:
        return encode_selected(select(asked))
    except EngineError as error:
        return encode_finding(undecided(error))


if __name__ == "__main__":
    main()
