"""Makes much of something while other tasks of the event loop have their turns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")
TURN: Final = 0.005
"""Seconds of work after which other tasks have their turn."""


async def in_turns(items: Iterable[T]) -> list[T]:
    """All of them; each is made in one step."""
    now = asyncio.get_running_loop().time
    made: list[T] = []
    turn = now()
    for item in items:
        made.append(item)
        if now() - turn > TURN:
            await asyncio.sleep(0)
            turn = now()
    return made
