"""The status of every probe: what its last run said, since when, how often it failed in a row, and when it last passed.

The one memory of the daemon that pages, badges, notifications and metrics of the present read. It lives in the event
loop's thread, holds one entry per probe, and is filled from history at a start.

The streak of a probe is how many runs in a row failed with one symptom (`Reason.symptom`): four answers that came too
slowly and then none at all are no five runs without an answer.

    pass            ends it: the streak is 0
    fail            adds one; with another symptom it begins anew, at one
    unknown         the prober could not tell: the streak stays
    in maintenance  whatever the run says, the streak is 0: what failed before or in a maintenance window is not held
                    against the target afterwards
    in doubt        while the prober suspects itself a failure proves nothing: the streak stays. A pass does end it
    left out        a run that did not take place changes nothing

It is counted here and nowhere else. History stores it with each run; the API, the pages, the notifications and the
gauge `mcp_probe_consecutive_failures` show it; the alerting rules read the gauge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from prober.client.stdio.kept_processes import Cause, Ended
from prober.config.model import Config, Probe, Target
from prober.outcome import Reason, ServerInfo, Symptom, Verdict
from prober.scheduled_run import Remembered, ScheduledRun


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeStatus:
    """One probe at this moment. Of a probe that has not run yet `last` is None, and its verdict unknown."""

    probe: Probe
    last: ScheduledRun | None = None
    last_success: datetime | None = None
    since: datetime | None = None
    """When the present verdict and reason were first seen."""
    streak: int = 0
    """How many runs in a row failed with one symptom."""
    symptom: Symptom | None = None
    """The symptom of the streak; None while it is 0."""
    streak_since: datetime | None = None
    """When the first run of the streak began; None while it is 0."""
    skipped: int = 0
    """Runs left out since the process began."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the last run."""
        return self.last.outcome.verdict if self.last else Verdict.UNKNOWN

    @property
    def reason(self) -> Reason | None:
        """Why the last run did not pass."""
        return self.last.outcome.reason if self.last else None

    @property
    def stands_since(self) -> datetime | None:
        """Since when it stands as people say it: of a probe that fails, since its streak began, whatever the reasons
        since."""
        return self.streak_since or self.since if self.verdict is Verdict.FAIL else self.since


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessEnds:
    """The ends of the processes that were kept between the runs of a target."""

    counts: Mapping[Cause, int]
    last: Ended
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetStatus:
    """One target at this moment, with its probes in the order of the configuration."""

    target: Target
    probes: tuple[ProbeStatus, ...]
    """Those that are run."""
    disabled: tuple[Probe, ...] = ()
    ends: ProcessEnds | None = None
    """What became of the processes that were kept for it; None where none has ended since the prober began."""

    @property
    def verdict(self) -> Verdict:
        """The worst of its probes': fail, then unknown, then pass. Of a target without a probe that is run, unknown."""
        verdicts = {status.verdict for status in self.probes}
        return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.UNKNOWN)

    @property
    def since(self) -> datetime | None:
        """Since when the worst of its probes stand as they do: the earliest of them."""
        times = [status.since for status in self.of(self.verdict) if status.since]
        return min(times, default=None)

    @property
    def stands_since(self) -> datetime | None:
        """The same, of a target that fails, since the first streak began."""
        times = [status.stands_since for status in self.of(self.verdict) if status.stands_since]
        return min(times, default=None)

    @property
    def server(self) -> ServerInfo:
        """What the latest run that talked to the server learnt of it."""
        talked = [status.last for status in self.probes if status.last and status.last.outcome.server.era]
        return max(talked, key=lambda last: last.ended).outcome.server if talked else ServerInfo()

    def of(self, verdict: Verdict) -> tuple[ProbeStatus, ...]:
        """Its probes of one verdict."""
        return tuple(status for status in self.probes if status.verdict is verdict)


WORST_FIRST: Final = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)


