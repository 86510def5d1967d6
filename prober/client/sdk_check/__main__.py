"""The process of the official client: reads of a server from its standard input, writes what it has against it.

    python -m prober.client.sdk_check

What the SDK makes of a large answer takes its time and its memory here and not in the prober, and may be killed.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from typing import Final

from prober.assertions.worker.frames import limit_process, serve
from prober.client.sdk_check.official_client import opinion
from prober.client.sdk_check.request import NOT_IN_TIME, Reply, Request

MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space."""
SPENT: Final = 256 * 1024
"""Kilobytes of resident memory, at most, with which it stays for the next server. After its imports it has 70,000."""
WORDS: Final = 4_000
"""Characters of what may be said against a server. Of an answer it quotes all of it."""


def main() -> None:
    """Serve until the input ends."""
    limit_process(memory=MEMORY)
    import mcp.client.sse
    import mcp.client.streamable_http  # noqa: F401

    serve(_replies)


def _replies(read: Callable[[], bytes]) -> Iterator[bytes]:
    spent = False
    while not spent:
        request = Request.decode(read())
        against = asyncio.run(opinion(request.target, token=request.token, seconds=request.seconds))
        spent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > SPENT
        words = None if against is None else against[:WORDS]
        yield Reply(against=words, in_time=against != NOT_IN_TIME, spent=spent).encode()


if __name__ == "__main__":
    main()
