"""The processes that are kept between runs, of targets with `reuse`: who owns them, and when they end.

    run begins      takes the session that was used last, if there is one: alive, and younger than `reuse`. Else it
                    starts a process of its own
    run ends        gives the session back, unless it is too old or a failure has left it unusable: then it ends with
                    the run, as it would without `reuse`
    between runs    one task for each process attends to it (`StdioTransport.rest`). A process that dies, that sends
                    what may not be sent, or that comes of age ends in a task of its own; the next run waits for that
    the end         the owner closes every process that is left, all at once, with the usual grace

A process that ends is reported with its cause, always: a death between two runs is in no run's verdict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from prober.client.conversation import Conversation
from prober.client.exchange import ExchangeRecorder
from prober.client.session import EXIT_GRACE
from prober.config.model import Target
from prober.outcome import Failure, Reason
from prober.redaction import NOTHING, Masked

if TYPE_CHECKING:  # a pass over HTTP does not import it
    from prober.client.stdio.stdio_transport import StdioTransport


class Cause(StrEnum):
    """Why a kept process ended. Values are label values in metrics."""

    DIED = "died"
    """It exited between two runs."""
    BROKEN = "broken"
    """It closed its output between two runs, or wrote what may not be written."""
    FAILED = "failed"
    """A run failed in a way that left its session unusable."""
    AGED = "aged"
    """It was as old as `reuse` allows."""
    RELOADED = "reloaded"
    """The configuration of its target has changed, or is gone."""
    STOPPED = "stopped"
    """The prober ends."""

    @property
    def of_itself(self) -> bool:
        """Whether no run and no rule of ours ended it."""
        return self in (Cause.DIED, Cause.BROKEN)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The end of a kept process. `trouble` is what was wrong, masked; empty if nothing was."""

    target: str
    cause: Cause
    age: float
    trouble: Masked = NOTHING


@dataclass(kw_only=True, eq=False)
class _Idle:
    conversation: Conversation
    attendant: asyncio.Task[None] = field(init=False)

    @property
    def transport(self) -> StdioTransport:
        return cast("StdioTransport", self.conversation.transport)


class KeptProcesses:
    """The owner of all kept processes, from entering to leaving. `on_end` is called with each end."""

    def __init__(self, on_end: Callable[[Ended], None] = lambda _ended: None) -> None:
        self._on_end = on_end
        self._pools: dict[str, Pool] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.retire(Cause.STOPPED)
        if not self._ending:
            return
        try:
            await asyncio.wait(self._ending)
        finally:
            for task in self._ending:
                task.cancel()
            if self._ending:
                await asyncio.wait(self._ending)

    def pool_of(self, target: Target, redact: Callable[[str], Masked]) -> Pool | None:
        """The pool of a target; None where it does not ask for one. The pool of its former configuration is retired."""
        former = self._pools.pop(target.name, None)
        if former is not None:
            former.retire(Cause.RELOADED)
        if target.reuse is None:
            return None
        pool = self._pools[target.name] = Pool(
            target, redact=redact, on_end=self._on_end, endings=self._ending, former=former
        )
        return pool

    def forget(self, target: str) -> None:
        """A target is gone."""
        former = self._pools.pop(target, None)
        if former is not None:
            former.retire(Cause.RELOADED)


