"""Whether a list that changes while the stream is open is announced on it, as the server says that it does.

The lists are read by a second session: what is read on the stream's own connection would disturb its silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from prober.client.exchange import ExchangeLog
from prober.json_values import cap
from prober.kinds.catalog.listing import LISTS, Listing, promises_changes, read_lists
from prober.kinds.context import ProbeContext
from prober.outcome import Failure

_NOTIFIED_BY: Final = {
    "notifications/tools/list_changed": "tools",
    "notifications/prompts/list_changed": "prompts",
    "notifications/resources/list_changed": "resources",
}
"""By notification, the capability whose lists have changed."""
_GRACE: Final = 2.0
"""Seconds that a notification may come later than the change is seen, never more than a quarter of the hold."""
_NAMES: Final = 5


@dataclass(kw_only=True)
class SilentChanges:
    """What the lists were at the beginning and the end, and what was said of them meanwhile."""

    context: ProbeContext
    hold: float
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the server has to announce changes."""
    announced: set[str] = field(default_factory=set)
    failure: Failure | None = None
    """Why the lists could not be read."""
    seen: bool = False
    """Whether they were read twice."""
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _before: Mapping[str, Listing] = field(default_factory=dict)
    _after: Mapping[str, Listing] = field(default_factory=dict)

    def heard(self, method: object) -> None:
        """Note a notification on the stream."""
        if isinstance(method, str) and method in _NOTIFIED_BY:
            self.announced.add(_NOTIFIED_BY[method])

    @asynccontextmanager
    async def watched(self, *, at_once: bool) -> AsyncIterator[None]:
        """The lists are watched for as long as the block lasts; `at_once`, where the server acknowledges nothing."""
        if at_once:
            self.listening.set()
        watching = asyncio.create_task(self._watch())
        try:
            yield
            self._over.set()
            await asyncio.wait([watching], timeout=_GRACE)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        if not watching.cancelled():
            watching.result()

    async def _watch(self) -> None:
        try:
            await self._read_twice()
        except Failure as failure:
            failure.message = f"in the session that reads the lists: {failure.message}"
            self.failure = failure

    async def _read_twice(self) -> None:
        """Read the lists now, and again shortly before the end, unless the stream is over by then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.hold - min(_GRACE, self.hold / 4)
        await self.listening.wait()
        log = ExchangeLog(self.context.log.redact, span=self.context.log.span, own_spans=False)
        async with self.context.session(explicit=True, log=log) as session:
            lists = [name for name in LISTS if promises_changes(session, name)]
            self.announced.clear()  # of changes that the lists below have in them
            self._before = await read_lists(session, lists)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(end):
                    await self._over.wait()
                return
            self._after = await read_lists(session, lists)
            self.seen = True

    def found(self) -> list[str]:
        """Every list that changed in silence."""
        return [
            f"{LISTS[section][1]} changed while the stream was open ({_changed(listing, self._after[section])}), and"
            f" no {_notification(section)} came: clients keep the old list"
            for section, listing in self._before.items()
            if section in self._after
            and listing.by_identity != self._after[section].by_identity
            and LISTS[section][0] not in self.announced
        ]


def _notification(section: str) -> str:
    return next(name for name, capability in _NOTIFIED_BY.items() if capability == LISTS[section][0])


def _changed(before: Listing, after: Listing) -> str:
    old, new = before.by_identity, after.by_identity
    names = sorted(old.keys() ^ new.keys()) or [name for name in old if old[name] != new[name]]
    return ", ".join(cap(name, 50) for name in names[:_NAMES]) + (
        f" and {len(names) - _NAMES} more" * (len(names) > _NAMES)
    )
