"""The start of a server's process, until its first answer: under a clock of its own, never the probe's.

A server that takes seconds to start on a busy machine is not a server that takes seconds to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prober.outcome import Evidence, Failure, Reason, Situation


class Startup:
    """`on_start` is told before anything is waited for; `on_answer` once, at the first answer or at a failure."""

    def __init__(self, seconds: float, *, on_start: Callable[[], None], on_answer: Callable[[], None]) -> None:
        self._seconds, self._on_start, self._on_answer = seconds, on_start, on_answer
        self._clock: asyncio.Timeout | None = None
        self._wrote = False

    @asynccontextmanager
    async def clock(self) -> AsyncIterator[None]:
        """Raises Failure with `timeout` where no answer comes in time."""
        self._on_start()
        try:
            async with asyncio.timeout(None) as clock:
                self._clock = clock
                yield
        except TimeoutError:
            if not clock.expired():
                raise
            raise self._too_late() from None
        finally:
            if self._clock is not None:
                self._clock = None
                self._on_answer()

    def process_started(self) -> None:
        """A process has been started: its time begins."""
        if self._clock is not None:
            self._clock.reschedule(asyncio.get_running_loop().time() + self._seconds)

    def wrote(self) -> None:
        """The process wrote something to its standard output, be it an answer or not."""
        self._wrote = True

    def answered(self) -> None:
        """The process has given its first answer: from now on the probe's own deadline counts."""
        clock, self._clock = self._clock, None
        if clock is not None:
            if not clock.expired():
                clock.reschedule(None)
            self._on_answer()

    def _too_late(self) -> Failure:
        what = "the server gave no answer" if self._wrote else "the server wrote nothing"
        return Failure(
            Reason.TIMEOUT,
            f"{what} for {self._seconds:g} s after its start, the startup_timeout of the target",
            evidence=Evidence(situation=Situation.SLOW_START),
        )
