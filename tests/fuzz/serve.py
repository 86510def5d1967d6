"""A peer in a process of its own, hostile for as long as it lives: each connection is a conversation of another seed.

`python -m tests.fuzz.serve` prints its port on a line and serves until its standard input ends. Streamable HTTP only,
modern era: over HTTP+SSE a conversation has several connections.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fuzz.conversation import Turns, drawn
from tests.fuzz.http_player import Player
from tests.peers.beside import beside, until_input_ends
from tests.peers.listener import listening


@contextmanager
def hostile() -> Iterator[int]:
    """The port of such a peer, for as long as the block lasts."""
    with beside("tests.fuzz.serve") as port:
        yield port


async def _serve() -> None:
    player, seeds = Player(), itertools.count(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seed = next(seeds)
        turns = Turns(conversation=drawn(seed), era="modern", secrets=())
        await player.serve(reader, writer, turns)

    async with listening(serve) as port:
        await until_input_ends(port)


if __name__ == "__main__":
    asyncio.run(_serve())
