"""The argument of every run function: one run of one probe against one target.

A kind is one async function `(context, settings) -> None`. It returns if the target is well, and raises Failure if it
is not. It adds measured values to `context.facts` and sentences to `context.warnings`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from prober.assertions.judge import Judge
from prober.client.conversation import Conversation
from prober.client.error_mapping import timed_out
from prober.client.exchange import ExchangeLog
from prober.client.session import Session
from prober.client.stdio.kept_processes import Pool
from prober.client.target_cache import TargetCache, Tool, ToolList
from prober.config.model import Target
from prober.deadline import Deadline
from prober.kinds.read_only import hint_of, is_read_only
from prober.kinds.run_clock import RunClock
from prober.outcome import Evidence, Failure, MaskedServerInfo, Reason, ServerInfo
from prober.outcome.masking import MaskedFailure, masked_server
from prober.outcome.run import NOBODY

if TYPE_CHECKING:
    from prober.consistency.trace import Trace

_AT_ONCE: Final = 1_000
"""Tools of a list that one step goes through: a server may list a hundred thousand."""
_SESSION_USABLE: Final = frozenset(
    {
        Reason.RPC_ERROR,
        Reason.BAD_RESULT,
        Reason.INPUT_REQUIRED,
        Reason.VERSION_UNSUPPORTED,
        Reason.TOOL_MISSING,
        Reason.TOOL_ERROR,
        Reason.NOT_READ_ONLY,
        Reason.OUTPUT_SCHEMA_INVALID,
        Reason.OUTPUT_SCHEMA_MISMATCH,
        Reason.SCHEMA_MISMATCH,
        Reason.EXPECTATION_FAILED,
        Reason.TOO_SLOW,
        Reason.UNDECIDED,
        Reason.CACHE_LEAK,
    }
)
"""Reasons of a wrong answer: the session is usable after it."""


@dataclass(kw_only=True)
class ProbeContext:
    """One run of one probe. The engine enforces the deadline."""

    target: Target
    target_cache: TargetCache
    judge: Judge
    deadline: Deadline
    allow_writes: bool
    log: ExchangeLog
    server: MaskedServerInfo = NOBODY
    facts: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    step: str | None = None
    """The step that runs now, where the kind has a better name for the step than the protocol."""
    _clock: RunClock = field(default_factory=RunClock)
    _sessions: set[Session] = field(default_factory=set)
    _if_late: Failure | None = None
    """What the run ends with if the deadline passes now; None where that is the fault of the exchange under way."""
    _process: Evidence | None = None
    """What the process of the session that failed had to say."""
    probe: str = ""
    origin: str = ""
    """The probe's file and line."""
    timeout: float | None = None
    """Seconds of the deadline, where it comes from a configuration."""
    on_trace: Callable[[Trace], None] = lambda _trace: None
    """Called with the trace of a race, whatever its verdict."""
    on_answer: Callable[[], None] = lambda: None
    """Called when a process that was started has given its first answer, or has failed to; at once, for a kept one."""
    kept: Pool | None = None
    """Where sessions come from and go to that are kept between runs; None where each run has its own."""

    @property
    def limit(self) -> str:
        """The deadline, as a message names it."""
        return "the deadline" if self.timeout is None else f"the timeout of {self.timeout:g} s"

    def within_deadline(self) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Enforce the deadline: it aborts the current exchange, and the failure names this exchange."""
        return self.within(self.deadline)

    @asynccontextmanager
    async def within(self, end: Deadline) -> AsyncIterator[asyncio.Timeout]:
        """Enforce an earlier end. The yielded timeout can be rescheduled."""
        try:
            async with self._clock.within(end) as timeout:
                yield timeout
        except TimeoutError:
            if not timeout.expired():
                raise
            if self._if_late is not None:
                raise self._if_late from None
            failure = timed_out(self.log.last, limit=self.limit)
            failure.step = self.step or failure.step
            raise failure from None

    @contextmanager
    def standing_still(self, fact: str) -> Iterator[None]:
        """The deadline does not come nearer while a process starts or leaves. `fact` is told how long that took."""
        self._clock.stop()
        try:
            yield
        finally:
            self._go_on(fact)

    def moved(self, end: Deadline, *, since: Deadline) -> Deadline:
        """An end that was computed when the deadline was `since`, later by what the deadline has moved."""
        return Deadline(end + (self.deadline - since))

    @asynccontextmanager
    async def session(
        self, *, explicit: bool = False, require_clean_close: bool = False, log: ExchangeLog | None = None
    ) -> AsyncIterator[Session]:
        """A negotiated session, closed at the end of the block.

        `explicit` negotiates on the wire also in an era that needs no negotiation. With `require_clean_close`, a server
        that does not end the session properly is a failure instead of a warning. Sessions that are open at the same
        time need a `log` each.
        """
        log = log or self.log
        conversation = await self._kept_conversation()
        session = Session(
            self.target,
            log=log,
            target_cache=self.target_cache,
            judge=self.judge,
            deadline=self.deadline,
            conversation=conversation,
            on_start=self._clock.stop,
            on_answer=self._answered,
        )
        self._sessions.add(session)
        opened = kept = False
        try:
            await session.open(explicit=explicit)
            opened = True
            try:
                yield session
            except Failure as failure:
                if session_is_usable(failure):
                    self._process = session.process
                    kept = self._keep(session)
                    with suppress(TimeoutError):  # report the failure, not the lack of time to close
                        async with asyncio.timeout(None if self._starts_process else self._time_left() / 2):
                            if not kept:
                                await self._close(session, require_clean_close=False, after=failure)
                    self._if_late = None
                raise
            kept = self._keep(session)
            if not kept:
                await self._close(session, require_clean_close=require_clean_close)
        except BaseException as error:
            self._process = self._process or session.process
            if self.kept is not None and opened and not (isinstance(error, Failure) and session_is_usable(error)):
                self.kept.failed(session.conversation, error)
            raise
        finally:
            self._sessions.discard(session)
            if _knows_more(session.server, self.server):  # a second session may learn less than the first
                self.server = masked_server(session.server, self.log.redact)
            if session.certificate_expiry is not None:
                self.facts["certificate_expiry_timestamp_seconds"] = session.certificate_expiry
            self.facts.update(session.token_expiry)
            if not kept:
                await session.abort()

    async def _kept_conversation(self) -> Conversation | None:
        """What another run has left to go on with; None where this run starts its own process."""
        if self.kept is None:
            return None
        conversation = await self.kept.take()
        if conversation is not None:
            self.on_answer()  # no process starts
        elif self.kept.ending:  # a target has no more processes at a time than runs
            with self.standing_still("close_seconds"):
                await self.kept.ended()
        self.warnings += self.kept.news()
        return conversation

    def _keep(self, session: Session) -> bool:
        return self.kept is not None and self.kept.keep(session.conversation)

    async def tool(self, session: Session, name: str) -> Tool:
        """The listing of a tool that this run may call. Raises `tool_missing` or `not_read_only`."""

        async def fetch() -> ToolList:
            tools: dict[str, Tool] = {}
            for number, listing in enumerate(await session.pages("tools/list", "tools")):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                # of two tools of one name, take the one that writes
                if listing["name"] not in tools or not is_read_only(listing["name"], listing, self.target):
                    tools[listing["name"]] = Tool(listing)
            return ToolList.of(tools, cache.asked_tools)

        cache = self.target_cache
        cache.asked_tools.add(name)
        found = await cache.tools.get(fetch)
        if not found.knows(name):  # fetched before anybody asked for this tool, and too large to be kept whole
            cache.tools.forget(found)
            found = await cache.tools.get(fetch)
        if not found.worth_keeping:
            cache.tools.forget(found)
        tool = found.tools.get(name)
        if tool is None:
            raise Failure(
                Reason.TOOL_MISSING,
                f"the server lists no tool {name!r}",
                step="tools/list",
                evidence=Evidence(expected=name, seen=found.names),
            )
        if not self.allow_writes and not is_read_only(name, tool.listing, self.target):
            raise Failure(
                Reason.NOT_READ_ONLY,
                f"{name} does not say readOnlyHint: true, and the probe does not say allow_writes: true",
                step="tools/list",
                evidence=Evidence(pointer="/annotations/readOnlyHint", expected="true", seen=hint_of(tool.listing)),
            )
        return tool

    def masked(self, failure: Failure) -> MaskedFailure:
        """The failure with every secret of the target masked in its texts."""
        return MaskedFailure(failure, self.log.redact, further=self._last_words(failure))

    def _last_words(self, failure: Failure) -> Iterator[Evidence]:
        """What the process said, as far as the failure does not have it."""
        process = self._process
        if process is None or process.detail is None:
            return
        known = failure.evidence.detail
        new = [text for text in process.detail.split("\n", 1) if text not in failure.message]
        if known is not None and new and new[-1].endswith(known):
            new.pop()
        if new:
            yield Evidence(detail="\n".join(new))

    def _time_left(self) -> float:
        end = self._clock.end
        return (self.deadline if end is None else Deadline(end)).left()

    @property
    def _starts_process(self) -> bool:
        return self.target.transport == "stdio"

    def _go_on(self, fact: str) -> None:
        """Let the clock go on where it stopped, once no process starts or leaves any more."""
        stood = self._clock.go_on()
        if stood is None:
            return
        self.facts[fact] = self.facts.get(fact, 0.0) + stood
        self.deadline = Deadline(self.deadline + stood)
        for session in self._sessions:
            session.deadline = self.deadline

    def _answered(self) -> None:
        self._go_on("start_seconds")
        self.on_answer()

    async def _close(self, session: Session, *, require_clean_close: bool, after: Failure | None = None) -> None:
        """`after` is how the run has failed already. Leaving ends before the deadline: both come at once only where
        this process was held up, and then no server is to blame."""
        self._if_late = after or Failure(
            Reason.UNDECIDED,
            f"{self.limit} passed at the end of the session, while the prober was held up",
            step="close",
        )
        try:
            with self.standing_still("close_seconds") if self._starts_process else nullcontext():
                await session.close()
        except Failure as failure:
            self._if_late = None
            if require_clean_close:
                raise
            if failure.reason is not Reason.PROCESS_EXITED:  # with which status it leaves is its own matter
                self.warnings.append(f"at the end of the session: {failure.message}")
        else:
            self._if_late = None


def session_is_usable(failure: Failure) -> bool:
    """Whether the session can go on after the failure, and must be closed properly.

    Otherwise a server that fails its probe every minute would keep a session for each run.
    """
    return failure.reason in _SESSION_USABLE


def _knows_more(later: ServerInfo, earlier: ServerInfo) -> bool:
    return later.era is not None and (later.name is not None or earlier.name is None)
