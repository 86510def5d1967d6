"""Incidents are written down as they come: the same ones that a report finds, under names that stay, with notes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from prober.history import HistoryStore, NoSuchIncidentError, NoteRefusedError, RecordedIncident, Retention
from prober.history.history_file import salvage
from prober.history.notes import MOST_NOTES, add_note
from prober.history.recorded_incidents import recorded_incidents
from prober.history.schema import connect_to_read
from prober.history.write_connection import WriteConnection
from prober.outcome import Reason, Symptom
from prober.redaction import of_ours
from tests.history.making import NOON, entry
from tests.history.ninety_days import BEGIN, END, made_up, write
from tests.history.test_availability import ALL_KEPT, asked

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
TIMEOUT = Reason.TIMEOUT


def _known(path: Path, *, since: datetime = BEGIN, until: datetime = END, limit: int = 1_000) -> list[RecordedIncident]:
    with closing(connect_to_read(path)) as connection:
        return recorded_incidents(connection, since=since, until=until, targets=None, limit=limit)


def _written(path: Path, runs: str, *, probe: str = "state", at: datetime = NOON) -> None:
    """A run each minute: `.` passes, `x` fails, `?` cannot tell, `m` fails in maintenance."""
    reasons = {"x": TIMEOUT, "m": TIMEOUT, "?": Reason.NOT_RUN}
    writing = WriteConnection(path, Retention(), now=at)
    for minute, each in enumerate(runs):
        run = entry(at + minute * MINUTE, probe=probe, reason=reasons.get(each), maintenance=each == "m")
        writing.write([run])
    writing.close()


def test_they_are_those_that_a_report_finds_in_the_runs(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    write(path, made_up(Random(3), targets=3, probes=2, interval=timedelta(hours=1)), ALL_KEPT)
    for name, target in asked(path).targets.items():
        found = sorted((each for each in _known(path) if each.target == name), key=lambda each: each.since)
        assert [(each.since, each.until) for each in found] == [(each.since, each.until) for each in target.incidents]
        for recorded, counted in zip(found, target.incidents, strict=True):
            assert set(recorded.probes) == set(counted.probes)
            assert set(recorded.symptoms) == {Reason(each).symptom for each in counted.reasons}
    names = [each.name for each in _known(path)]
    assert len(set(names)) == len(names) > 20


@pytest.mark.parametrize(
    ("runs", "minutes"),
    [
        ("..xx..", [(2, 4)]),
        ("x?x.x", [(0, 3), (4, None)]),
        (".mmm.", []),
        ("xmm.m", [(0, 3)]),
        ("?", []),
    ],
)
def test_an_incident_begins_with_a_failure_and_ends_with_a_pass(
    runs: str, minutes: list[tuple[int, int | None]], tmp_path: Path
) -> None:
    _written(tmp_path / "history.db", runs)
    found = _known(tmp_path / "history.db", since=NOON - MINUTE, until=NOON + timedelta(hours=1))
    times = sorted((each.since, each.until or datetime.max) for each in found)
    assert [since for since, _ in times] == [NOON + begin * MINUTE for begin, _ in minutes]
    assert [each.until is None for each in sorted(found, key=lambda each: each.since)] == [
        end is None for _, end in minutes
    ]


def test_a_name_stays_over_a_restart_and_when_another_probe_began_to_fail_earlier_and_is_known_later(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.db"
    _written(path, "x")
    [before] = _known(path, since=NOON, until=NOON + MINUTE)
    _written(path, "x", probe="slower", at=NOON - timedelta(seconds=9))
    _written(path, "xx.", at=NOON + MINUTE)
    [after] = _known(path, since=NOON, until=NOON + 9 * MINUTE)
    assert (after.name, after.since) == (before.name, before.since)
    assert (after.until, set(after.probes)) == (None, {"state", "slower"})
    assert [each.probe for each in after.failing] == ["slower"]
    assert after.last_run is not None


def test_each_symptom_is_named_once(tmp_path: Path) -> None:
    writing = WriteConnection(tmp_path / "history.db", Retention(), now=NOON)
    reasons = (TIMEOUT, Reason.CONNECT_REFUSED, Reason.TOO_SLOW, TIMEOUT)
    writing.write([entry(NOON + n * MINUTE, reason=reason) for n, reason in enumerate(reasons)])
    writing.close()
    [found] = _known(tmp_path / "history.db")
    assert found.symptoms == (Symptom.NO_ANSWER, Symptom.TOO_SLOW)


def test_those_that_go_on_come_first_and_then_the_latest(tmp_path: Path) -> None:
    _written(tmp_path / "history.db", "xxxxxx", probe="long")
    writing = WriteConnection(tmp_path / "history.db", Retention(), now=NOON)
    for minute, reason in ((10, TIMEOUT), (11, None), (12, TIMEOUT), (13, None)):
        writing.write([entry(NOON + minute * MINUTE, target="other", probe="flaps", reason=reason)])
    writing.close()
    found = _known(tmp_path / "history.db", limit=2)
    assert [(each.target, each.until is None) for each in found] == [("reference", True), ("other", False)]
    assert found[1].since == NOON + 12 * MINUTE


async def test_a_note_is_kept_at_once_and_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    _written(path, "x")
    history = HistoryStore.open(path, clock=lambda: NOON + MINUTE)
    [incident] = await history.incidents(since=NOON)
    note = await history.add_note(incident.name, of_ours("We are on it."))
    [read] = await history.incidents(since=NOON)
    assert read.notes == (note,)
    await history.close()
    history = HistoryStore.open(path, clock=lambda: NOON + MINUTE)
    [read] = await history.incidents(since=NOON, targets=["reference"])
    assert [(each.text, each.at) for each in read.notes] == [("We are on it.", NOON + MINUTE)]
    assert await history.incidents(since=NOON, targets=["another"]) == []
    await history.delete_note(incident.name, note.number)
    [read] = await history.incidents(since=NOON)
    assert read.notes == ()
    with pytest.raises(NoSuchIncidentError):
        await history.delete_note(incident.name, note.number)
    await history.close()


def test_a_note_is_in_a_report_too_when_only_the_hours_are_left(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    write(path, made_up(Random(8), targets=1, probes=1, interval=timedelta(minutes=20)), Retention(results=30 * DAY))
    oldest = min(_known(path), key=lambda each: each.since)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        add_note(connection, incident=oldest.name, text=of_ours("long ago"), at=oldest.since)
    [target] = asked(path).targets.values()
    [noted] = [each for each in target.incidents if each.notes]
    assert (noted.exact, [note.text for note in noted.notes]) == (False, ["long ago"])
    assert noted.since <= oldest.since < (noted.until or END)


async def test_notes_are_bounded_and_belong_to_an_incident(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    _written(path, "x")
    history = HistoryStore.open(path)
    with pytest.raises(NoSuchIncidentError):
        await history.add_note("no-such-name", of_ours("text"))
    [incident] = await history.incidents(since=NOON)
    notes = await asyncio.gather(*(history.add_note(incident.name, of_ours(f"{n}")) for n in range(MOST_NOTES)))
    assert len({note.number for note in notes}) == MOST_NOTES
    with pytest.raises(NoteRefusedError, match="delete one first"):
        await history.add_note(incident.name, of_ours("one more"))
    await history.close()


async def test_incidents_go_with_their_notes_when_failures_do(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    _written(path, "x.")
    _written(path, "x", probe="goes-on")
    history = HistoryStore.open(path, clock=lambda: NOON + MINUTE)
    for incident in await history.incidents(since=NOON):
        await history.add_note(incident.name, of_ours("text"))
    await history.close()
    writing = WriteConnection(path, Retention(failures=timedelta(hours=2)), now=NOON)
    for _ in range(3):
        writing.compact(NOON + timedelta(hours=5))
    writing.close()
    [left] = _known(path)
    assert (left.probes, left.until) == (("goes-on",), None)
    assert len(left.notes) == 1
    _written(path, ".", probe="goes-on", at=NOON + timedelta(hours=5))
    writing = WriteConnection(path, Retention(failures=timedelta(hours=2)), now=NOON)
    writing.compact(NOON + timedelta(hours=9))
    with closing(connect_to_read(path)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    writing.close()


async def test_what_a_damaged_file_still_holds_of_them_is_copied(tmp_path: Path) -> None:
    broken, path = tmp_path / "broken.db", tmp_path / "history.db"
    _written(broken, "x.x")
    history = HistoryStore.open(broken, clock=lambda: NOON)
    [goes_on, _] = known = await history.incidents(since=NOON, until=NOON + timedelta(hours=1))
    await history.add_note(goes_on.name, of_ours("text"))
    await history.close()
    salvage(broken, into=path, retention=Retention(), now=NOON)
    copied = _known(path)
    assert [(each.name, each.since, each.until) for each in copied] == [
        (each.name, each.since, each.until) for each in known
    ]
    assert [len(each.notes) for each in copied] == [1, 0]
