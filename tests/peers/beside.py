"""A peer in a process of its own, beside the one that tests the prober: what it costs is not the prober's.

Such a module prints its port on a line and serves until its standard input ends; then it may say something more.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen


@contextmanager
def beside(module: str, *words: str, last_words: list[str] | None = None) -> Iterator[int]:
    """The port of `python -m module words`, for as long as the block lasts; then `last_words` has what it said."""
    with Popen([sys.executable, "-m", module, *words], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            if last_words is not None:
                last_words.append(process.stdout.readline())
            process.wait(10)


async def until_input_ends(port: int) -> None:
    """Print the port, and return when the one who started this process wants no more."""
    print(port, flush=True)
    ended = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
    await ended.read()
