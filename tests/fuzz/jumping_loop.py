"""An event loop whose clock jumps ahead when there is nothing to do: a second of silence costs no second.

Its clock counts the turns of the loop, the jumps, and the time for which the loop really waited for somebody outside: a
worker process that judges. So a deadline passes when it has to, on an idle machine and on a busy one, and how long a
run took by this clock is the run's doing.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any, Final

_TURN: Final = 0.0002
"""Seconds that a turn of the loop is taken for, so that time passes for those that never stop talking."""
_LOOK: Final = 0.005
"""Seconds between two looks at whether somebody outside is waited for still."""


class JumpingLoop(asyncio.SelectorEventLoop):
    """`waits_for_others` is asked before a jump."""

    def __init__(self) -> None:
        self._now = 0.0
        self.waits_for_others: Callable[[], bool] = lambda: False
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds


class _Selector(selectors.DefaultSelector):
    """Looks at once; what it would have waited is jumped over, or waited in small parts."""

    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        self._loop.jump(_TURN)
        ready: list[Any] = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None and not self._loop.waits_for_others():
            self._loop.jump(timeout)
            return ready
        began = time.monotonic()
        ready = super().select(_LOOK if timeout is None else min(timeout, _LOOK))
        self._loop.jump(time.monotonic() - began)
        return ready
