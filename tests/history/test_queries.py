from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prober.history import HistoryError, HistoryStore, Retention
from prober.history.codec import LONGEST, to_json
from prober.history.queries import remembered
from prober.history.reader import Reader
from prober.history.schema import connect_to_read
from prober.history.write_connection import WriteConnection
from prober.outcome import Evidence, Exchange, Phase, Reason, Verdict
from prober.redaction import masked_before
from tests.history.making import NOON, entry, result, statuses_of
from tests.waiting import until

NOW = NOON + timedelta(hours=1)


async def test_what_is_noted_can_be_asked_for_soon_after(tmp_path: Path) -> None:
    history = HistoryStore.open(tmp_path / "history.db", clock=lambda: NOW)
    assert await history.results() == []
    assert await history.overview() == {}
    assert history.remembered() == []
    history.record(result())

    async def is_there() -> bool:
        return len(await history.results()) == 1

    await until(is_there)
    assert history.bytes > 0
    assert history.dropped == 0
    await history.close()


async def test_failures_come_with_their_evidence_the_latest_first(tmp_path: Path) -> None:
    history = HistoryStore.open(tmp_path / "history.db", clock=lambda: NOW)
    evidence = (
        Evidence(pointer="/a/0", keyword="type", seen="null", expected='"array"'),
        Evidence(http_status=502, rpc_code=-32603, detail="half a pair \ud83d, a nought \x00 and “quotes”"),
    )
    for number in range(30):
        history.record(result(NOON + timedelta(seconds=number)))
        history.record(
            result(
                NOON + timedelta(seconds=number),
                target=f"target-{number % 2}",
                probe=f"probe-{number % 4}",
                reason=Reason.SCHEMA_MISMATCH,
                step="tools/call",
                evidence=evidence,
                warnings=("slow",),
            )
        )
    history.record(result(NOON + timedelta(minutes=1), target="target-9", probe="late", reason=Reason.NOT_RUN))
    await history.close()
    history = HistoryStore.open(tmp_path / "history.db", clock=lambda: NOW)

    (latest,) = await history.failures(limit=1)
    assert (latest.target, latest.verdict, latest.reason) == ("target-9", Verdict.UNKNOWN, Reason.NOT_RUN)
    found = await history.failures(target="target-1", limit=10)
    assert [failure.started_at for failure in found] == [NOON + timedelta(seconds=29 - 2 * n) for n in range(10)]
    assert {failure.target for failure in found} == {"target-1"}
    (one,) = await history.failures(probe="probe-3", limit=1)
    assert (one.kind, one.step, one.message) == ("call", "tools/call", "ended with schema_mismatch")
    assert (one.evidence, one.warnings, one.duration_seconds) == (evidence, ("slow",), 0.0125)
    assert await history.failures(target="target-1", probe="probe-2") == []
    assert len(await history.failures(limit=1_000)) == 31
    await history.close()


def test_details_are_capped_whatever_a_server_said() -> None:
    evidence = tuple(Evidence(seen="\U0001f600" * 9_000, expected="x" * 9_000, detail="y" * 9_000) for _ in range(50))
    outcome = result(reason=Reason.TOO_LARGE, evidence=evidence, warnings=("w" * 9_000,) * 50).outcome
    text = to_json(outcome)
    assert len(text) <= LONGEST
    told = json.loads(text)
    assert told["kind"] == "call"
    assert "… (" in told["evidence"][0]["expected"]
    assert told["evidence"][0]["expected"].endswith(" more)")


async def test_exchanges_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = HistoryStore.open(path)
    exchange = Exchange(
        step="initialize",
        started_at=0.0,
        duration_seconds=0.1,
        phases={Phase.WAIT: 0.1},
        sent=masked_before("a-sent-word"),
        received=masked_before("a"),
    )
    history.record(result(reason=Reason.TIMEOUT, exchanges=(exchange,), phases={Phase.WAIT: 0.1}))
    await history.close()
    assert b"a-sent-word" not in path.read_bytes()
    assert b"ended with timeout" in path.read_bytes()


