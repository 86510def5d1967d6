"""How a stretch of time was, target by target: runs by verdict, how long they took, incidents, changed contracts.

Where the runs are still kept, every figure is exact; of the time before, the roll-ups give counts by the hour,
estimates of percentiles, and incidents in whole hours. One pass over the runs, in the order in which the file has them.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from prober.history.codec import CODES, EPOCH, HOUR_US, microseconds, moment
from prober.history.incidents import NO_REASON, Incident, Noted, ProbeIncidents, joined, with_notes
from prober.history.models import share
from prober.history.notes import notes_of
from prober.history.queries import named, reasons_of
from prober.history.run_times import RunTimes
from prober.history.schema import BUCKETS
from prober.outcome import Reason, Verdict

_PASS, _FAIL = CODES[Verdict.PASS], CODES[Verdict.FAIL]
_BY_HOUR: Final = f"""SELECT hour, probe, passed, failed, unknown, in_maintenance, fastest_us, slowest_us,
    {", ".join(BUCKETS)} FROM hours WHERE hour >= ? AND hour < ? ORDER BY hour, probe"""  # noqa: S608 - names of our own
_FAILURES: Final = """SELECT probe, started_us / ?, reason, count(*) FROM failures
    WHERE started_us >= ? AND started_us < ? AND verdict = ? AND NOT maintenance GROUP BY 1, 2, 3"""
_COLUMNS: Final = "hour, probe, started_us, verdict, reason, maintenance, duration_us"
_RUNS: Final = f"""SELECT {_COLUMNS} FROM runs WHERE hour BETWEEN ?1 AND ?2 AND started_us >= ?3 AND started_us < ?4
    UNION ALL SELECT {_COLUMNS} FROM recent WHERE hour BETWEEN ?1 AND ?2 AND started_us >= ?3 AND started_us < ?4
    AND verdict <= 2 ORDER BY 1, 2, 3"""  # noqa: S608
_NOTED: Final = """SELECT incident, targets.name, min(began_us), iif(max(until_us IS NULL), NULL, max(until_us))
    FROM incidents JOIN targets ON targets.id = incidents.target WHERE incident IN (SELECT incident FROM notes)
    GROUP BY incident HAVING min(began_us) < ? AND (max(until_us IS NULL) OR max(until_us) >= ?) ORDER BY 3"""
_CHANGES: Final = """SELECT probe, started_us, json_extract(details, '$.message') FROM failures
    WHERE started_us >= ? AND started_us < ? AND reason = (SELECT id FROM reasons WHERE name = ?) ORDER BY started_us"""


@dataclass(kw_only=True)
class Counts:
    """Runs by verdict. Those in maintenance are counted apart, whatever came of them."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    in_maintenance: int = 0

    @property
    def availability(self) -> float | None:
        """The share that passed, of those that could tell; None where none could."""
        return share(self.passed, self.failed)

    def add(self, other: Counts) -> None:
        """Take in the runs of another probe or target."""
        self.passed += other.passed
        self.failed += other.failed
        self.unknown += other.unknown
        self.in_maintenance += other.in_maintenance


@dataclass(frozen=True, kw_only=True)
class ContractChange:
    """A server was found to break its contract, in words that are not those of the change before."""

    at: datetime
    probe: str
    message: str


@dataclass(kw_only=True)
class TargetAvailability:
    """One target in that time."""

    target: str
    probes: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    run_times: RunTimes = field(default_factory=RunTimes)
    """Of runs that passed or failed, outside maintenance."""
    incidents: tuple[Incident, ...] = ()
    contract_changes: list[ContractChange] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """Of all its probes."""
        total = Counts()
        for counts in self.probes.values():
            total.add(counts)
        return total


@dataclass(frozen=True, kw_only=True)
class Availability:
    """What history knows of the time from `since` up to and without `until`."""

    since: datetime
    until: datetime
    exact_since: datetime
    """From here on runs are kept; figures of the time before are by the hour."""
    targets: Mapping[str, TargetAvailability]
    """By name, in the order of the names; a target without a run in that time is left out."""


def availability(connection: sqlite3.Connection, *, since: datetime, until: datetime) -> Availability:
    """Ask for all targets at once; to ask for one takes as long. Of hours in part rolled up the whole is counted."""
    return _Reading(connection, since=since, until=until).answer()


