"""Looks at every source again and again, and keeps the last targets where a look fails or finds suspiciously few.

A source that is down, half written or emptied by mistake must not delete a fleet: the targets stay, and the state says
why. What is gone for good goes when the operator reloads the configuration, or when half or more are still there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from prober.config.model import Target
from prober.config.sources import TargetSource
from prober.sources.found import Found, SourceError
from prober.sources.memory import Memory
from prober.sources.reading import document_of, stamp_of, targets_of

_LOGGER: Final = logging.getLogger(__name__)

_FEW: Final = 10
"""From so many targets on, a loss of more than half of them is suspicious."""
_SPREAD: Final = 0.1
"""The share of the time between two looks by which they are moved, so that many probers do not ask at once."""


@dataclass(kw_only=True)
class SourceState:
    """How a source stands. Times are UTC."""

    source: TargetSource
    targets: Mapping[str, Target] = field(default_factory=dict)
    left_out: int = 0
    problems: tuple[str, ...] = ()
    looked_at: datetime | None = None
    """The last look that gave targets which were taken."""
    trouble: str | None = None
    """Why the last look did not; the targets are older than it."""
    document: Any = None
    stamp: tuple[object, ...] | None = None
    """Of the files that were taken last; what has it still need not be read again."""
    trusting: bool = True
    """Whether the next look is taken as it is: one without anything before it, and the first after a reload."""


class Watcher:
    """Call in an event loop. `on_change` is called when the targets of a source have changed, `on_trouble` when a look
    began to fail (with the reason) or succeeds again (with None).
    """

    def __init__(
        self,
        memory: Memory,
        *,
        on_change: Callable[[], None],
        on_trouble: Callable[[str, str | None], None] = lambda _name, _why: None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._memory, self._on_change, self._on_trouble = memory, on_change, on_trouble
        self._environ = os.environ if environ is None else environ
        self._states: dict[str, SourceState] = {}
        self._loops: dict[str, asyncio.Task[None]] = {}

    @property
    def states(self) -> Mapping[str, SourceState]:
        """Every source by name."""
        return self._states

    @property
    def targets(self) -> dict[str, Mapping[str, Target]]:
        """The targets of each source, by name."""
        return {name: state.targets for name, state in self._states.items()}

    async def apply(self, sources: Mapping[str, TargetSource]) -> None:
        """Watch these sources from here on. What was kept of a new one is there when this returns; no look is awaited.

        Settings take effect at once, for the targets that are known; every source is looked at soon.
        """
        for loop in self._loops.values():
            loop.cancel()
        before, self._states, self._loops = self._states, {}, {}
        for name, source in sources.items():
            known = before.get(name)
            same = known is not None and _address(known.source) == _address(source)
            document = known.document if known is not None and same else None
            if document is None:
                document = await asyncio.to_thread(self._memory.recall, source)
            state = SourceState(source=source, document=document, trusting=known is not None or document is None)
            if document is not None or source.way == "client_config":
                try:
                    self._take(state, await self._targets(source, document), document)
                    state.looked_at = known.looked_at if known is not None and same else None
                except SourceError:
                    pass  # the look that follows says it
                except Exception:  # what was kept is no document of the source: as good as nothing
                    state.document, state.trusting = None, True
            self._states[name] = state
            self._loops[name] = asyncio.create_task(self._watch(state), name=f"source {name}")

    async def stop(self) -> None:
        """End all looks."""
        for loop in self._loops.values():
            loop.cancel()
        await asyncio.gather(*self._loops.values(), return_exceptions=True)

    async def _watch(self, state: SourceState) -> None:
        while True:
            await self.look(state)
            await asyncio.sleep(state.source.every * random.uniform(1 - _SPREAD, 1 + _SPREAD))  # noqa: S311 - no secret

    async def look(self, state: SourceState) -> None:
        """One look; whatever goes wrong is in the state."""
        try:
            await self._look(state)
        except SourceError as error:
            self._note(state, str(error))
        except Exception as error:  # a mistake of ours may cost this look, never all that would follow
            _LOGGER.exception("a look at the source %s failed", state.source.name)
            self._note(state, f"a mistake of the prober itself, {type(error).__name__}: please report it, with its log")

    async def _look(self, state: SourceState) -> None:
        before = state.targets
        stamp = await asyncio.to_thread(stamp_of, state.source)
        if stamp is not None and stamp == state.stamp:
            state.looked_at = datetime.now(UTC)
            return
        state.stamp = None
        document = await document_of(state.source, state.document)
        found = await self._targets(state.source, document)
        if not state.trusting and (why := _suspicious(len(state.targets), len(found.targets))) is not None:
            self._note(state, why)
            return
        state.trusting = False
        if document is not None and document != state.document:
            await asyncio.to_thread(self._memory.keep, state.source, document)
        self._take(state, found, document)
        state.looked_at, state.stamp = datetime.now(UTC), stamp
        self._note(state, None)
        if state.targets != before:
            self._on_change()

    async def _targets(self, source: TargetSource, document: Any) -> Found:
        return await asyncio.to_thread(targets_of, source, document, environ=self._environ)

    def _take(self, state: SourceState, found: Found, document: Any) -> None:
        state.targets, state.document = found.targets, document
        state.left_out, state.problems = found.left_out, tuple(found.problems)

    def _note(self, state: SourceState, trouble: str | None) -> None:
        before, state.trouble = state.trouble, trouble
        if (before is None) != (trouble is None):
            self._on_trouble(state.source.name, trouble)


def _suspicious(before: int, now: int) -> str | None:
    if before and not now:
        return f"no target any more: the last {before:,} are kept; a reload takes it as it is"
    if before >= _FEW and now * 2 < before:
        return f"only {now:,} targets of {before:,}: the last are kept; a reload takes it as it is"
    return None


def _address(source: TargetSource) -> tuple[Any, ...]:
    return source.way, source.file, source.http, source.client_config, source.registry
