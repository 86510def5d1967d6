"""The Sink that tells people: results in, alert groups gathered for a moment, messages out to every URL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from prober.config.model import Notify, Probe
from prober.config.secret import Secret
from prober.notify.alert_groups import AlertGroups
from prober.notify.apprise import label, sender
from prober.notify.channel import PAUSES, Channel, OnSent
from prober.notify.message import messages_of
from prober.result import Result
from prober.status import StatusStore

GROUP_WAIT: Final = 3.0
"""Seconds between the first news and their being told: what has one cause comes in one message."""
SHUTDOWN_TIMEOUT: Final = 2.0
"""Seconds that what is still to be told has when the prober ends."""

_LOGGER: Final = logging.getLogger(__name__)


class Notifier:
    """A Sink, to be entered before use, in the loop's thread. Whatever becomes of a message, probing is not harmed."""

    def __init__(
        self,
        settings: Notify,
        statuses: StatusStore,
        *,
        suspects: Callable[[], bool] = lambda: False,
        on_sent: OnSent = lambda _outcome: None,
        gathering: float = GROUP_WAIT,
        pauses: Sequence[float] = PAUSES,
    ):
        """`statuses` counts failures in a row, so it must get each result first.

        `suspects` is whether the prober suspects itself; `on_sent` is told of each message and URL, in the loop.

        Raises NotifyProblem. The first time this imports Apprise and takes half a second: see `check`.
        """
        self._statuses, self._suspects, self._on_sent = statuses, suspects, on_sent
        self._gathering, self._pauses = gathering, pauses
        self._groups = AlertGroups(after=settings.after)
        self._channels: dict[Secret, Channel] = {}
        self._channels = self._channels_of(settings)
        self._tasks: dict[asyncio.Task[None], Channel] = {}
        """Also those that are being cancelled."""
        self._news = asyncio.Event()
        self._teller: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.restore()
        self._serve()
        self._teller = asyncio.create_task(self._tell(), name="notify")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Tell what is left to tell, in a moment: by the status store it is told, so the next process will not."""
        self._flush()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIMEOUT):
                    for channel in self._channels.values():
                        await channel.drained()
        finally:
            tasks = [*self._tasks, *([self._teller] if self._teller else [])]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def apply_config(self, settings: Notify) -> None:
        """Go by other settings, and by the probes that the status store has now. What is told stays told.

        Raises NotifyProblem, and then nothing has changed.
        """
        self._channels = self._channels_of(settings)
        for task, channel in self._tasks.items():
            if channel not in self._channels.values():
                task.cancel()
        if self._teller is not None:
            self._serve()
        self._groups.after = settings.after
        self._groups.keep({(status.probe.target, status.probe.name) for status in self._statuses.probes()})

    def restore(self) -> None:
        """Take what fails in the status store for long enough for told. For when it has been filled from history."""
        self._groups.restore(self._statuses.probes())

    def record(self, result: Result) -> None:
        """A run has ended."""
        try:
            status = self._statuses.find(result.outcome.target, result.outcome.probe)
            if status is None:  # the probe is gone by now
                return
            self._groups.record(result, streak=status.streak, suspect=self._suspects())
            if self._groups.pending:
                self._news.set()
        except Exception:  # a Sink never raises
            _LOGGER.exception("a result could not be looked at for a notification")

    def skipped(self, probe: Probe) -> None:
        """A run that was left out says nothing of the target."""

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(self._gathering)
            self._news.clear()
            self._flush()
            if self._groups.pending:
                self._news.set()

    def _flush(self) -> None:
        try:
            if self._suspects():
                self._groups.withdraw()
                return
            for message in messages_of(self._groups.take()):
                for channel in self._channels.values():
                    channel.put(message)
        except Exception:
            _LOGGER.exception("an alert group could not be told")

    def _serve(self) -> None:
        """A task for every channel that has none."""
        for channel in self._channels.values():
            if channel not in self._tasks.values():
                task = asyncio.create_task(channel.serve(), name="notify channel")
                self._tasks[task] = channel
                task.add_done_callback(self._tasks.pop)

    def _channels_of(self, settings: Notify) -> dict[Secret, Channel]:
        """One for each URL; that of a URL which is there already stays, with what waits in it."""
        channels = {}
        for number, url in enumerate(settings.urls, 1):
            channel = self._channels.get(url)
            name = f"URL {number} ({label(url)})"
            channels[url] = channel or Channel(
                sender(url, number=number), name=name, on_sent=self._on_sent, pauses=self._pauses
            )
        return channels
