"""The arithmetic of a deadline."""

from __future__ import annotations

import asyncio
import time

import pytest

from prober.deadline import Deadline


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock is the test's."""

    now = 1000.0

    def time(self) -> float:
        return self.now


async def arithmetic(loop: Loop) -> None:
    end = Deadline.after(8)
    assert end == 1008.0
    assert end.left() == 8
    assert end.share(0.25) == 1002.0
    assert end.earlier(3) == 1005.0
    loop.now = 1006.0
    assert end.left() == 2
    assert end.share(0.5) == 1007.0
    loop.now = 1009.0
    assert end.left() == 0
    assert end.share(0.5) == 1009.0


def test_what_is_left_and_shares_of_it() -> None:
    loop = Loop()
    try:
        loop.run_until_complete(arithmetic(loop))
    finally:
        loop.close()


async def test_asyncio_takes_a_deadline_as_it_is() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(Deadline.after(0.05)):
            await asyncio.sleep(30)
    assert time.monotonic() - began < 10
