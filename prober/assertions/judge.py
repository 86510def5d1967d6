"""Judging without ever holding up the event loop: what is bounded at once, the rest in a worker process.

A regular expression that backtracks for hours cannot be interrupted in its own process: neither a thread nor a signal
handler gets a turn. So a check without a small bound (see `json_schema/schema_cost.py`) goes to a worker
process, which can be killed. It has an allowance of time and memory; a check that uses it up is `undecided`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib import import_module
from types import TracebackType
from typing import Final, Self

from prober.assertions.checks import Case, Finding, Instance, answer_at_once, is_worded_at_once, judge, undecided
from prober.assertions.selection import Selection, select
from prober.assertions.turns import in_turns
from prober.assertions.worker.pool import Workers
from prober.assertions.worker.process import WorkerLostError
from prober.assertions.worker.protocol import decode_reply, encode_case, encode_selection, is_small, json_pieces
from prober.json_values import Json
from prober.outcome import Failure, Reason

ALLOWANCE: Final = 2.0
"""Seconds that one case may be judged for."""
WORKERS: Final = 2
"""Worker processes at most. They are for the odd case; more would take the processor from the probes themselves."""

_MARGIN: Final = 0.05
"""Seconds before the deadline at which judging gives up, so that its finding is there when the run has to end."""
_GRACE: Final = 1.0
"""Seconds beyond the allowance after which a worker ends itself, for when nobody is left to kill it."""

_Found = Finding | list[Json] | None


class Judge:
    """Judges cases, one or many at a time. To be entered before use; leaving it ends its processes.

    It owns worker processes, those that judge and, for whoever else needs some, those of other modules.
    """

    def __init__(self, *, allowance: float = ALLOWANCE, workers: int = WORKERS):
        self._allowance = allowance
        self._workers = Workers("prober.assertions.worker", most=workers)
        self._others: dict[str, Workers] = {}

    async def __aenter__(self) -> Self:
        import jsonschema_rs  # noqa: F401 - now rather than in the middle of the first runs

        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(workers.aclose() for workers in (self._workers, *self._others.values())))

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker processes that have not ended yet."""
        return tuple(pid for workers in (self._workers, *self._others.values()) for pid in workers.pids)

    def workers(self, module: str, make: Callable[[str], Workers]) -> Workers:
        """The worker processes of another module; the first caller has them made."""
        if module not in self._others:
            self._others[module] = make(module)
        return self._others[module]

    async def judge(self, case: Case, *, deadline: float, target: str = "") -> Finding | None:
        """The first check of a case that fails, None if all hold, `undecided` if that cannot be told.

        `deadline` is a time of the event loop's clock. The allowance may be over before it; judging is, in any case.
        `target` is whose answer it is. Raises WorkerCrashError for a mistake of our own.
        """
        left = answer_at_once(case)
        if isinstance(left, Case) and is_worded_at_once(left.checks[0]):
            await _import_jsonschema()
            finding = judge(Case(checks=left.checks[:1]))
            assert finding is not None, "refused: by jsonschema too, or it is undecided"
            return finding
        if not isinstance(left, Case):
            return left
        found = await self._in_worker(left, deadline - _MARGIN, target)
        assert not isinstance(found, list)
        return found

    async def select(self, selection: Selection, *, deadline: float, target: str = "") -> list[Json]:
        """The nodes of a selection, within the same bounds.

        Raises:
            Failure: `undecided`, where they took too long to find or are too many to hand over.
        """
        if selection.cheap:
            return select(selection)
        found = await self._in_worker(selection, deadline - _MARGIN, target)
        if isinstance(found, Finding):
            raise Failure(found.reason, f"{selection.path.text} {found.message}", evidence=found.evidence)
        return found or []

    async def _in_worker(self, asked: Case | Selection, deadline: float, target: str) -> _Found:
        """Wait for a turn, and have a worker do it."""
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._workers.turn(target, deadline=deadline))
            except TimeoutError:
                busy = "every worker process was busy until the deadline"
                return _undecided(busy) if self._workers.is_slow(target) else _short_of(busy)
            return await self._ask_worker(asked, deadline, target)

    async def _ask_worker(self, asked: Case | Selection, deadline: float, target: str) -> _Found:
        try:
            async with asyncio.timeout_at(deadline):
                frames = await _frames(asked, allowance=self._allowance + _GRACE)
                worker = await self._workers.acquire()
        except RecursionError as error:
            return undecided(error)
        except TimeoutError:
            return _short_of("the worker process was not ready before the deadline")
        except OSError as error:
            return _short_of(f"no worker process could be started: {error.strerror}")
        except WorkerLostError as lost:
            return _short_of(f"the worker process {lost}")
        allowed = asyncio.get_running_loop().time() + self._allowance
        try:
            reply = await self._workers.ask(worker, frames, until=min(allowed, deadline), target=target)
        except TimeoutError:
            late = f"after the {self._allowance:g} s that it may take" if allowed <= deadline else "at the deadline"
            return _undecided(f"it was not finished {late}")
        except WorkerLostError as lost:
            return _undecided(f"the worker process {lost}")
        return decode_reply(reply)


async def _import_jsonschema() -> None:
    """Import it while other tasks have their turns, in a thread that ends with that: it takes a fifth of a second."""
    if "jsonschema.validators" in sys.modules:
        return
    from concurrent.futures import ThreadPoolExecutor

    thread = ThreadPoolExecutor(1)
    try:
        await asyncio.get_running_loop().run_in_executor(thread, import_module, "jsonschema.validators")
    finally:
        thread.shutdown(wait=False)


async def _frames(asked: Case | Selection, *, allowance: float) -> list[bytes]:
    """The request. The text of every large instance is made in turns with other tasks where it was not given."""
    texts: dict[int, Instance] = {}

    async def with_text(instance: Instance) -> Instance:
        if instance.source is not None or is_small(instance.value):
            return instance
        key = id(instance.value)
        if key not in texts:
            text = "".join(await in_turns(json_pieces(instance.value)))
            texts[key] = Instance(value=instance.value, source=text.encode())
        return texts[key]

    if isinstance(asked, Selection):
        selection = replace(asked, instance=await with_text(asked.instance))
        return encode_selection(selection, allowance=allowance)
    checks = [replace(check, instance=await with_text(check.instance)) for check in asked.checks]
    return encode_case(Case(checks=tuple(checks)), allowance=allowance)


def _short_of(why: str) -> Finding:
    return Finding(reason=Reason.PROBER_SHORTAGE, message=f"could not be judged: {why}")


def _undecided(why: str) -> Finding:
    return Finding(reason=Reason.UNDECIDED, message=f"could not be judged: {why}")
