"""One client of a race: chooses its next operation, makes it, and remembers versions and tokens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from prober.consistency.trace import Operation, Result, is_whole
from prober.kinds.connections import Connection
from prober.kinds.context import ProbeContext
from prober.kinds.placeholders import fill, names_in
from prober.kinds.race.answer_reading import Answer, read_answer
from prober.kinds.race.models import MODELS
from prober.kinds.race.recorder import Recorder
from prober.kinds.race.settings import RaceCall, RaceSettings
from prober.outcome import Failure


class Client:
    """One client. A client does one operation at a time."""

    def __init__(
        self,
        *,
        context: ProbeContext,
        number: int,
        connection: Connection,
        settings: RaceSettings,
        names: Mapping[str, Any],
        recorder: Recorder,
        rng: random.Random,
        timeout: float,
    ):
        self._context = context
        self._model = MODELS[settings.model]
        self._number, self._connection, self._settings = number, connection, settings
        self._names, self._recorder, self._rng, self._timeout = names, recorder, rng, timeout
        self._version: int | None = None
        """The version that the next write expects, see `_learn`; for a lock, its newest token."""
        self._acquired: Any = None
        """The value in the answer to the latest `acquire`."""

    async def burst(self, count: int, *, spread: float, end: float) -> None:
        """Make `count` operations, each after a random delay of up to `spread` seconds."""
        loop = asyncio.get_running_loop()
        for _ in range(count):
            if spread:
                await asyncio.sleep(self._rng.random() * spread)
            if loop.time() >= end or self._recorder.full:
                return
            if self._settings.model == "lock":
                await self._hold(spread)
            else:
                await self.operate(self._choose())

    async def look(self, *, final: bool = False) -> None:
        """Read the object while no client writes. Where nothing reads it, the `final` look acquires a lock, or takes
        out of a queue what is left in it."""
        if "read" in self._settings.calls:
            await self.operate("read")
        elif final and self._model.drains is not None:
            await self._drain(self._model.drains)
        elif final:
            await self._hold(0.0)

    async def _drain(self, kind: str) -> None:
        """Until there is nothing left, or half of the time that is left has passed."""
        patience = self._context.deadline.share(0.5)
        while patience.left():
            answer = await self.operate(kind)
            if answer is None or answer.value is None:
                return

    def _choose(self) -> str:
        calls = self._settings.calls
        chosen = self._rng.choices(list(calls), weights=[call.weight for call in calls.values()])[0]
        expects = "version" in names_in(calls[chosen].arguments)
        return "read" if expects and self._version is None else chosen

    async def _hold(self, spread: float) -> None:
        """Acquire the lock, hold it for a moment, write if the race has a write, release it."""
        answer = await self.operate("acquire")
        if answer is None or answer.result is not Result.OK:
            return
        self._version, self._acquired = answer.version, answer.value
        await asyncio.sleep(self._rng.random() * max(spread, 0.002))
        if "write" in self._settings.calls and self._version is not None:
            await self.operate("write")
        await self.operate("release")

    async def operate(self, kind: str) -> Answer | None:
        """Make and record one operation. None if its outcome is unknown."""
        call = self._settings.calls[kind]
        takes = names_in(call.arguments)
        element = self._recorder.new_element() if self._model.operations[kind].writes or "op" in takes else None
        given = self._version if "version" in takes or (kind == "release" and self._version is not None) else None
        values = {
            **self._names,
            "client": self._number,
            "op": element,
            "version": self._version,
            "value": self._acquired,
        }
        self._recorder.start()
        answer: Answer | None = None
        try:
            answer = await self._ask(kind, call, fill(call.arguments, values), element=element, given=given)
        except Failure as failure:
            self._recorder.failures.append(failure)
        self._learn(kind, given, answer)
        return answer

    async def _ask(
        self, kind: str, call: RaceCall, arguments: Mapping[str, Any], *, element: str | None, given: int | None
    ) -> Answer:
        """Call and record the operation, also one that the deadline aborts: it may have had its effect.

        The operation ends when its answer arrives. Reading the answer is not the server's time.
        """
        invoked = returned = None
        answer: Answer | None = None
        try:
            async with self._connection.turn():
                invoked = self._recorder.now()
                try:
                    result = await self._connection.call(call.tool, arguments, timeout=self._timeout)
                finally:
                    returned = self._recorder.now()
            answer = await read_answer(self._context, call, result, model=self._settings.model, kind=kind)
            await asyncio.sleep(0)  # to record a large answer takes as long as to read it
            return answer
        finally:
            if invoked is not None and returned is not None:
                self._record(kind, invoked, returned, element=element, given=given, answer=answer)

    def _record(
        self,
        kind: str,
        invoked: float,
        returned: float,
        *,
        element: str | None,
        given: int | None,
        answer: Answer | None,
    ) -> None:
        self._recorder.add(
            Operation(
                id=len(self._recorder.operations),
                client=self._number,
                process=self._connection.process,
                kind=kind,
                invoked=invoked,
                returned=returned,
                result=answer.result if answer is not None else Result.UNKNOWN,
                element=element if self._model.operations[kind].writes else None,
                given=given,
                value=answer.value if answer is not None else None,
                version=answer.version if answer is not None else None,
            )
        )

    def _learn(self, kind: str, given: int | None, answer: Answer | None) -> None:
        """Keep the latest known version for the next write; None after a write that had a conflict or failed."""
        if self._settings.model != "register":
            return
        if answer is None or answer.result is not Result.OK:
            self._version = None
        elif answer.version is not None:
            self._version = answer.version
        elif kind == "write" and given is not None:
            self._version = given + 1 if is_whole(given + 1) else None