class _Reading:
    """What is gathered while the rows go by."""

    def __init__(self, connection: sqlite3.Connection, *, since: datetime, until: datetime) -> None:
        self._connection = connection
        self._since, self._until = since, until
        self._first, self._last = microseconds(since), microseconds(until)
        self._names, self._reasons = named(connection), reasons_of(connection)
        self._targets: dict[str, TargetAvailability] = {}
        self._incidents: dict[str, list[Incident]] = defaultdict(list)

    def answer(self) -> Availability:
        exact_from = self._first_hour_of_runs()
        self._read_hours(before=exact_from)
        self._read_runs(first=exact_from)
        self._read_contract_changes()
        noted = self._noted()
        for name, incidents in self._incidents.items():
            self._targets[name].incidents = with_notes(joined(incidents), noted.get(name, ()))
        return Availability(
            since=self._since,
            until=self._until,
            exact_since=max(self._since, EPOCH + timedelta(hours=exact_from)),
            targets=dict(sorted(self._targets.items())),
        )

    def _first_hour_of_runs(self) -> int:
        """Runs go by whole hours; where none went yet, all are there."""
        (oldest,) = self._connection.execute("SELECT min(hour) FROM runs").fetchone()
        (rolled_up,) = self._connection.execute("SELECT min(hour) FROM hours").fetchone()
        if rolled_up is None or (oldest is not None and oldest <= rolled_up):
            return 0
        if oldest is None:
            (oldest,) = self._connection.execute("SELECT min(hour) FROM recent").fetchone()
        return int(oldest) if oldest is not None else self._last // HOUR_US + 1

    def _target(self, probe: int) -> TargetAvailability:
        name = self._names[probe].target
        if name not in self._targets:
            self._targets[name] = TargetAvailability(target=name)
        return self._targets[name]

    def _read_hours(self, *, before: int) -> None:
        first, last = self._first // HOUR_US, min(before, -(-self._last // HOUR_US))
        if first >= last:
            return
        failures: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
        bounds = (HOUR_US, first * HOUR_US, last * HOUR_US, _FAIL)
        for probe, hour, reason, count in self._connection.execute(_FAILURES, bounds):
            failures[probe, hour][self._reasons.get(reason, NO_REASON)] += count
        for hour, probe, passed, failed, unknown, kept_apart, fastest, slowest, *buckets in self._connection.execute(
            _BY_HOUR, (first, last)
        ):
            if probe not in self._names:
                continue
            target, name = self._target(probe), self._names[probe].probe
            target.probes[name].add(Counts(passed=passed, failed=failed, unknown=unknown, in_maintenance=kept_apart))
            target.run_times.add_hour(buckets, fastest, slowest)
            if failed:
                incident = Incident(
                    since=EPOCH + timedelta(hours=hour),
                    until=EPOCH + timedelta(hours=hour + 1),
                    probes=(name,),
                    reasons=dict((failures.get((probe, hour)) or Counter({NO_REASON: failed})).most_common()),
                    exact=False,
                )
                self._incidents[target.target].append(incident)

    def _read_runs(self, *, first: int) -> None:
        """Some million rows in a year: what is looked up for each of them is looked up once for each probe."""
        gathered: dict[int, tuple[Counts, array[int], ProbeIncidents]] = {}
        bounds = (max(first, self._first // HOUR_US), self._last // HOUR_US, self._first, self._last)
        for _, probe, started, verdict, reason, maintenance, duration in self._connection.execute(_RUNS, bounds):
            if probe not in gathered:
                if probe not in self._names:
                    continue
                name, target = self._names[probe].probe, self._target(probe)
                gathered[probe] = target.probes[name], target.run_times.known, ProbeIncidents(probe=name)
            counts, durations, incidents = gathered[probe]
            if maintenance:
                counts.in_maintenance += 1
            elif verdict == _PASS:
                counts.passed += 1
                durations.append(duration)
                if incidents.goes_on:
                    incidents.passed(moment(started))
            elif verdict == _FAIL:
                counts.failed += 1
                durations.append(duration)
                incidents.failed(moment(started), self._reasons.get(reason, NO_REASON))
            else:
                counts.unknown += 1
        for probe, (_, _, incidents) in gathered.items():
            self._incidents[self._names[probe].target] += incidents.all()

    def _noted(self) -> Mapping[str, Sequence[Noted]]:
        """The incidents with notes, by target."""
        found: dict[str, list[Noted]] = defaultdict(list)
        rows = self._connection.execute(_NOTED, (self._last, self._first)).fetchall()
        notes = notes_of(self._connection, [incident for incident, *_ in rows])
        for incident, target, began, ended in rows:
            until = None if ended is None else moment(ended)
            found[target].append(Noted(since=moment(began), until=until, notes=tuple(notes[incident])))
        return found

    def _read_contract_changes(self) -> None:
        said: dict[int, str] = {}
        for probe, started, message in self._connection.execute(
            _CHANGES, (self._first, self._last, Reason.CONTRACT_BROKEN)
        ):
            if probe in self._names and said.get(probe) != message:
                said[probe] = message
                change = ContractChange(at=moment(started), probe=self._names[probe].probe, message=message)
                self._target(probe).contract_changes.append(change)
