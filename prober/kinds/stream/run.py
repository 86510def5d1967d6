"""`stream`: opens the stream of the server, says nothing, and notes what comes and when it ends. It calls no tool.

In the handshake era that is the GET stream of the session, in the modern era the answer to `subscriptions/listen`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

from prober.assertions.result_shapes import MODERN
from prober.client import envelope
from prober.client.http.streamable_http import StreamableHttpTransport
from prober.client.jsonrpc import METHOD_NOT_FOUND, is_answer
from prober.client.session import Session
from prober.json_values import cap
from prober.kinds.context import ProbeContext
from prober.kinds.stream import StreamSettings
from prober.kinds.stream.silent_changes import SilentChanges
from prober.outcome import Evidence, Failure, Phase, Reason

_LISTEN: Final = "subscriptions/listen"
_WANTED: Final = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}
_BROKEN: Final = frozenset({Reason.CONNECTION_CLOSED, Reason.CONNECTION_RESET, Reason.NOT_HTTP, Reason.STREAM_ENDED})
"""What a stream that was open can end with, beside its proper end."""


async def run(context: ProbeContext, settings: StreamSettings) -> None:
    if context.target.transport != "http":
        raise Failure(Reason.UNDECIDED, f"over {context.target.transport} there is no stream that a proxy could cut")
    changes = SilentChanges(context=context, hold=settings.hold) if settings.list_changed is not None else None
    async with context.session() as session:
        watched = await _watched(context, session, settings.hold, changes)
    context.facts["stream_open_seconds"] = watched.open
    context.facts["stream_silence_seconds"] = watched.silence
    context.facts["stream_keep_alives"] = watched.keep_alives
    context.facts["stream_messages"] = watched.messages
    _judge_end(context, settings, watched)
    if changes is not None and watched.end is None:
        _judge_silence(context, changes, step=watched.step, fails=settings.list_changed == "fail")


def _judge_end(context: ProbeContext, settings: StreamSettings, watched: _Watched) -> None:
    if watched.end is None:
        return
    wanted = settings.hold if settings.expect_open is None else settings.expect_open
    if watched.open >= wanted:
        context.warnings.append(f"the stream {watched.told()}")
        return
    raise Failure(
        Reason.STREAM_CUT,
        f"the stream {watched.told()}; it must stay open for {wanted:g} s",
        step=watched.step,
        evidence=Evidence(
            keyword="expect_open" if settings.expect_open is not None else "hold",
            expected=f"open for {wanted:g} s",
            seen=f"open for {watched.open:.1f} s",
            detail=watched.end,
        ),
    )


def _judge_silence(context: ProbeContext, changes: SilentChanges, *, step: str, fails: bool) -> None:
    if changes.failure is not None:
        raise changes.failure
    if not changes.seen:
        why = (
            "were not read twice in time"
            if changes.listening.is_set()
            else "wait for an acknowledgement that never came"
        )
        context.warnings.append(f"whether changes are announced was not seen: the lists {why}")
        return
    found = changes.found()
    if found and fails:
        raise Failure(
            Reason.EXPECTATION_FAILED,
            found[0],
            step=step,
            evidence=Evidence(keyword="list_changed", expected="a notification", seen="none"),
            further=tuple(Evidence(keyword="list_changed", detail=each) for each in found[1:]),
        )
    context.warnings += found


@dataclass(kw_only=True)
class _Watched:
    """What was seen of a stream."""

    step: str
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    last: float = 0.0
    open: float = 0.0
    silence: float = 0.0
    keep_alives: int = 0
    messages: int = 0
    end: str | None = None
    """How it ended; None where the prober ended it."""

    def heard(self) -> None:
        now = asyncio.get_running_loop().time() - self.since
        self.silence = max(self.silence, now - self.last)
        self.last = self.open = now

    def told(self) -> str:
        alive = f"{self.keep_alives} keep-alives" if self.keep_alives != 1 else "one keep-alive"
        return f"was cut after {self.open:.1f} s, with {alive} until then ({self.end})"


async def _watched(context: ProbeContext, session: Session, hold: float, changes: SilentChanges | None) -> _Watched:
    conversation = session.conversation
    transport = conversation.transport
    assert isinstance(transport, StreamableHttpTransport)
    message: dict[str, Any] | None = None
    if conversation.era == MODERN and conversation.version is not None:
        params = {"notifications": _WANTED}
        headers = envelope.modern_headers(_LISTEN, params, conversation.version)
        message = {"jsonrpc": "2.0", "id": next(conversation.ids), "method": _LISTEN}
        message["params"] = envelope.modern_params(params, conversation.version)
    else:
        headers = envelope.handshake_headers(conversation.version)
    watched: _Watched | None = None
    step = "GET" if message is None else _LISTEN
    with context.log.exchange(step) as recorder:
        try:
            async with aclosing(transport.listen(message, headers=headers, recorder=recorder)) as pieces:
                await anext(pieces)  # the head of the answer: the stream is open
                watched = _Watched(step=step)
                async with asyncio.timeout(hold) as timeout, _beside(changes, message):
                    await _read(pieces, watched, changes)
        except TimeoutError:
            if watched is None or not timeout.expired():
                raise
            watched.heard()
        except Failure as failure:
            if watched is None:
                raise _not_opened(failure, step) from None
            if failure.reason not in _BROKEN:
                failure.step = failure.step or step
                raise
            watched.heard()
            watched.end = failure.message
        recorder.enter(Phase.RECEIVE)
    assert watched is not None
    return watched


def _beside(changes: SilentChanges | None, asked: Mapping[str, Any] | None) -> AbstractAsyncContextManager[None]:
    """What goes on while the stream is read."""
    return nullcontext() if changes is None else changes.watched(at_once=asked is None)


async def _read(pieces: Any, watched: _Watched, changes: SilentChanges | None) -> None:
    """Note all pieces until the stream ends."""
    async for messages in pieces:
        watched.heard()
        watched.keep_alives += not messages
        for message in messages:
            if is_answer(message):
                watched.end = _farewell(message)
                return
            watched.messages += 1
            if changes is not None:
                changes.listening.set()
                changes.heard(message.get("method"))
    watched.heard()
    watched.end = "the server or a proxy ended it"


def _farewell(message: Any) -> str:
    error = message.get("error")
    if isinstance(error, dict):
        return f"the server ended it with error {error.get('code')}: {cap(str(error.get('message')), 100)}"
    return "the server ended it with a result"


def _not_opened(failure: Failure, step: str) -> Failure:
    """The failure of a stream that was not opened. A server may have none, and then says so."""
    evidence = failure.evidence
    failure.step = step
    if evidence.http_status == 405 or evidence.rpc_code == METHOD_NOT_FOUND:
        return Failure(
            Reason.EXPECTATION_FAILED, f"the server offers no stream: {failure.message}", step=step, evidence=evidence
        )
    return failure
