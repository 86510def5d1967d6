"""Waiting for what must happen, with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

BOUND: Final = 20.0
"""Seconds after which something that must happen is taken not to; far above what it takes on a busy machine."""


async def until(happened: Callable[[], bool]) -> None:
    """Look again and again, for what tells nobody when it happens."""

    async def look() -> bool:
        return happened()

    await eventually(look)


async def eventually(happened: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again, for what tells nobody when it happens."""
    async with asyncio.timeout(BOUND):
        while not await happened():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