class Pool:
    """The kept sessions of one target: as many as its runs at a time, `concurrency`."""

    def __init__(
        self,
        target: Target,
        *,
        redact: Callable[[str], Masked],
        on_end: Callable[[Ended], None],
        endings: set[asyncio.Task[None]],
        former: Pool | None = None,
    ) -> None:
        assert target.reuse is not None
        self._target, self._reuse = target, target.reuse
        self._redact, self._on_end = redact, on_end
        self._all_endings = endings
        self._endings: set[asyncio.Task[None]] = former._endings if former is not None else set()
        self._idle: list[_Idle] = []
        self._out: set[Conversation] = set()
        """What runs have taken and not given back."""
        self._keeps = True
        self._because: Cause | None = None
        self._news: list[str] = []

    @property
    def is_full(self) -> bool:
        """Whether each run that may begin now finds a process, also where several begin together."""
        return len(self._idle) + len(self._out) >= self._target.concurrency and bool(self._idle)

    @property
    def ending(self) -> bool:
        """Whether a process of the target is about to leave."""
        return bool(self._endings)

    async def ended(self) -> None:
        """Wait until none is. Bounded by the grace that each has."""
        while self._endings:
            await asyncio.wait(self._endings)

    def news(self) -> list[str]:
        """What happened since the run before that no run has told."""
        news, self._news = self._news, []
        return news

    async def take(self) -> Conversation | None:
        """A session to go on with; None where a run has to start its own."""
        while self._idle:
            idle = self._idle.pop()
            if not idle.transport.alive:
                self._end(idle, Cause.DIED)
            elif idle.transport.age >= self._reuse:
                self._end(idle, Cause.AGED)
            else:
                idle.attendant.cancel()
                try:
                    await asyncio.wait([idle.attendant])
                except BaseException:
                    self._end(idle, Cause.FAILED)
                    raise
                idle.transport.wake()
                self._out.add(idle.conversation)
                return idle.conversation
        return None

    def keep(self, conversation: Conversation) -> bool:
        """Whether the session of a run that has ended is kept. If not, the run has to end it."""
        self._out.discard(conversation)
        idle = _Idle(conversation=conversation)
        if not self._keeps:
            if self._because is not None:
                self._report(idle, self._because)
            return False
        if not idle.transport.alive:
            self._report(idle, Cause.DIED, _words(idle.transport))
            return False
        if idle.transport.age >= self._reuse:
            self._report(idle, Cause.AGED)
            return False
        self._idle.append(idle)
        idle.attendant = asyncio.create_task(self._attend(idle), name=f"attend to {self._target.name}")
        return True

    def failed(self, conversation: Conversation, error: BaseException) -> None:
        """A run ends the session, which cannot be used any more: it has failed, or was cut off in the middle."""
        self._out.discard(conversation)
        cut_off = "the time of the run was up before its answer came"
        trouble = f"{error.reason}: {error.message}" if isinstance(error, Failure) else cut_off
        self._report(_Idle(conversation=conversation), Cause.FAILED, trouble)

    def keep_no_more(self) -> None:
        """No further run will come: what a run has now ends with it."""
        self._keeps = False

    def retire(self, cause: Cause) -> None:
        """End all that are idle, and what runs still have at the end of these runs."""
        self._keeps, self._because = False, cause
        while self._idle:
            self._end(self._idle.pop(), cause)

    async def _attend(self, idle: _Idle) -> None:
        try:
            async with asyncio.timeout(max(0.0, self._reuse - idle.transport.age)):
                await idle.transport.rest()
        except TimeoutError:
            self._idle.remove(idle)
            self._end(idle, Cause.AGED)
        except Failure as failure:
            self._idle.remove(idle)
            self._end(idle, _cause_of(failure), failure)

    def _end(self, idle: _Idle, cause: Cause, failure: Failure | None = None) -> None:
        """End a process in a task of its own."""
        if asyncio.current_task() is not idle.attendant:
            idle.attendant.cancel()
        task = asyncio.create_task(self._leave(idle, cause, failure), name=f"end a process of {self._target.name}")
        for endings in (self._endings, self._all_endings):
            endings.add(task)
            task.add_done_callback(endings.discard)

    async def _leave(self, idle: _Idle, cause: Cause, failure: Failure | None) -> None:
        transport = idle.transport
        try:
            await asyncio.wait([idle.attendant])
            if failure is None and not transport.alive:
                failure = await transport.how_it_ended()
                cause = _cause_of(failure)
            left = await _closed(transport)
            failure = failure or left
            trouble = failure.message if failure is not None else ""
            said = _words(transport, known=trouble) if trouble else ""
            self._report(idle, cause, "; ".join(filter(None, (trouble, said))))
        finally:
            await transport.abort()

    def _report(self, idle: _Idle, cause: Cause, trouble: str = "") -> None:
        ended = Ended(
            target=self._target.name, cause=cause, age=idle.transport.age, trouble=self._redact(trouble.strip())
        )
        if cause is not Cause.FAILED and trouble:  # the run that failed has told it
            how = {Cause.DIED: "died", Cause.BROKEN: "broke its session"}.get(cause, "was ended")
            self._news.append(f"between two runs the kept process {how}: {ended.trouble}")
        self._on_end(ended)


async def _closed(transport: StdioTransport) -> Failure | None:
    """What was wrong with how the process left; with which status it does is its own matter."""
    try:
        await transport.close(headers={}, recorder=ExchangeRecorder("close"), grace=EXIT_GRACE)
    except Failure as failure:
        return None if failure.reason is Reason.PROCESS_EXITED else failure
    return None


def _cause_of(failure: Failure) -> Cause:
    return Cause.DIED if failure.reason is Reason.PROCESS_EXITED else Cause.BROKEN


def _words(transport: StdioTransport, *, known: str = "") -> str:
    """How the process exited and what it said last, as far as it is not `known`."""
    process = transport.process
    said = process.detail if process is not None and process.detail is not None else ""
    return "; ".join(text for text in said.split("\n", 1) if text and text not in known)
