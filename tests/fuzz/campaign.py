"""Many conversations at once in one process, and what is left of them in the end."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest.mock import patch

from prober.assertions.judge import Judge
from prober.client import session
from prober.client.target_cache import cache_of
from prober.config.model import Target
from prober.engine import run_probe
from prober.history import HistoryStore
from prober.metrics import Metrics
from prober.outcome import Outcome
from prober.scheduled_run import ScheduledRun
from tests.fuzz.conversation import Conversation, Turns
from tests.fuzz.http_player import Player, playing
from tests.fuzz.jumping_loop import JumpingLoop
from tests.fuzz.loop_watch import Watched, watched
from tests.fuzz.odd_values import PARTS
from tests.fuzz.pipe_player import played
from tests.fuzz.probes import EXIT_GRACE, Asking, Askings, askings
from tests.fuzz.properties import ALL_REPORTS, complaints, report_complaints, secrets_in
from tests.leaks import Belongings

T = TypeVar("T")
AT_ONCE: Final = 32
REPORTED_TOGETHER: Final = 16
LONG_STEP: Final = 0.05
"""Seconds of the processor that a step of a run may take: as long as the event loop may stand still."""
AGAIN: Final = 3
HANGS: Final = 60.0
"""Seconds, by the loop's clock, after which a run hangs."""
PAGE_EVERY: Final = 4000


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """A property that did not hold. `seed` is None where it is of no one conversation."""

    seed: int | None
    text: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.text}" if self.seed is not None else self.text


@dataclass(kw_only=True)
class Result:
    """What came of a campaign."""

    runs: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    transports: Counter[str] = field(default_factory=Counter)
    complaints: list[Complaint] = field(default_factory=list)
    longest_step: float = 0.0
    memory: list[tuple[int, int]] = field(default_factory=list)
    """Runs done and resident bytes, now and then."""


class Campaign:
    """Where conversations are carried out. To be made by `campaign`."""

    def __init__(
        self,
        *,
        asked: Askings,
        player: Player,
        judge: Judge,
        metrics: Metrics,
        history: HistoryStore,
        on_complaint: Callable[[Complaint], None],
    ) -> None:
        self._askings, self._player, self._judge = asked, player, judge
        self._metrics, self._history = metrics, history
        self._on_complaint = on_complaint
        self._numbers = iter(range(1 << 62))
        self._unreported: list[tuple[int | None, Outcome]] = []
        self._turn_of_reports = itertools.cycle(ALL_REPORTS)
        self.result = Result()

    async def carry_out(self, conversation: Conversation, *, seed: int | None = None) -> tuple[Outcome | None, Turns]:
        """One run. The outcome is None where the run hung."""
        asking, number = self._askings.of(conversation), next(self._numbers)
        turns = Turns(conversation=conversation, era=asking.era, secrets=asking.secrets)
        self._player.turns[number] = turns
        began = asyncio.get_running_loop().time()
        try:
            outcome = await self._run(asking, asking.of(number, self._player.port))
        finally:
            self._player.forget(number)
        self._judge_outcome(outcome, asking, seed, seconds=asyncio.get_running_loop().time() - began)
        return outcome, turns

    async def _run(self, asking: Asking, target: Target) -> Outcome | None:
        target_cache = cache_of(target)
        for secret in asking.probe.secrets:
            target_cache.redact.add(secret.reveal())
        run = run_probe(asking.probe, target, target_cache=target_cache, judge=self._judge)
        try:
            return await asyncio.wait_for(run, HANGS)
        except TimeoutError:
            return None

    def _judge_outcome(self, outcome: Outcome | None, asking: Asking, seed: int | None, *, seconds: float) -> None:
        self.result.runs += 1
        self.result.transports[asking.target.transport] += 1
        if outcome is None:
            self.complain(seed, f"{asking.probe.name} hung")
            return
        self.result.reasons[outcome.reason or "pass"] += 1
        for text in complaints(outcome, seconds=seconds, most=asking.most_seconds):
            self.complain(seed, f"{asking.probe.name}: {text}")
        result = ScheduledRun(outcome=outcome, due=outcome.started_at)
        self._metrics.record(result)
        self._history.record(result)
        self._unreported.append((seed, outcome))
        if len(self._unreported) == REPORTED_TOGETHER:  # not in the task of a run, whose steps are timed
            asyncio.get_running_loop().call_soon(self.report)

    def report(self) -> None:
        """Look at what is written about the latest outcomes: about all together, and about each where that is wrong.

        Each is in one of the reports: to write all of them takes longer than the runs.
        """
        together, self._unreported = self._unreported, []
        reports = [next(self._turn_of_reports)]
        if not any(report_complaints([outcome for _, outcome in together], reports=reports)):
            return
        for seed, outcome in together:
            for text in report_complaints([outcome], reports=reports):
                self.complain(seed, f"{outcome.probe}: {text}")

    async def page(self) -> None:
        """Look at the page of metrics."""
        for accept in ("text/plain", "application/openmetrics-text"):
            text = b"".join([piece async for piece in self._metrics.render(accept)]).decode()
            for complaint in secrets_in(text, "the page of metrics"):
                self.complain(None, complaint)

    def complain(self, seed: int | None, text: str) -> None:
        complaint = Complaint(seed=seed, text=text)
        self.result.complaints.append(complaint)
        self._on_complaint(complaint)


