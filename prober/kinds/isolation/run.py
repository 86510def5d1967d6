"""`isolation`: sessions that use equal ids of JSON-RPC at the same time; each call is known by a nonce.

connect   a session for each client; answers to nobody's request are looked at instead of failing the run
one call  alone: the answer must hold its nonce, or nothing could be told
rounds    all clients call at once, each in its own session, with one and the same id
verdict   an answer that crossed; else a failed call; else `undecided` where no two calls overlapped
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from prober.kinds.answer import tool_error
from prober.kinds.connections import Connection, connect
from prober.kinds.context import ProbeContext
from prober.kinds.isolation import NONCE, IsolationSettings
from prober.kinds.isolation.calls import Calls
from prober.kinds.placeholders import fill
from prober.kinds.several_failures import first_of_calls
from prober.outcome import Evidence, Failure, Reason

_SHARE: Final = 0.7
"""Share of the run's time after which no round begins."""
_CALL_SHARE: Final = 0.2
"""Share of the run's time that one call may take."""
_IDS: Final = 1000
"""Ids between two rounds: a list of tools that is read again takes some of them."""
_STEP: Final = "tools/call"


async def run(context: ProbeContext, settings: IsolationSettings) -> None:
    if context.target.transport == "stdio":
        raise Failure(Reason.UNDECIDED, "on stdio each client has a process of its own: there is nothing to isolate")
    loop, end = asyncio.get_running_loop(), context.deadline.share(_SHARE)
    clients = _Clients(settings=settings, timeout=context.deadline.left() * _CALL_SHARE)
    async with AsyncExitStack() as stack:
        clients.connections = await connect(context, stack, count=settings.clients, on_stray=clients.stray)
        await clients.ask(0, 0)
        for number in range(1, settings.rounds + 1):
            if clients.calls.crossings or clients.failures or loop.time() >= end:
                break
            async with asyncio.TaskGroup() as together:
                for client in range(settings.clients):
                    together.create_task(clients.ask(client, number))
    context.facts["isolation_calls"] = clients.calls.made
    context.facts["isolation_crossed"] = len(clients.calls.crossings)
    clients.judge()


@dataclass(kw_only=True)
class _Clients:
    """The clients of one run, and what became of their calls."""

    settings: IsolationSettings
    timeout: float
    connections: list[Connection] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)
    failures: list[Failure] = field(default_factory=list)

    def stray(self, client: int, message: Mapping[str, Any]) -> None:
        self.calls.stray(client, json.dumps(message))

    async def ask(self, client: int, number: int) -> None:
        """One call; a failure is noted. What came in place of an answer may be another client's all the same."""
        try:
            await self._call(client, number)
        except Failure as failure:
            self.calls.stray(client, self.connections[client].received)
            self.failures.append(failure)

    async def _call(self, client: int, number: int) -> None:
        """Raises Failure where there is no answer, or one that does not tell whose it is."""
        connection, calls, tool = self.connections[client], self.calls, self.settings.tool
        first = _IDS * (number + 1)
        async with connection.turn():
            call = calls.begin(client=client, number=number, request_id=first)
            connection.session.conversation.ids = itertools.count(first)
            calls.open += 1
            calls.most_open = max(calls.most_open, calls.open)
            try:
                arguments = fill(self.settings.arguments, {NONCE: call.nonce})
                result = await connection.call(tool, arguments, timeout=self.timeout)
            finally:
                calls.open -= 1
        if calls.tells(call, result):
            return
        if result.get("isError"):
            raise tool_error(tool, result)
        raise Failure(
            Reason.EXPECTATION_FAILED,
            f"{tool} does not say back what it was asked: no answer can be told from another",
            step=_STEP,
            evidence=Evidence(keyword=NONCE, expected=call.nonce, seen=connection.received[:200]),
        )

    def judge(self) -> None:
        """Raises the Failure that the run ends with, if it does."""
        calls, failures = self.calls, self.failures
        if calls.crossings:
            raise self._crossed()
        if failures:
            raise first_of_calls(failures, calls.made)
        if calls.most_open < 2:
            raise Failure(Reason.UNDECIDED, f"no two of {calls.made} calls were ever open at once", step=_STEP)

    def _crossed(self) -> Failure:
        crossings = self.calls.crossings
        first = next((each for each in crossings if each.in_place), crossings[0])
        place = "as the answer to its own call" if first.in_place else "beside the answers to its own calls"
        lines = [f"witness of the first of {len(crossings)} cases in {self.calls.made} calls:"]
        lines += [f"answered: {first.of}", f"reached: {first.reached}"]
        if self.failures:
            lines.append(f"{len(self.failures)} calls failed, first: {self.failures[0].message}")
        return Failure(
            Reason.ANSWER_CROSSED,
            f"client {first.reached.client} was given the answer to client {first.of.client}, {place}",
            step=_STEP,
            evidence=Evidence(
                keyword=NONCE, expected=first.reached.nonce, seen=first.of.nonce, detail="\n".join(lines)
            ),
        )
