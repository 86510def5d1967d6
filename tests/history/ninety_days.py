"""Ninety days of a fleet, made up: outages, flapping, maintenance, doubt and slow times, and what came of them by hand.

`expected` counts over the raw results, a probe at a time, by other means than history: it holds all of them in memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from prober.history import Retention
from prober.history.write_connection import Entry, WriteConnection
from prober.outcome import Reason, Verdict
from prober.scheduled_run import ScheduledRun
from tests.history.making import result

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=90)
_FAILURES = (Reason.TIMEOUT, Reason.SCHEMA_MISMATCH, Reason.UNAVAILABLE, Reason.CONTRACT_BROKEN)


def made_up(random: Random, *, targets: int, probes: int, interval: timedelta) -> list[ScheduledRun]:
    """Results in the order of time."""
    found = []
    for number in range(targets * probes):
        target, probe = f"target-{number % targets}", f"probe-{number}"
        at = BEGIN + timedelta(seconds=random.uniform(0, interval.total_seconds()))
        failing: Reason | None = None
        while at < END:
            if random.random() < (0.1 if failing else 0.004):
                failing = None if failing else random.choice(_FAILURES)
            reason = failing
            if random.random() < 0.01:
                reason = random.choice((Reason.NOT_RUN, Reason.TIMEOUT))
            found.append(
                result(
                    at.replace(microsecond=at.microsecond // 1000 * 1000),
                    target=target,
                    probe=probe,
                    reason=reason,
                    seconds=round(random.lognormvariate(-3, 1.5), 6),
                    maintenance=at.weekday() == 6 and at.hour < 2,
                )
            )
            at += interval * random.uniform(0.98, 1.02)
    return sorted(found, key=lambda run: run.outcome.started_at)


def write(path: Path, results: Sequence[ScheduledRun], retention: Retention) -> None:
    """As a daemon would have, and then swept."""
    writing = WriteConnection(path, retention, now=END)
    for first in range(0, len(results), 10_000):
        writing.write([Entry(each) for each in results[first : first + 10_000]])
        writing.compact(END)
    for _ in range(100):  # a sweep takes a day at most
        writing.compact(END)
    writing.close()


@dataclass(kw_only=True)
class Counted:
    """What a report must say of one target."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    in_maintenance: int = 0
    seconds: list[float] = field(default_factory=list)
    """Of the runs that passed or failed, in order of their length."""
    failing: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def percentile(self, percent: int) -> float:
        """The smallest duration that so many percent of the runs do not exceed."""
        return next(
            value for rank, value in enumerate(self.seconds, start=1) if rank * 100 >= percent * len(self.seconds)
        )


def expected(results: Sequence[ScheduledRun], *, since: datetime, until: datetime) -> dict[str, Counted]:
    """By target."""
    found: dict[str, Counted] = defaultdict(Counted)
    by_probe: dict[tuple[str, str], list[ScheduledRun]] = defaultdict(list)
    for run in results:
        if since <= run.outcome.started_at < until:
            by_probe[run.outcome.target, run.outcome.probe].append(run)
    edges: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for (target, _), runs in by_probe.items():
        told = [run for run in runs if not run.maintenance]
        found[target].in_maintenance += len(runs) - len(told)
        found[target].verdicts.update(run.outcome.verdict for run in told)
        judged = [run.outcome for run in told if run.outcome.verdict is not Verdict.UNKNOWN]
        found[target].seconds += [outcome.duration_seconds for outcome in judged]
        for index, outcome in enumerate(judged):
            if outcome.verdict is Verdict.FAIL:
                found[target].reasons[str(outcome.reason)] += 1
                if index == 0 or judged[index - 1].verdict is Verdict.PASS:
                    rest = (other.started_at for other in judged[index:] if other.verdict is Verdict.PASS)
                    edges[target].append((outcome.started_at, next(rest, None)))
    for target, counted in found.items():
        counted.seconds.sort()
        counted.failing = _union(edges[target])
    return dict(found)


def _union(spans: Sequence[tuple[datetime, datetime | None]]) -> list[tuple[datetime, datetime | None]]:
    """By counting how many are open at every edge."""
    never = datetime.max.replace(tzinfo=UTC)
    edges = sorted([(begin, 0, 1) for begin, _ in spans] + [(end or never, 1, -1) for _, end in spans])
    joined: list[tuple[datetime, datetime | None]] = []
    open_now, began = 0, BEGIN
    for at, _, change in edges:
        if open_now == 0:
            began = at
        open_now += change
        if open_now == 0:
            joined.append((began, None if at == never else at))
    return joined
