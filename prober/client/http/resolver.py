"""Looks up host names: in threads of its own, one lookup per name at a time, prompt names before slow ones.

A name whose name server says nothing holds its thread for as long as the system's resolver is patient, half a minute
as a rule, and every run would ask for it again. So that such names cannot take the threads from all other targets:

    one lookup per name    whoever asks for a name that is being looked up shares that lookup
    three classes          names whose last lookup was prompt may use all threads, names that were never looked up may
                           not use the last quarter, and names whose last lookup was slow only the first half
    an honest word         a run whose lookup got no thread until its deadline learns nothing about its target; whoever
                           asked is told (`on_starved`), and the run ends undecided
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from copy import copy
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` returns them."""

MOST_LOOKUPS: Final = 128
"""Threads. One that waits for an answer costs some 20 kB and no CPU."""
PROMPT: Final = 1.0
"""Seconds within which a lookup must end, found or not, for the name to count as prompt."""
_REMEMBERED: Final = 100_000
"""Names whose class is remembered, those looked up last."""


class _Class(IntEnum):
    """How a name fared at its last lookup. Lookups of a lower class begin first."""

    PROMPT = 0
    NEW = 1
    SLOW = 2


LIMITS: Final = {_Class.PROMPT: MOST_LOOKUPS, _Class.NEW: MOST_LOOKUPS * 3 // 4, _Class.SLOW: MOST_LOOKUPS // 2}
"""A lookup of a class begins only while fewer lookups than this are going on."""


async def resolve(host: str, port: int, *, on_starved: Callable[[], None] = lambda: None) -> Sequence[Address]:
    """The addresses of a name, or the address that `host` is already. Raises socket.gaierror.

    `on_starved` is called where the caller is cancelled before the lookup could begin.
    """
    name = host.strip("[]").encode("ascii")  # bytes, or Python would apply IDNA and its limits to it
    found = _read_address(name)
    if found is None:
        found = await _look_up(name, on_starved)
    return [(family, kind, proto, alias, (at[0], port, *at[2:])) for family, kind, proto, alias, at in found]


@lru_cache(4096)
def _read_address(name: bytes) -> Sequence[Address] | None:
    """What a name that is an address stands for; None for other names. Asked at every run of a target."""
    try:
        return socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return None


async def _look_up(name: bytes, on_starved: Callable[[], None]) -> Sequence[Address]:
    answer = _resolver.look_up(name)
    try:
        return await asyncio.wrap_future(answer)
    except asyncio.CancelledError:
        if _resolver.give_up(name, answer):
            on_starved()
        raise


class _Lookup:
    """One call of `getaddrinfo`, and the answers that are wanted of it."""

    def __init__(self, name: bytes, queue: deque[_Lookup]) -> None:
        self.name = name
        self.queue = queue
        self.began = False
        self.waiting: set[Future[Sequence[Address]]] = set()
        """Asked before the lookup began."""
        self.joined: set[Future[Sequence[Address]]] = set()
        """Asked while the lookup was going on."""


class Resolver:
    """Threads that the process does not wait for when it ends: a lookup cannot be interrupted.

    In the loop's default executor twenty dead names would hold up every healthy target, and in any executor of the
    standard library a dead name server would hold up the end of the process.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lookups: dict[bytes, _Lookup] = {}
        self._queues: dict[_Class, deque[_Lookup]] = {each: deque() for each in _Class}
        self._threads = 0
        self._busy = 0
        self._prompt: OrderedDict[bytes, bool] = OrderedDict()

    def look_up(self, name: bytes) -> Future[Sequence[Address]]:
        """What `getaddrinfo` finds. Whoever no longer waits for it says so with `give_up`."""
        answer: Future[Sequence[Address]] = Future()
        answer.set_running_or_notify_cancel()  # only a worker ends it: asyncio's cancelling it would race with that
        with self._changed:
            lookup = self._lookups.get(name)
            if lookup is None:
                self._queue(name, {answer})
            else:
                (lookup.joined if lookup.began else lookup.waiting).add(answer)
        return answer

    def give_up(self, name: bytes, answer: Future[Sequence[Address]]) -> bool:
        """Wait no longer. A lookup that nobody waits for never begins. Returns whether this one had not begun."""
        with self._changed:
            lookup = self._lookups.get(name)
            if lookup is None:
                return False
            starved = not lookup.began and answer in lookup.waiting
            lookup.waiting.discard(answer)
            lookup.joined.discard(answer)
            if not lookup.began and not lookup.waiting:
                lookup.queue.remove(lookup)
                del self._lookups[name]
            return starved

    def _queue(self, name: bytes, waiting: set[Future[Sequence[Address]]]) -> None:
        wanted = 1 + sum(map(len, self._queues.values()))
        if wanted > self._threads - self._busy and self._threads < MOST_LOOKUPS:
            try:
                threading.Thread(target=self._work, name=f"prober-dns-{self._threads}", daemon=True).start()
                self._threads += 1
            except RuntimeError:  # the system gives no more: those that there are do it
                if not self._threads:
                    raise
        queue = self._queues[self._class_of(name)]
        lookup = self._lookups[name] = _Lookup(name, queue)
        lookup.waiting = waiting
        queue.append(lookup)
        self._changed.notify()

    def _class_of(self, name: bytes) -> _Class:
        prompt = self._prompt.get(name)
        return _Class.NEW if prompt is None else _Class.PROMPT if prompt else _Class.SLOW

    def _work(self) -> None:
        while True:
            with self._changed:
                while (lookup := self._next()) is None:
                    self._changed.wait()
            began, found = time.monotonic(), _getaddrinfo(lookup.name)
            with self._changed:
                # The thread counts as free before the answer is told: whoever asks next shall not need another one.
                answers = self._ended(lookup, found, prompt=time.monotonic() - began <= PROMPT)
            for answer in answers:
                if isinstance(found, Exception):
                    answer.set_exception(copy(found))  # each is raised in a task of its own, with a traceback
                else:
                    answer.set_result(found)

    def _next(self) -> _Lookup | None:
        for each, queue in self._queues.items():
            if queue and self._busy < LIMITS[each]:
                lookup = queue.popleft()
                lookup.began = True
                self._busy += 1
                return lookup
        return None

    def _ended(
        self, lookup: _Lookup, found: Sequence[Address] | Exception, *, prompt: bool
    ) -> set[Future[Sequence[Address]]]:
        """The waiting callers that get this result.

        A failure is not passed to callers that joined later: their name is looked up again, for the name server may
        have recovered meanwhile.
        """
        self._busy -= 1
        del self._lookups[lookup.name]
        self._prompt[lookup.name] = prompt
        self._prompt.move_to_end(lookup.name)
        if len(self._prompt) > _REMEMBERED:
            self._prompt.popitem(last=False)
        if not isinstance(found, Exception):
            return lookup.waiting | lookup.joined
        if lookup.joined:
            self._queue(lookup.name, lookup.joined)
        return lookup.waiting


def _getaddrinfo(name: bytes) -> Sequence[Address] | Exception:
    try:
        return socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except Exception as error:
        return error


_resolver: Final = Resolver()
