"""Sending something beside the work of a server: every so often, and once at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def sending(send: Callable[[], Awaitable[None]], *, every: float) -> AsyncIterator[None]:
    """Call `send` every `every` seconds beside the body, and once at its end."""

    async def send_for_ever() -> None:
        while True:
            await send()
            await asyncio.sleep(every)

    task = asyncio.create_task(send_for_ever())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await send()
