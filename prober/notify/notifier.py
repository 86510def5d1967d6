"""The Sink that notifies people: it takes results, waits for a group to gather, and sends messages to every URL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from prober.config.fields.secret import Secret
from prober.config.model import Notify, Probe
from prober.notify.alert_groups import AlertGroups
from prober.notify.apprise import label, sender
from prober.notify.channel import PAUSES, Channel, OnSent
from prober.notify.links import Links
from prober.notify.message import messages_of
from prober.scheduled_run import ScheduledRun
from prober.status import StatusStore

GROUP_WAIT: Final = 3.0
"""Seconds between the first change and the messages: failures of one cause come in one message."""
SHUTDOWN_TIMEOUT: Final = 2.0
"""Seconds that queued messages have when the prober ends."""

_NO_LINKS: Final = Links()
_LOGGER: Final = logging.getLogger(__name__)


class Notifier:
    """A Sink, used as an async context manager in the loop's thread. A message that fails never harms probing."""

    def __init__(
        self,
        settings: Notify,
        statuses: StatusStore,
        *,
        suspects: Callable[[], bool] = lambda: False,
        on_sent: OnSent = lambda _outcome: None,
        group_wait: float = GROUP_WAIT,
        pauses: Sequence[float] = PAUSES,
        links: Links = _NO_LINKS,
    ):
        """`statuses` counts failures in a row, so it must get each result first. `links` are written into messages.

        `suspects` says whether the prober suspects itself. `on_sent` is called in the loop for each message and URL.

        Raises NotifyError. The first call imports Apprise and takes half a second: see `check`.
        """
        self._statuses, self._suspects, self._on_sent = statuses, suspects, on_sent
        self._group_wait, self._pauses, self._links = group_wait, pauses, links
        self._groups = AlertGroups(after=settings.after)
        self._channels = self._channels_of(settings, {})
        self._tasks: dict[asyncio.Task[None], Channel] = {}
        """The tasks that serve channels, also while a task is being cancelled."""
        self._changed = asyncio.Event()
        self._group_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.restore()
        self._serve()
        self._group_task = asyncio.create_task(self._send_groups(), name="notify")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Send the remaining messages now: the next process takes them for sent, by the status store."""
        self._flush()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIMEOUT):
                    for channel in self._channels.values():
                        await channel.drained()
        finally:
            tasks = [*self._tasks, *([self._group_task] if self._group_task else [])]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def apply_config(self, settings: Notify) -> None:
        """Apply new settings, and forget probes that the status store no longer has. No message is sent twice.

        Raises NotifyError, and then nothing has changed.
        """
        self._channels = self._channels_of(settings, self._channels)
        for task, channel in self._tasks.items():
            if channel not in self._channels.values():
                task.cancel()
        if self._group_task is not None:
            self._serve()
        self._groups.after = settings.after
        self._groups.keep({(status.probe.target, status.probe.name) for status in self._statuses.probes()})

    def restore(self) -> None:
        """Take failures of the status store for reported: a restored history has filled it."""
        self._groups.restore(self._statuses.probes())

    def record(self, result: ScheduledRun) -> None:
        """A run has ended."""
        try:
            status = self._statuses.find(result.outcome.target, result.outcome.probe)
            if status is None:  # the probe is gone by now
                return
            self._groups.record(result, status=status, suspect=self._suspects())
            if self._groups.pending:
                self._changed.set()
        except Exception:  # a Sink never raises
            _LOGGER.exception("a result could not be looked at for a notification")

    def skipped(self, probe: Probe) -> None:
        """A skipped run says nothing of the target."""

    async def _send_groups(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._group_wait)
            self._changed.clear()
            self._flush()
            if self._groups.pending:
                self._changed.set()

    def _flush(self) -> None:
        try:
            if self._suspects():
                self._groups.withdraw()
                return
            for message in messages_of(self._groups.take(), self._links, self._labels_of):
                for channel in self._channels.values():
                    channel.put(message)
        except Exception:
            _LOGGER.exception("notifications could not be made")

    def _labels_of(self, target: str) -> Mapping[str, str]:
        try:
            return self._statuses.target(target).target.labels
        except KeyError:  # gone by now
            return {}

    def _serve(self) -> None:
        """Start a task for every channel that has none."""
        for channel in self._channels.values():
            if channel not in self._tasks.values():
                task = asyncio.create_task(channel.serve(), name="notify channel")
                self._tasks[task] = channel
                task.add_done_callback(self._tasks.pop)

    def _channels_of(self, settings: Notify, present: Mapping[Secret, Channel]) -> dict[Secret, Channel]:
        """One channel for each URL. The channel of a URL that was configured before stays, with its queue."""
        channels = {}
        for number, url in enumerate(settings.urls, 1):
            channel = present.get(url)
            name = f"URL {number} ({label(url)})"
            channels[url] = channel or Channel(
                sender(url, number=number), name=name, on_sent=self._on_sent, pauses=self._pauses
            )
        return channels
