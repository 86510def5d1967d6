"""The worker process: reads cases and selections from its standard input, writes findings and nodes to its output.

    python -m prober.assertions.worker

Started by `prober.assertions.judge` alone. It holds nothing worth keeping, may be killed at any time, and ends by
itself when its input does or when a case takes longer than it may: a regular expression that never ends does not even
let Python look at its signals, so the alarm is left to the system, whose way is to end the process.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from typing import Final

from prober.assertions.checks import Case, judge, undecided
from prober.assertions.json_schema.schema_libraries import EngineError
from prober.assertions.selection import Selection, select
from prober.assertions.worker.frames import limit_process, serve
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
    serve(_replies)


def _replies(read: Callable[[], bytes]) -> Iterator[bytes]:
    while True:
        parse, allowance = decode_request(read(), read)
        signal.setitimer(signal.ITIMER_REAL, allowance)
        try:
            reply = _reply(parse())
        except (RecursionError, MemoryError) as error:
            reply = encode_finding(undecided(error))
        except Exception:
            from traceback import format_exc

            reply = encode_crash(format_exc())
        signal.setitimer(signal.ITIMER_REAL, 0)
        yield reply


def _reply(asked: Case | Selection) -> bytes:
    if isinstance(asked, Case):
        return encode_finding(judge(asked))
    try:
        return encode_selected(select(asked))
    except EngineError as error:
        return encode_finding(undecided(error))


if __name__ == "__main__":
    main()
