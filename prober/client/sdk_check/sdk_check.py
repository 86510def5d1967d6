"""Checks the server with the official SDK client, as a second opinion.

The prober has its own MCP client, which may be wrong about MCP. The SDK client is the one that agents really use. It
runs in a process of its own (`__main__`): its import takes most of a second, and a large list of tools keeps it busy
for a third of one, in which other probes could not be timed.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final

from prober.assertions.judge import Judge
from prober.assertions.worker.frames import frame
from prober.assertions.worker.pool import Workers
from prober.assertions.worker.process import Worker, WorkerLostError
from prober.client.sdk_check.request import NOT_IN_TIME, Reply, Request
from prober.client.stdio.process import INHERITED
from prober.config.model import Target
from prober.deadline import Deadline
from prober.outcome import Evidence, Failure, Reason
from prober.redaction import Redactor

_MODULE: Final = "prober.client.sdk_check"
_PROCESSES: Final = 2
_ENVIRON: Final = (*INHERITED, "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What the process needs of our environment: for the servers that it starts, and to trust whom we trust."""
_SHARE: Final = 0.9
"""Of the time that is left the client has so much; the rest is for its process to say how it ended."""
_STEP: Final = "second opinion"


async def second_opinion(
    target: Target, *, token: str | None, deadline: Deadline, redact: Redactor, judge: Judge
) -> None:
    """Connect, negotiate and list the tools with the SDK client, in a worker process that the judge owns.

    Raises Failure with `second_opinion_failed`; `prober_shortage` or `undecided` where no process was to be
    had, or it ended.
    """
    workers = judge.workers(_MODULE, _workers)
    enough = deadline.left() / 2
    try:
        async with workers.turn(target.name, deadline=deadline):
            worker = await _ready(workers, deadline)
            in_time = deadline.left() >= enough
            reply = await _reply(workers, worker, target, token=token, deadline=deadline)
    except TimeoutError:
        raise _short_of("every process of the official client was busy until the deadline") from None
    if reply.spent:
        worker.kill()
    if not reply.in_time:
        workers.was_slow(target.name)
        if not in_time:
            raise _short_of("the process of the official client was ready too late for the server to answer it")
    if reply.against is not None:
        raise _failed(redact(reply.against)[:500])


def _workers(module: str) -> Workers:
    environ = {name: os.environ[name] for name in _ENVIRON if name in os.environ}
    return Workers(module, most=_PROCESSES, environ=environ)


async def _reply(workers: Workers, worker: Worker, target: Target, *, token: str | None, deadline: Deadline) -> Reply:
    request = Request(target=target, token=token, seconds=deadline.left() * _SHARE)
    try:
        content = await workers.ask(worker, [frame(request.encode())], until=deadline, target=target.name)
    except TimeoutError:
        return Reply(against=NOT_IN_TIME, in_time=False, spent=False)
    except WorkerLostError as lost:
        raise _undecided(f"the process of the official client {lost}") from None
    return Reply.decode(content)


async def _ready(workers: Workers, deadline: Deadline) -> Worker:
    try:
        async with asyncio.timeout_at(deadline):
            return await workers.acquire()
    except TimeoutError:
        raise _short_of("the process of the official client was not ready before the deadline") from None
    except WorkerLostError as lost:
        raise _short_of(f"the process of the official client {lost}") from None
    except OSError as error:
        raise _short_of(f"no process could be started for the official client: {error.strerror}") from error


def _failed(why: str) -> Failure:
    return Failure(
        Reason.SECOND_OPINION_FAILED,
        f"the official client does not get on with the server: {why}",
        step=_STEP,
        evidence=Evidence(detail=why),
    )


def _short_of(why: str) -> Failure:
    return Failure(Reason.PROBER_SHORTAGE, f"there is no second opinion: {why}", step=_STEP)


def _undecided(why: str) -> Failure:
    return Failure(Reason.UNDECIDED, f"there is no second opinion: {why}", step=_STEP)
