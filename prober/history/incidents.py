"""Incidents of a target: the times in which at least one of its probes failed.

An incident begins with the first run that failed and ends with the next run of the same probe that passed. Runs that
could not tell, and those in maintenance, neither begin nor end one. Times of several probes that overlap are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from prober.history.notes import Note

NO_REASON: Final = "unnamed"
"""Of a failure whose reason is not kept any more."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """`until` is None where it still went on when the last run was."""

    since: datetime
    until: datetime | None
    probes: tuple[str, ...]
    """Those that failed, in the order of their first failure."""
    reasons: Mapping[str, int]
    """How many runs failed with each reason, the most frequent first."""
    exact: bool = True
    """Whether its times are those of runs; else they are whole hours, of a time whose runs are kept no longer."""
    notes: tuple[Note, ...] = ()
    """Of an operator, the oldest first."""

    def seconds(self, end: datetime) -> float:
        """How long it was; one that went on counts to `end`."""
        return ((self.until or end) - self.since).total_seconds()


@dataclass(kw_only=True, slots=True)
class ProbeIncidents:
    """Follows the runs of one probe in the order of their time."""

    probe: str
    ended: list[Incident] = field(default_factory=list)
    _since: datetime | None = None
    _reasons: Counter[str] = field(default_factory=Counter)

    @property
    def goes_on(self) -> bool:
        """Whether the last run that could tell has failed."""
        return self._since is not None

    def failed(self, at: datetime, reason: str) -> None:
        """A run outside maintenance has failed."""
        self._since = self._since or at
        self._reasons[reason] += 1

    def passed(self, at: datetime) -> None:
        """A run outside maintenance has passed."""
        if self._since is not None:
            self.ended.append(self._incident(self._since, at))
            self._since, self._reasons = None, Counter()

    def all(self) -> list[Incident]:
        """Those that ended, and the one that goes on."""
        return [*self.ended, *([self._incident(self._since, None)] if self._since is not None else [])]

    def _incident(self, since: datetime, until: datetime | None) -> Incident:
        return Incident(since=since, until=until, probes=(self.probe,), reasons=dict(self._reasons.most_common()))


def joined(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Those of all probes of a target, the overlapping ones as one, in the order of their beginning."""
    found: list[Incident] = []
    for each in sorted(incidents, key=lambda incident: incident.since):
        if found and (found[-1].until is None or each.since <= found[-1].until):
            found[-1] = _both(found[-1], each)
        else:
            found.append(each)
    return tuple(found)


def _both(first: Incident, second: Incident) -> Incident:
    until = None if first.until is None or second.until is None else max(first.until, second.until)
    return replace(
        first,
        until=until,
        probes=tuple(dict.fromkeys((*first.probes, *second.probes))),
        reasons=dict((Counter(first.reasons) + Counter(second.reasons)).most_common()),
        exact=first.exact and second.exact,
    )


@dataclass(frozen=True, kw_only=True)
class Noted:
    """An incident as it was written down, with its notes. `until` is None while it goes on."""

    since: datetime
    until: datetime | None
    notes: tuple[Note, ...]


def with_notes(incidents: Iterable[Incident], noted: Iterable[Noted]) -> tuple[Incident, ...]:
    """The incidents of a target with what was noted on them: each note once, on the first that its own overlaps.

    They need not be the same: of a time whose runs are kept no longer a report knows whole hours.
    """
    found = list(incidents)
    for each in noted:
        for number, incident in enumerate(found):
            begins_before_end = incident.until is None or each.since < incident.until
            if begins_before_end and (each.until is None or incident.since < each.until):
                found[number] = replace(incident, notes=(*incident.notes, *each.notes))
                break
    return tuple(found)
