"""Incidents that were written down as they came, with the notes of an operator on them."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.history.codec import microseconds, moment
from prober.history.notes import Note, notes_of
from prober.history.queries import IN, Named
from prober.outcome import Symptom

_CHOSEN: Final = f"""SELECT incident FROM incidents JOIN targets ON targets.id = incidents.target
    WHERE (until_us IS NULL OR until_us >= :since) AND began_us < :until
        AND (:targets IS NULL OR targets.name {IN.replace("?", ":targets")})
    GROUP BY incident ORDER BY max(until_us IS NULL) DESC, max(began_us) DESC LIMIT :limit"""  # noqa: S608 - ours
_ROWS: Final = f"""SELECT incident, began_us, targets.name, probes.name, until_us, symptoms, statuses.started_us
    FROM incidents JOIN targets ON targets.id = incidents.target JOIN probes ON probes.id = incidents.probe
        LEFT JOIN all_statuses AS statuses ON statuses.probe = incidents.probe AND until_us IS NULL
    WHERE incident {IN} ORDER BY incidents.id"""  # noqa: S608


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedIncident:
    """A time in which a target failed. `until` is None while it goes on."""

    name: str
    """A UUID that stays the same for as long as the incident is kept."""
    target: str
    since: datetime
    until: datetime | None
    probes: tuple[str, ...]
    """Those that failed, in the order of their first failure."""
    failing: tuple[Named, ...]
    """Those that have not passed since."""
    last_run: datetime | None
    """When the latest run of those began: nothing is known of the time since."""
    symptoms: tuple[Symptom, ...]
    notes: tuple[Note, ...]
    """The oldest first."""


def recorded_incidents(
    connection: sqlite3.Connection, *, since: datetime, until: datetime, targets: Sequence[str] | None, limit: int
) -> list[RecordedIncident]:
    """Those that went on at some time from `since` up to `until`: first those that still go on, then the latest."""
    bounds = {
        "since": microseconds(since),
        "until": microseconds(until),
        "targets": None if targets is None else json.dumps([*targets]),
        "limit": limit,
    }
    return named_incidents(connection, [name for (name,) in connection.execute(_CHOSEN, bounds)])


def named_incidents(connection: sqlite3.Connection, names: Sequence[str]) -> list[RecordedIncident]:
    """Those with these names, in this order; what is not known is left out."""
    asked = json.dumps([*names])
    rows: dict[str, list[tuple[int, str, str, int | None, str, int | None]]] = defaultdict(list)
    for name, *row in connection.execute(_ROWS, (asked,)):
        rows[name].append(tuple(row))
    notes = notes_of(connection, names)
    return [_incident(name, rows[name], notes.get(name, ())) for name in names if name in rows]


def _incident(
    name: str, rows: Sequence[tuple[int, str, str, int | None, str, int | None]], notes: Sequence[Note]
) -> RecordedIncident:
    began, target = rows[0][:2]
    ends = [until for _, _, _, until, _, _ in rows]
    known = [last for *_, last in rows if last is not None]
    goes_on = None in ends
    symptoms = dict.fromkeys(word for *_, words, _ in rows for word in words.split())
    return RecordedIncident(
        name=name,
        target=target,
        since=moment(began),
        until=None if goes_on else moment(max(end for end in ends if end is not None)),
        probes=tuple(dict.fromkeys(probe for _, _, probe, *_ in rows)),
        failing=tuple(Named(target=target, probe=probe) for _, _, probe, until, *_ in rows if until is None),
        last_run=moment(max(known)) if known else None,
        symptoms=tuple(symptom for symptom in Symptom if symptom.value in symptoms),
        notes=tuple(notes),
    )
