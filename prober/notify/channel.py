"""One URL: messages wait in a bounded queue, each is sent in a thread, and tried again where that fails or hangs.

A thread cannot be stopped. One that hangs is waited for no longer than `timeout` at a time and never joined, not even
at the end of the process; as long as it is there, no other is started for its URL.
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
"""Seconds that one try may take. Apprise's own limits are four to connect and four between two bytes."""
PAUSES: Final = (0.0, 2.0, 15.0, 60.0)
"""Seconds before each try."""
ROOM: Final = 100
"""Messages that wait; of more, the oldest are given up."""

_LOGGER: Final = logging.getLogger(__name__)


class Channel:
    """To be served by a task that runs `serve()`."""

    def __init__(
        self,
        send: Send,
        *,
        name: str,
        on_sent: OnSent,
        timeout: float = TIMEOUT,
        pauses: Sequence[float] = PAUSES,
        room: int = ROOM,
    ):
        """`name` is what logs say of it."""
        self._send, self._name, self._on_sent = send, name, on_sent
        self._timeout, self._pauses, self._room = timeout, pauses, room
        self._waiting: deque[Message] = deque()
        self._there = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._attempt: SendAttempt | None = None

    def put(self, message: Message) -> None:
        """Send it as soon as may be; never waits."""
        if len(self._waiting) >= self._room:
            self._waiting.popleft()
            self._ended(sent=False, why=f"more than {self._room} were waiting")
        self._waiting.append(message)
        self._there.set()
        self._idle.clear()

    async def drained(self) -> None:
        """Return when nothing waits and nothing is being sent."""
        await self._idle.wait()

    async def serve(self) -> None:
        """Send what is put in, one after the other, until cancelled."""
        while True:
            await self._there.wait()
            message = self._waiting.popleft()
            try:
                sent = await self._delivered(message)
                self._ended(sent=sent, why=f"{len(self._pauses)} tries failed")
            except Exception:
                _LOGGER.exception("a notification to %s could not be handled", self._name)
            if not self._waiting:
                self._there.clear()
                self._idle.set()

    async def _delivered(self, message: Message) -> bool:
        for pause in self._pauses:
            await asyncio.sleep(pause)
            if await self._tried(message):
                return True
        return False

    async def _tried(self, message: Message) -> bool:
        """One try. One that hung before and comes back meanwhile is as good, where it had the same message."""
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
    """One message on its way, in a thread of its own that nobody has to wait for."""

    def __init__(self, send: Send, message: Message, *, name: str):
        self.message = message
        self.sent = False
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        try:
            threading.Thread(target=self._send_in_thread, name=f"prober-notify {name}", daemon=True).start()
        except RuntimeError:  # the system has no thread to give
            self._over.set()

    async def finished(self, timeout: float) -> bool:
        """Whether it comes back within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._over.wait()
        return self._over.is_set()

    def _send_in_thread(self) -> None:
        sent = False
        with suppress(Exception):  # a plug-in may raise whatever it likes, and its words may hold the URL
            sent = self._send(self.message)
        with suppress(RuntimeError):  # the loop is gone: the prober has ended while this hung
            self._loop.call_soon_threadsafe(self._finish, sent)

    def _finish(self, sent: bool) -> None:
        self.sent = sent
        self._over.set()
