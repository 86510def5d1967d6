"""Notes of an operator on incidents."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.history.codec import microseconds, moment
from prober.history.queries import IN
from prober.redaction import Masked, masked_before

LONGEST_NOTE: Final = 1_000
"""Characters."""
MOST_NOTES: Final = 50
"""Of one incident."""


class NoteRefusedError(Exception):
    """A note cannot be kept, or is not there; says why."""


class NoSuchIncidentError(NoteRefusedError):
    """Nothing is known under that name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What an operator says of an incident. Its number is given only once."""

    number: int
    at: datetime
    text: Masked


def notes_of(connection: sqlite3.Connection, incidents: Sequence[str]) -> Mapping[str, Sequence[Note]]:
    """By the names of the incidents, the oldest first; what has none is left out."""
    found: dict[str, list[Note]] = defaultdict(list)
    for number, incident, at, text in connection.execute(
        f"SELECT id, incident, at_us, text FROM notes WHERE incident {IN} ORDER BY id",  # noqa: S608
        (json.dumps([*incidents]),),
    ):
        found[incident].append(Note(number=number, at=moment(at), text=masked_before(text)))
    return found


def add_note(connection: sqlite3.Connection, *, incident: str, text: Masked, at: datetime) -> Note:
    """Keep a note, at once. Raises NoteRefusedError."""
    connection.execute("BEGIN IMMEDIATE")  # a refusal closes the connection, which undoes it
    if connection.execute("SELECT 1 FROM incidents WHERE incident = ? LIMIT 1", (incident,)).fetchone() is None:
        raise NoSuchIncidentError("no such incident")
    (count,) = connection.execute("SELECT count(*) FROM notes WHERE incident = ?", (incident,)).fetchone()
    if count >= MOST_NOTES:
        raise NoteRefusedError(f"the incident has {MOST_NOTES} notes already: delete one first")
    number = connection.execute(
        "INSERT INTO notes (incident, at_us, text) VALUES (?, ?, ?)", (incident, microseconds(at), text)
    ).lastrowid
    connection.execute("COMMIT")
    assert number is not None
    return Note(number=number, at=moment(microseconds(at)), text=text)


def delete_note(connection: sqlite3.Connection, *, incident: str, number: int) -> None:
    """Forget a note. Raises NoteRefusedError."""
    if not connection.execute("DELETE FROM notes WHERE incident = ? AND id = ?", (incident, number)).rowcount:
        raise NoSuchIncidentError("no such note")