class StatusStore:
    """A Sink that remembers the present. Probes are known by target and name: names are unique in a configuration."""

    def __init__(self, *, suspects: Callable[[], bool] = lambda: False) -> None:
        """`suspects` is whether the prober suspects itself. It must know of a result before `record` does."""
        self._suspects = suspects
        self._config = Config()
        self._statuses: dict[str, ProbeStatus] = {}
        self._disabled: dict[str, list[Probe]] = {}
        self._ends: dict[str, ProcessEnds] = {}

    def apply_config(
        self, config: Config, *, probes: Mapping[str, Probe] | None = None, disabled: Iterable[Probe] = ()
    ) -> None:
        """Stand by a new configuration: what is known of a probe stays as long as its name and target do.

        `probes` are those of the configuration that this process runs; all, if not given. `disabled` are those that it
        would run, were they not disabled: of them nothing is known but their names.
        """
        before = self._statuses
        self._config = config
        self._disabled = {}
        for probe in disabled:
            self._disabled.setdefault(probe.target, []).append(probe)
        self._statuses = {}
        for name, probe in (config.probes if probes is None else probes).items():
            known = before.get(name)
            same = known is not None and known.probe.target == probe.target
            self._statuses[name] = replace(known, probe=probe) if known and same else ProbeStatus(probe=probe)
        kept = {name for name, target in config.targets.items() if target.reuse is not None}
        self._ends = {name: ends for name, ends in self._ends.items() if name in kept}

    def restore(self, remembered: Iterable[Remembered]) -> None:
        """Go on where the process before this one ended; what is no longer configured is passed over."""
        for memory in remembered:
            status = self._statuses.get(memory.probe)
            if status is not None and status.last is None and status.probe.target == memory.target:
                self._statuses[memory.probe] = replace(
                    status,
                    last=memory.last,
                    last_success=memory.last_success,
                    since=memory.since,
                    streak=memory.streak,
                    symptom=_symptom_of(memory),
                    streak_since=(memory.streak_since or memory.since) if memory.streak else None,
                )

    def record(self, result: ScheduledRun) -> None:
        """A run has ended. One of a probe that is gone by now is dropped."""
        outcome = result.outcome
        status = self._statuses.get(outcome.probe)
        if status is None or status.probe.target != outcome.target:
            return
        passed = outcome.verdict is Verdict.PASS
        same = status.last is not None and (status.verdict, status.reason) == (outcome.verdict, outcome.reason)
        streak, symptom = self._streak_after(result, status)
        self._statuses[outcome.probe] = replace(
            status,
            last=result,
            last_success=result.ended if passed else status.last_success,
            since=status.since if same and status.since else outcome.started_at,
            streak=streak,
            symptom=symptom,
            streak_since=_streak_began(streak, symptom, status, outcome.started_at),
        )

    def _streak_after(self, result: ScheduledRun, before: ProbeStatus) -> tuple[int, Symptom | None]:
        outcome = result.outcome
        if outcome.verdict is Verdict.PASS or result.maintenance:
            return 0, None
        if outcome.verdict is not Verdict.FAIL or outcome.reason is None or self._suspects():
            return before.streak, before.symptom
        symptom = outcome.reason.symptom
        return (before.streak + 1 if before.symptom is symptom else 1), symptom

    def skipped(self, probe: Probe) -> None:
        """A run was left out."""
        status = self._statuses.get(probe.name)
        if status is not None:
            self._statuses[probe.name] = replace(status, skipped=status.skipped + 1)

    def process_ended(self, ended: Ended) -> None:
        """A kept process has ended."""
        if ended.target in self._config.targets:
            before = self._ends.get(ended.target)
            counts = Counter(before.counts if before is not None else ()) + Counter([ended.cause])
            self._ends[ended.target] = ProcessEnds(counts=counts, last=ended, at=datetime.now(UTC))

    def probe(self, name: str) -> ProbeStatus:
        """Raises KeyError where no such probe is run here."""
        return self._statuses[name]

    def find(self, target: str, probe: str) -> ProbeStatus | None:
        """None where no such probe of that target is run here."""
        status = self._statuses.get(probe)
        return status if status is not None and status.probe.target == target else None

    def target(self, name: str) -> TargetStatus:
        """Raises KeyError where no such target is configured."""
        return self._status_of(name, [s for s in self._statuses.values() if s.probe.target == name])

    def _status_of(self, name: str, statuses: Iterable[ProbeStatus]) -> TargetStatus:
        return TargetStatus(
            target=self._config.targets[name],
            probes=tuple(statuses),
            disabled=tuple(self._disabled.get(name, ())),
            ends=self._ends.get(name),
        )

    def probes(self) -> Iterator[ProbeStatus]:
        """Every probe that is run here, in the order of the configuration."""
        yield from self._statuses.values()

    def targets(self) -> tuple[TargetStatus, ...]:
        """Every target that has a probe here, be it disabled, in the order of the configuration."""
        by_target: dict[str, list[ProbeStatus]] = {}
        for status in self._statuses.values():
            by_target.setdefault(status.probe.target, []).append(status)
        return tuple(
            self._status_of(name, by_target.get(name, ()))
            for name in self._config.targets
            if name in by_target or name in self._disabled
        )


def _streak_began(streak: int, symptom: Symptom | None, before: ProbeStatus, started_at: datetime) -> datetime | None:
    """When the streak began that is so long, and of that symptom, after a run that began at `started_at`."""
    if streak == 0:
        return None
    return before.streak_since or started_at if before.symptom is symptom else started_at


def _symptom_of(memory: Remembered) -> Symptom | None:
    """What was remembered, else that of the last run: a history of an older version remembers none."""
    if memory.symptom is not None or memory.last is None:
        return memory.symptom
    reason = memory.last.outcome.reason
    return reason.symptom if reason is not None and reason.verdict is Verdict.FAIL and memory.streak else None