async def test_a_question_has_a_bound_on_its_time_and_the_next_one_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await HistoryStore.open(path).close()
    reader = Reader(path, seconds=0.2)
    endless = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT count(*) FROM n"
    began = time.monotonic()
    with pytest.raises(HistoryError) as caught:
        await reader.ask(lambda connection: connection.execute(endless).fetchone())
    assert str(caught.value) == f"{path}: no answer within 0.2 s; ask for less"
    assert time.monotonic() - began < 20
    assert await reader.ask(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
    reader.close()


async def test_a_question_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await HistoryStore.open(path).close()
    reader = Reader(path, seconds=5.0)
    with pytest.raises(HistoryError, match="cannot be read: attempt to write a readonly database"):
        await reader.ask(lambda connection: connection.execute("DELETE FROM runs"))
    reader.close()


async def test_a_closed_history_answers_with_an_error_and_counts_what_it_does_not_take(tmp_path: Path) -> None:
    history = HistoryStore.open(tmp_path / "history.db")
    await history.close()
    await history.close()
    with pytest.raises(HistoryError, match="is closed"):
        await history.results()
    history.record(result())
    assert history.dropped == 1


async def test_a_result_that_cannot_be_written_down_is_dropped_and_holds_nothing_up(tmp_path: Path) -> None:
    told: list[str | None] = []
    history = HistoryStore.open(tmp_path / "history.db", on_trouble=told.append, clock=lambda: NOW)
    history.record(result(seconds=float("nan")))
    history.record(result(target="half a pair \ud83d"))
    history.record(result(at=NOON.replace(tzinfo=None)))
    history.record(result())
    await history.close()
    assert history.dropped == 3
    assert told == []
    history = HistoryStore.open(tmp_path / "history.db", clock=lambda: NOW)
    assert [kept.target for kept in await history.results()] == ["reference"]
    await history.close()


async def test_a_reason_of_another_version_is_shown_but_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    statuses = statuses_of([result(NOON)])
    history = HistoryStore.open(path, statuses=statuses, clock=lambda: NOW)
    for given in (result(NOON), result(NOON + timedelta(minutes=1), reason=Reason.TIMEOUT)):
        statuses.record(given)
        history.record(given)
    await history.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE reasons SET name = 'out_of_fashion'")
    connection.commit()
    connection.close()
    history = HistoryStore.open(path, clock=lambda: NOW)
    assert [failure.reason for failure in await history.failures()] == ["out_of_fashion"]
    (memory,) = history.remembered()
    assert memory.last is None
    assert memory.last_success == NOON + timedelta(seconds=0.0125)
    await history.close()


@pytest.mark.parametrize("compacted", [False, True])
async def test_what_the_last_run_said_is_remembered_though_texts_that_stay_the_same_are_written_once(
    tmp_path: Path, compacted: bool
) -> None:
    path = tmp_path / "history.db"
    said: list[dict[str, Any]] = [
        {"facts": {"tools": 12.0, "latency_seconds": 0.25}},
        {"facts": {"tools": 12.0, "latency_seconds": 0.5}},
        {"facts": {"tools": 13.0, "latency_seconds": 0.5}},
        {"facts": {"tools": 13.0}, "warnings": ("slow",)},
        {"facts": {"tools": 13.0}, "reason": Reason.TIMEOUT, "evidence": (Evidence(detail="late"),)},
        {"facts": {"tools": 13.0}, "warnings": ("slow",)},
        {"facts": {"tools": 13.0}, "warnings": ("slow",)},
    ]
    for last in range(len(said)):
        path.unlink(missing_ok=True)
        writing = WriteConnection(path, Retention(), now=NOW)
        for number in range(last + 1):
            given = entry(NOON + timedelta(seconds=number), **said[number])
            writing.write([given])
            if compacted:
                writing.compact(NOW)
        with closing(connect_to_read(path)) as connection:
            (memory,) = remembered(connection)
        assert memory.last == given.result
        writing.close()
