"""How long one callback of the event loop runs, by the processor's clock: other work of the machine does not count.

A loop that is held up by one callback keeps every other probe from its work. The lag that a timer sees is no measure of
it here: with a hundred conversations at once, a loop in the best of health is late.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch


@dataclass(kw_only=True)
class Watched:
    """The longest callbacks, in seconds of the processor, by the name of the task that they are a step of."""

    worst: dict[str, float] = field(default_factory=dict)
    least: float

    def note(self, seconds: float, callback: Any) -> None:
        if seconds < self.least:
            return
        task = getattr(callback, "__self__", None)
        name = task.get_name() if isinstance(task, asyncio.Task) else repr(callback)
        self.worst[name] = max(seconds, self.worst.get(name, 0.0))


@contextmanager
def watched(*, least: float) -> Iterator[Watched]:
    """Every callback of every loop of this process that runs for `least` seconds or longer."""
    found = Watched(least=least)
    run: Callable[[asyncio.Handle], None] = asyncio.Handle._run
    clock = time.thread_time

    def timed(handle: asyncio.Handle) -> None:
        callback = handle._callback  # type: ignore[attr-defined]
        began = clock()
        run(handle)
        seconds = clock() - began
        if seconds >= found.least:
            found.note(seconds, callback)

    with patch.object(asyncio.Handle, "_run", timed):
        yield found
