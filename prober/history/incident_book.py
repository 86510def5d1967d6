"""Writes incidents down as they begin and end, so that each has one name for as long as it is kept.

What an incident is says `incidents.py`, which finds them in the runs of any stretch of time. Here they are found as
runs come: the name of one is made of its target and of when it began, and whatever comes later changes neither, not
even a run that began earlier and ended later.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from prober.outcome import Outcome, Reason, Verdict

_NAMES: Final = UUID("5b0c4bd4-6c1f-5ad3-9a51-0e8d1a2f7c11")
"""The name space of RFC 9562 in which incidents have theirs."""
_BEGIN: Final = """INSERT INTO incidents (incident, target, began_us, probe, since_us, symptoms)
    VALUES (?, ?, ?, ?, ?, ?)"""
_OVERLAPS: Final = """SELECT incident, began_us FROM incidents
    WHERE target = ? AND (until_us IS NULL OR until_us >= ?) ORDER BY began_us DESC LIMIT 1"""


class NumberedTarget(NamedTuple):
    """A target and its number in the file."""

    name: str
    number: int


@dataclass(slots=True)
class _Open:
    """A probe that fails: its row, and what was written of it."""

    row: int
    since: int
    symptoms: list[str] = field(default_factory=list)


class IncidentBook:
    """Which probes fail, by their numbers. Its connection is that of the runs, and so are its transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open = {
            probe: _Open(row, since, symptoms.split())
            for row, probe, since, symptoms in connection.execute(
                "SELECT id, probe, since_us, symptoms FROM incidents WHERE until_us IS NULL"
            )
        }

    def ran(self, target: NumberedTarget, probe: int, started: int, outcome: Outcome) -> None:
        """A run outside maintenance has ended; of most of them nothing is to be written."""
        known = self._open.get(probe)
        if outcome.verdict is Verdict.FAIL:
            symptom = (outcome.reason or Reason.UNDECIDED).symptom.value
            if known is None:
                self._begin(target, probe, started, symptom)
            elif symptom not in known.symptoms:
                known.symptoms.append(symptom)
                texts = " ".join(known.symptoms)
                self._connection.execute("UPDATE incidents SET symptoms = ? WHERE id = ?", (texts, known.row))
        elif outcome.verdict is Verdict.PASS and known is not None:
            del self._open[probe]
            until = max(started, known.since)  # a clock may have been set back
            self._connection.execute("UPDATE incidents SET until_us = ? WHERE id = ?", (until, known.row))

    def _begin(self, target: NumberedTarget, probe: int, started: int, symptom: str) -> None:
        same = self._connection.execute(_OVERLAPS, (target.number, started)).fetchone()
        name, began = same or (str(uuid5(_NAMES, f"{target.name}\n{started}")), started)
        row = self._connection.execute(_BEGIN, (name, target.number, began, probe, started, symptom)).lastrowid
        assert row is not None
        self._open[probe] = _Open(row, started, [symptom])
