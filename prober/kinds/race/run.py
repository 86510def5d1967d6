"""`race`: several clients on one scratch object at once; the trace of their calls is held against a model.

setup       makes the object: a scratch name for this run, or a name that the server chooses
quiet read  before any write
rounds      all clients start together and make a few calls each, with small seeded delays in every second round
quiet read  after the last write; instead a lock is acquired once more, and a queue emptied
cleanup     always
verdict     a violation; else a failed call; else `undecided` if too little overlapped
"""

from __future__ import annotations

import asyncio
import random
import secrets
from contextlib import AsyncExitStack
from typing import Any, Final

from prober.kinds.connections import Connection, connect
from prober.kinds.context import ProbeContext
from prober.kinds.placeholders import SCRATCH, names_in
from prober.kinds.race.client import Client
from prober.kinds.race.judging import judged, masked_in_turns
from prober.kinds.race.recorder import Recorder
from prober.kinds.race.report import failure_from
from prober.kinds.race.settings import ALL_OPS, RaceSettings
from prober.kinds.run_step import run_step
from prober.outcome import Failure

RACE_SHARE: Final = 0.6
"""Share of the run's time after which the race ends; the quiet reads need some of the rest."""

CALL_SHARE: Final = 0.2
"""Share of the run's time after which a call's outcome is unknown."""

CLEANUP_SHARE: Final = 0.2

BURST: Final = 4
"""Calls of a client in one round."""

DEFAULT_PROCESSES: Final = 2

_MIN_CALL_TIMEOUT: Final = 0.5
"""Seconds."""


async def run(context: ProbeContext, settings: RaceSettings) -> None:
    loop = asyncio.get_running_loop()
    deadline = context.deadline
    left, race_end = deadline.left(), deadline.share(RACE_SHARE)
    seed = settings.seed if settings.seed is not None else secrets.randbelow(2**32)
    tag = f"probe-{secrets.token_hex(6)}"
    names: dict[str, Any] = {SCRATCH: tag}
    recorder = Recorder(tag=tag, model=settings.model, limit=settings.operations)
    try:
        async with context.within(context.deadline.share(1 - CLEANUP_SHARE)), AsyncExitStack() as stack:
            connections = await connect(context, stack, count=_sessions(context, settings))
            await _set_up(context, connections[0], settings, names, recorder)
            clients = [
                Client(
                    context=context,
                    number=number,
                    connection=connections[number % len(connections)],
                    settings=settings,
                    names=names,
                    recorder=recorder,
                    rng=random.Random(f"{seed} {number}"),  # noqa: S311 - chooses operations, not secrets
                    timeout=max(_MIN_CALL_TIMEOUT, left * CALL_SHARE),
                )
                for number in range(settings.clients)
            ]
            await clients[0].look()
            race_end = context.moved(race_end, since=deadline)
            await _rounds(clients, recorder, end=min(loop.time() + settings.seconds, race_end))
            # Each process may have its own state, so the last process is read as well.
            for number in {0, len(connections) - 1}:
                await clients[number].look(final=True)
    except Failure as failure:
        if not recorder.operations:
            raise
        recorder.failures.append(failure)  # the operations recorded so far are judged all the same
    finally:
        context.facts["race_operations"] = len(recorder.operations)
        await _clean_up(context, settings, names, recorder)
    trace = recorder.trace(settings, seed=seed, about=f"{context.target.name} / {context.probe}")
    found = await judged(trace, judge=context.judge, deadline=context.deadline, target=context.target.name)
    verdict = failure_from(context, found, trace, recorder.failures)
    context.on_trace(await masked_in_turns(trace, context.log.redact))
    if verdict is not None:
        raise verdict


def _sessions(context: ProbeContext, settings: RaceSettings) -> int:
    if context.target.transport == "stdio":
        return min(settings.clients, settings.processes or DEFAULT_PROCESSES)
    return settings.clients


async def _set_up(
    context: ProbeContext, connection: Connection, settings: RaceSettings, names: dict[str, Any], recorder: Recorder
) -> None:
    for call in settings.calls.values():
        await context.tool(connection.session, call.tool)
    recorder.needs_cleanup = True
    if settings.setup is None:
        return
    await run_step(context, connection.session, settings.setup, names, called="setup")


async def _rounds(clients: list[Client], recorder: Recorder, *, end: float) -> None:
    """Rounds until the operations or the time are used up. A round begins when the previous one has ended for all."""
    loop = asyncio.get_running_loop()
    number = 0
    while loop.time() < end and not recorder.full:
        spread = recorder.usual_duration if number % 2 else 0.0
        async with asyncio.TaskGroup() as together:
            for client in clients:
                together.create_task(client.burst(BURST, spread=spread, end=end))
        number += 1


async def _clean_up(context: ProbeContext, settings: RaceSettings, names: dict[str, Any], recorder: Recorder) -> None:
    """Run the cleanup step in a new session: the sessions of the race may be broken. A failure here is a warning."""
    step = settings.cleanup
    if step is None or not recorder.needs_cleanup:
        return
    known = {**names, ALL_OPS: recorder.elements}
    if missing := sorted(names_in(step.arguments) - known.keys()):
        context.warnings.append(f"cleanup left out: it needs {', '.join(missing)}, which the setup did not capture")
        return
    try:
        async with context.within_deadline(), context.session() as session:
            await run_step(context, session, step, known, called="cleanup")
    except Failure as failure:
        context.warnings.append(f"cleanup failed: {failure.message}")
