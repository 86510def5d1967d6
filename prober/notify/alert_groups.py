"""Decides which failures to report and when to report them as resolved; the rules are in the package's docstring.

Without clock and network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from prober.outcome import Outcome, Symptom, Verdict
from prober.scheduled_run import ScheduledRun
from prober.status import ProbeStatus

Key = tuple[str, Symptom]
"""The target of an alert group, and its symptom."""


@dataclass(frozen=True, kw_only=True)
class Firing:
    """Probes of one target fail with one symptom. `outcomes` has the last of each of them, of at least one."""

    target: str
    symptom: Symptom
    outcomes: tuple[Outcome, ...]
    """That of the probe that failed first comes first."""
    since: datetime
    """When the streak of that probe began."""
    streak: int = 1
    """How often in a row it failed."""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """All of them pass again."""

    target: str
    symptom: Symptom
    probes: tuple[str, ...]
    """Names of all that failed at any time of it, in the order in which they began to."""
    since: datetime
    until: datetime
    others: tuple[Symptom, ...] = ()
    """How the target fails nevertheless."""


Change = Firing | Resolved


@dataclass(kw_only=True)
class _Failing:
    """One probe that fails."""

    since: datetime
    last: Outcome
    streak: int
    """By the status store, as `since`."""
    group: Key | None = None


@dataclass(kw_only=True)
class _AlertGroup:
    since: datetime
    failing: set[str] = field(default_factory=set)
    probes: dict[str, None] = field(default_factory=dict)
    """Those that fail or have failed in it, in order."""


class AlertGroups:
    """Takes in results, hands out changes. `after` is how many failures in a row, by the status store, are told."""

    def __init__(self, *, after: int):
        self.after = after
        self._failing: dict[str, _Failing] = {}
        self._groups: dict[Key, _AlertGroup] = {}
        self._untold: dict[Key, None] = {}
        self._resolved: list[Resolved] = []

    @property
    def pending(self) -> bool:
        """Whether there is a change to tell."""
        return bool(self._resolved or self._untold)

    def restore(self, statuses: Iterable[ProbeStatus]) -> None:
        """For probes not seen before, treat failures in the status store as already reported."""
        untold = dict(self._untold)
        for status in statuses:
            last, name = status.last, status.probe.name
            if status.verdict is not Verdict.FAIL or last is None or last.maintenance or name in self._failing:
                continue
            since = status.stands_since or last.outcome.started_at
            failing = _Failing(since=since, last=last.outcome, streak=status.streak)
            self._failing[name] = failing
            if status.streak >= self.after and status.symptom is not None:
                self._join(name, failing, (status.probe.target, status.symptom))
        self._untold = untold

    def keep(self, probes: Collection[tuple[str, str]]) -> None:
        """Keep only these (target, probe) pairs. A group left empty sends no "resolved"."""
        for name, failing in [*self._failing.items()]:
            if (failing.last.target, name) not in probes:
                self._leave(name, failing)
                del self._failing[name]

    def record(self, result: ScheduledRun, *, status: ProbeStatus, suspect: bool) -> None:
        """A run has ended, after which its probe has this status.

        `suspect` is whether the prober suspects itself, so that no failure is to be believed.
        """
        outcome = result.outcome
        if result.maintenance:
            failing = self._failing.get(outcome.probe)
            if failing is not None and failing.group is None:
                del self._failing[outcome.probe]
        elif outcome.verdict is Verdict.PASS:
            self._passed(outcome.probe, until=outcome.started_at)
        elif outcome.verdict is Verdict.FAIL and not suspect:
            self._failed(outcome, status)

    def withdraw(self) -> None:
        """Forget what is not told yet: it is told if it fails once more, when there is no doubt."""
        for name, failing in self._failing.items():
            if failing.group in self._untold:
                self._leave(name, failing)

    def take(self) -> list[Change]:
        """The changes since the last call; they count as told."""
        others: dict[str, list[Symptom]] = {}
        for target, symptom in self._groups if self._resolved else ():
            others.setdefault(target, []).append(symptom)
        changes: list[Change] = [replace(each, others=tuple(others.get(each.target, ()))) for each in self._resolved]
        for key in self._untold:
            group = self._groups[key]
            failing = [self._failing[name] for name in group.probes if name in group.failing]
            failing.sort(key=lambda each: each.since)
            changes.append(
                Firing(
                    target=key[0],
                    symptom=key[1],
                    outcomes=tuple(each.last for each in failing),
                    since=failing[0].since,
                    streak=failing[0].streak,
                )
            )
        self._resolved.clear()
        self._untold.clear()
        return changes

    def _failed(self, outcome: Outcome, status: ProbeStatus) -> None:
        assert outcome.reason is not None
        since = status.stands_since or outcome.started_at
        failing = self._failing.setdefault(outcome.probe, _Failing(since=since, last=outcome, streak=0))
        failing.last, failing.streak, failing.since = outcome, status.streak, since
        key = (outcome.target, outcome.reason.symptom)
        if failing.group != key and status.streak >= self.after:
            self._leave(outcome.probe, failing)
            self._join(outcome.probe, failing, key)

    def _passed(self, name: str, *, until: datetime) -> None:
        failing = self._failing.pop(name, None)
        if failing is None:
            return
        key = failing.group
        told = key not in self._untold
        group = self._leave(name, failing)
        if key is not None and group is not None and told and not group.failing:
            target, symptom = key
            probes = tuple(group.probes)
            self._resolved.append(
                Resolved(target=target, symptom=symptom, probes=probes, since=group.since, until=until)
            )

    def _join(self, name: str, failing: _Failing, key: Key) -> None:
        failing.group = key
        if key not in self._groups:
            self._groups[key] = _AlertGroup(since=failing.since)
            self._untold[key] = None
        group = self._groups[key]
        group.since = min(group.since, failing.since)
        group.failing.add(name)
        group.probes[name] = None

    def _leave(self, name: str, failing: _Failing) -> _AlertGroup | None:
        """Out of the group that it is in, which is over with the last of them."""
        key, failing.group = failing.group, None
        if key is None:
            return None
        group = self._groups[key]
        group.failing.discard(name)
        if not group.failing:
            del self._groups[key]
            self._untold.pop(key, None)
        return group
