"""A peer in a process of its own, hostile for as long as it lives: each connection is a conversation of another seed.

`python -m tests.fuzz.serve` prints its port on a line and serves until its standard input ends. Streamable HTTP only,
modern era: over HTTP+SSE a conversation has several connections.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from tests.fuzz.conversation import Turns, drawn
from tests.fuzz.http_player import Player
from tests.peers.listener import listening


@contextmanager
def hostile() -> Iterator[int]:
    """The port of such a peer, for as long as the block lasts."""
    with Popen([sys.executable, "-m", "tests.fuzz.serve"], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


async def _serve() -> None:
    player, seeds = Player(), itertools.count(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seed = next(seeds)
        turns = Turns(conversation=drawn(seed), era="modern", secrets=())
        await player.serve(reader, writer, turns)

    async with listening(serve) as port:
        print(port, flush=True)
        loop, ended = asyncio.get_running_loop(), asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
        await ended.read()


if __name__ == "__main__":
    asyncio.run(_serve())
