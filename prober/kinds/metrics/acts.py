"""Makes the calls of an act, and notes what each of them has to have moved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from prober.client.exchange import ExchangeLog
from prober.client.session import Session
from prober.deadline import Deadline
from prober.kinds.answer import tool_error
from prober.kinds.context import ProbeContext
from prober.kinds.metrics.settings import Act
from prober.kinds.placeholders import fill
from prober.kinds.turned_down import is_turned_down
from prober.outcome import Evidence, Failure, Reason
from prober.state_metrics.movement import Expected

_PERSISTENCE: Final = 10
"""So many times the calls of a conflict are made, at most, until one is turned down: a tool that retries its write
loses only by chance."""
_PERSISTENCE_SHARE: Final = 0.5
"""Of the time that is left, for these."""


@dataclass
class _Tally:
    """The calls of an act so far."""

    made: int = 0
    turned_down: int = 0


async def carry_out(
    context: ProbeContext, session: Session, name: str, act: Act, names: Mapping[str, Any], expected: Expected
) -> None:
    """Make all calls of the act `name`, a session for each that is open at the same time.

    Raises Failure: a call failed otherwise than by being turned down, or none was turned down where that is the act.
    """
    context.step = name
    tally = _Tally()
    turns = _turns(name, act, tally, context.deadline.share(_PERSISTENCE_SHARE))
    at_once = 1 if context.target.transport == "stdio" else min(act.at_once, act.times)
    async with AsyncExitStack() as stack:
        sessions = [session]
        for _ in range(at_once - 1):  # exchanges of sessions that are open together would mix in one log
            log = ExchangeLog(context.log.redact, span=context.log.span, own_spans=False)
            sessions.append(await stack.enter_async_context(context.session(log=log)))
        try:
            async with asyncio.TaskGroup() as together:
                for each in sessions:
                    together.create_task(_calls(context, each, name, act, names, expected, turns, tally))
        except* Failure as failures:
            raise _first(failures) from None
    if name == "conflict" and not tally.turned_down:
        raise Failure(
            Reason.UNDECIDED,
            f"none of {tally.made} calls of {act.tool} was turned down as `conflict_when` says",
            step=name,
            evidence=Evidence(keyword="conflict_when"),
        )
    context.step = None


def _turns(name: str, act: Act, tally: _Tally, patience: Deadline) -> Iterator[None]:
    """One for each call that is to be made."""
    while tally.made < act.times or (
        name == "conflict" and not tally.turned_down and tally.made < act.times * _PERSISTENCE and patience.left()
    ):
        tally.made += 1
        yield


async def _calls(
    context: ProbeContext,
    session: Session,
    name: str,
    act: Act,
    names: Mapping[str, Any],
    expected: Expected,
    turns: Iterator[None],
    tally: _Tally,
) -> None:
    """Calls until there are enough."""
    tool = await context.tool(session, act.tool)
    for _ in turns:
        params = {"name": act.tool, "arguments": fill(act.arguments, names)}
        result = await session.request("tools/call", params, input_schema=tool.input_schema)
        is_error = bool(result.get("isError"))
        turned_down = bool(act.conflict_when) and await is_turned_down(context, act.conflict_when, result)
        if is_error and not turned_down:
            raise tool_error(act.tool, result)
        expected.called(act.tool, is_error=is_error)
        if name == "lock_wait":
            expected.waited(act.tool, seconds=act.waits)
        elif turned_down:
            expected.lost(act.tool)
            tally.turned_down += 1
        else:
            expected.written(act.tool)


def _first(group: BaseExceptionGroup[Failure]) -> Failure:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