@asynccontextmanager
async def campaign(
    folder: Path, *, on_complaint: Callable[[Complaint], None] = lambda _complaint: None
) -> AsyncIterator[Campaign]:
    """A place for conversations. In the end nothing may be left of them: no task, thread, child or file."""
    asked = askings(folder)
    metrics = Metrics()
    metrics.apply_config(asked.config, asked.config.probes)
    await asyncio.get_running_loop().run_in_executor(None, int)  # the thread of an executor is not a run's
    before = Belongings.now()
    async with AsyncExitStack() as held:
        judge = await held.enter_async_context(Judge())
        player = await held.enter_async_context(playing())
        held.enter_context(played(player.turns))
        history = HistoryStore.open(folder / "history.db")
        held.push_async_callback(history.close)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        loop.waits_for_others = lambda: any(
            worker.busy for pool in (judge._workers, *judge._others.values()) for worker in pool._started
        )
        under_way = Campaign(
            asked=asked, player=player, judge=judge, metrics=metrics, history=history, on_complaint=on_complaint
        )
        held.enter_context(_nothing_escapes(under_way))
        held.enter_context(_short_grace())
        yield under_way
        under_way.report()
        await under_way.page()
    await _settled(under_way, before)
    _look_into_history(under_way, folder)


def _look_into_history(under_way: Campaign, folder: Path) -> None:
    for file in folder.glob("history.db*"):
        data = file.read_bytes()
        for part in PARTS:
            if part.encode() in data:
                under_way.complain(None, f"{part} of a secret is in {file.name}")


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Like `asyncio.run`, on a loop that jumps over silence."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main())


async def carry_out_all(
    seeds: Iterable[int],
    draw: Callable[[int], Conversation],
    folder: Path,
    *,
    at_once: int = AT_ONCE,
    seconds: float | None = None,
    on_progress: Callable[[Result], None] = lambda _result: None,
    on_complaint: Callable[[Complaint], None] = lambda _complaint: None,
) -> Result:
    """The conversations of all seeds, or of as many as there is time for."""
    left = iter(seeds)
    began = time.monotonic()
    with watched(least=LONG_STEP) as steps:
        async with campaign(folder, on_complaint=on_complaint) as under_way:
            result = under_way.result

            async def work() -> None:
                task = asyncio.current_task()
                assert task is not None
                for seed in left:
                    if seconds is not None and time.monotonic() > began + seconds:
                        return
                    task.set_name(f"seed {seed}")
                    await under_way.carry_out(draw(seed), seed=seed)
                    if result.runs % PAGE_EVERY == 0:
                        result.seconds = time.monotonic() - began
                        result.memory.append((result.runs, _resident()))
                        on_progress(result)
                        await under_way.page()

            async with asyncio.TaskGroup() as tasks:
                for _ in range(at_once):
                    tasks.create_task(work())
            result.seconds = time.monotonic() - began
            await _judge_steps(steps, under_way, draw)
    return result


async def _judge_steps(steps: Watched, under_way: Campaign, draw: Callable[[int], Conversation]) -> None:
    """A run with a long step is carried out again, alone: it may have been the garbage of others, or an import."""
    for seed in [int(name[5:]) for name in steps.worst if name.startswith("seed ")]:
        again = []
        for _ in range(AGAIN):
            with watched(least=0.0) as alone:
                await asyncio.create_task(under_way.carry_out(draw(seed), seed=seed), name=f"seed {seed}")
            again.append(alone.worst.get(f"seed {seed}", 0.0))
        longest = min(again)
        under_way.result.longest_step = max(under_way.result.longest_step, longest)
        if longest >= LONG_STEP:
            under_way.complain(seed, f"a step of the run held the event loop for {longest * 1000:.0f} ms")


def _resident() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * resource.getpagesize()


async def _settled(under_way: Campaign, before: Belongings) -> None:
    end = time.monotonic() + 5.0
    while True:
        gc.collect()
        now = Belongings.now()
        more = {
            name: getattr(now, name) - getattr(before, name)
            for name in ("tasks", "threads", "children", "files")
            if getattr(now, name) > getattr(before, name)
        }
        if not more:
            return
        if time.monotonic() > end:
            under_way.complain(None, f"left behind: {more}")
            return
        await asyncio.sleep(0.05)


@contextmanager
def _short_grace() -> Iterator[None]:
    with patch.object(session, "EXIT_GRACE", EXIT_GRACE):
        yield


class _Errors(logging.Handler):
    """Whatever is logged as an error: by asyncio of a task that nobody looked after, or by a library."""

    def __init__(self, under_way: Campaign) -> None:
        super().__init__(logging.WARNING)
        self._under_way = under_way

    def emit(self, record: logging.LogRecord) -> None:
        self._under_way.complain(None, f"logged: {self.format(record)}")


@contextmanager
def _nothing_escapes(under_way: Campaign) -> Iterator[None]:
    """What no run catches, and what is logged, is a complaint."""
    handler = _Errors(under_way)
    root = logging.getLogger()
    root.addHandler(handler)
    hook = sys.unraisablehook

    def unraisable(what: Any) -> None:
        under_way.complain(None, f"unraisable: {what.exc_value!r} in {what.object!r}")

    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        gc.collect()
        sys.unraisablehook = hook
        root.removeHandler(handler)
