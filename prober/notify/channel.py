"""One URL: messages wait in a bounded queue; a thread sends each message; an attempt that fails or hangs is retried.

A thread cannot be stopped. Each attempt waits at most `timeout` for a hanging thread, and the thread is never joined,
not even at the end of the process. While it hangs, no second thread is started for the same URL.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Literal

from prober.notify.apprise import Send
from prober.notify.message import Message

OnSent = Callable[[Literal["sent", "failed"]], None]

TIMEOUT: Final = 15.0
"""Seconds that one attempt may take. Apprise's own limits are four to connect and four between two bytes."""
PAUSES: Final = (0.0, 2.0, 15.0, 60.0)
"""Seconds before each attempt."""
QUEUE_LIMIT: Final = 100
"""Messages that wait. When the queue is full, the oldest message is dropped."""

_LOGGER: Final = logging.getLogger(__name__)


class Channel:
    """The queue of one URL. A task runs `serve()`."""

    def __init__(
        self,
        send: Send,
        *,
        name: str,
        on_sent: OnSent,
        timeout: float = TIMEOUT,
        pauses: Sequence[float] = PAUSES,
        queue_limit: int = QUEUE_LIMIT,
    ):
        """`name` stands for the URL in logs."""
        self._send, self._name, self._on_sent = send, name, on_sent
        self._timeout, self._pauses, self._queue_limit = timeout, pauses, queue_limit
        self._queue: deque[Message] = deque()
        self._not_empty = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._attempt: SendAttempt | None = None

    def put(self, message: Message) -> None:
        """Queue a message; never waits."""
        if len(self._queue) >= self._queue_limit:
            self._queue.popleft()
            self._ended(sent=False, why=f"more than {self._queue_limit} were waiting")
        self._queue.append(message)
        self._not_empty.set()
        self._idle.clear()

    async def drained(self) -> None:
        """Return when the queue is empty and nothing is being sent."""
        await self._idle.wait()

    async def serve(self) -> None:
        """Send the queued messages, one after the other, until cancelled."""
        while True:
            await self._not_empty.wait()
            message = self._queue.popleft()
            try:
                sent = await self._deliver(message)
                self._ended(sent=sent, why=f"{len(self._pauses)} tries failed")
            except Exception:
                _LOGGER.exception("a notification to %s could not be handled", self._name)
            if not self._queue:
                self._not_empty.clear()
                self._idle.set()

    async def _deliver(self, message: Message) -> bool:
        for pause in self._pauses:
            await asyncio.sleep(pause)
            if await self._try(message):
                return True
        return False

    async def _try(self, message: Message) -> bool:
        """One attempt. An earlier attempt that hung and now ends counts, if it had the same message."""
        if self._attempt is not None:
            if not await self._attempt.finished(self._timeout):
                return False
            before, self._attempt = self._attempt, None
            if before.message is message and before.sent:
                return True
        attempt = self._attempt = SendAttempt(self._send, message, name=self._name)
        if not await attempt.finished(self._timeout):
            return False
        self._attempt = None
        return attempt.sent

    def _ended(self, *, sent: bool, why: str) -> None:
        if not sent:
            _LOGGER.warning("a notification to %s was given up: %s", self._name, why)
        self._on_sent("sent" if sent else "failed")


class SendAttempt:
    """One attempt to send one message, in a thread that nobody has to join."""

    def __init__(self, send: Send, message: Message, *, name: str):
        self.message = message
        self.sent = False
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        try:
            threading.Thread(target=self._send_in_thread, name=f"prober-notify {name}", daemon=True).start()
        except RuntimeError:  # the system cannot start a thread
            self._done.set()

    async def finished(self, timeout: float) -> bool:
        """Whether the attempt ends within `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._done.wait()
        return self._done.is_set()

    def _send_in_thread(self) -> None:
        sent = False
        with suppress(Exception):  # plug-ins raise anything, and the text may hold the URL
            sent = self._send(self.message)
        with suppress(RuntimeError):  # the loop is closed: the prober ended while this thread hung
            self._loop.call_soon_threadsafe(self._finish, sent)

    def _finish(self, sent: bool) -> None:
        self.sent = sent
        self._done.set()
