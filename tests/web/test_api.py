"""The JSON API, held against its schema, over a real status store and a real history."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from prober.history import HistoryStore
from prober.outcome import Evidence, Outcome, Reason, ServerInfo, Verdict
from prober.outcome.masking import masked_evidence, masked_server
from prober.redaction import NOTHING, masked_before
from prober.scheduled_run import ScheduledRun
from tests.web.asking import asking
from tests.web.house import House, dead, house

DOCUMENT = json.loads(resources.files("prober.web").joinpath("schema", "api.schema.json").read_text(encoding="utf-8"))
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def checked(name: str, answer: httpx.Response) -> Any:
    """The answer as JSON, which is as the schema says."""
    schema = {**DOCUMENT, "$ref": f"#/$defs/{name}"}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    document = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert [error.message for error in validator.iter_errors(document)] == []
    return document


def result(number: int, *, probe: str = "a", passed: bool = True, at: timedelta | None = None) -> ScheduledRun:
    started_at = NOON + (at if at is not None else timedelta(seconds=number))
    failed = Outcome(
        target="dead",
        probe=probe,
        kind="handshake",
        verdict=Verdict.FAIL,
        reason=Reason.CONNECT_REFUSED,
        step="initialize",
        message=masked_before('half a pair \ud800 and a quote " and ünïcode'),
        evidence=(
            masked_evidence(Evidence(detail="nobody listens", http_status=502), masked_before),
            masked_evidence(Evidence(pointer="/a", seen="null"), masked_before),
        ),
        warnings=(masked_before("a warning"),),
        started_at=started_at,
        duration_seconds=0.25,
        server=masked_server(
            ServerInfo(era="modern", protocol_version="2026-07-28", name="s", version="1"), masked_before
        ),
        facts={"latency_seconds": 0.125},
    )
    good = replace(failed, verdict=Verdict.PASS, reason=None, step=None, message=NOTHING, evidence=(), warnings=())
    return ScheduledRun(outcome=good if passed else failed, due=started_at, start_lag_seconds=0.002)


@asynccontextmanager
async def remembering(folder: Path, results: list[ScheduledRun]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a prober to which that happened a while ago, and which has written it down."""
    history = HistoryStore.open(folder / "history.db", clock=lambda: NOON + timedelta(hours=1))
    for each in results:
        history.record(each)
    await history.close()
    history = HistoryStore.open(folder / "history.db", clock=lambda: NOON + timedelta(hours=1))
    try:
        async with house(dead("a", "b"), folder) as here, asking(replace(here.app_state, history=history)) as client:
            yield client
    finally:
        await history.close()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(DOCUMENT)


async def test_targets_are_told_before_anything_has_run(tmp_path: Path) -> None:
    async with house(dead("a", "b"), tmp_path) as here, asking(here.app_state) as client:
        document = checked("targets", await client.get("/api/v1/targets"))
        (target,) = document["targets"]
        assert (target["target"], target["verdict"], target["since"]) == ("dead", "unknown", None)
        assert [probe["probe"] for probe in target["probes"]] == ["a", "b"]
        assert target["probes"][0]["last_run"] is None
        assert target["probes"][0]["next_due"] == "2026-01-31T12:05:00.000Z"
        assert document["location"] == "here"


async def test_targets_are_told_as_they_stand(tmp_path: Path) -> None:
    async with house(dead("a", "b"), tmp_path) as here, asking(here.app_state) as client:
        here.statuses.record(result(1))
        here.statuses.record(result(2, passed=False))
        here.statuses.record(result(3, passed=False))
        (target,) = checked("targets", await client.get("/api/v1/targets"))["targets"]
        first = target["probes"][0]
        assert (target["verdict"], target["protocol"]["era"], target["server"]["name"]) == ("fail", "modern", "s")
        assert (first["verdict"], first["reason"], first["step"]) == ("fail", "connect_refused", "initialize")
        assert (first["streak"], first["since"]) == (2, "2026-01-31T12:00:02.000Z")
        assert (first["last_run"], first["last_success"]) == ("2026-01-31T12:00:03.250Z", "2026-01-31T12:00:01.250Z")
        assert (first["duration_seconds"], first["latency_seconds"]) == (0.25, 0.125)


async def test_a_probe_by_cron_has_no_interval(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here:
        probe = replace(here.config.probes["a"], cron="0 3 * * *")
        here.statuses.apply_config(replace(here.config, probes={"a": probe}))
        async with asking(here.app_state) as client:
            (target,) = checked("targets", await client.get("/api/v1/targets"))["targets"]
            assert (target["probes"][0]["interval_seconds"], target["probes"][0]["cron"]) == (None, "0 3 * * *")


async def test_a_prober_without_targets_tells_of_none(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here:
        here.statuses.apply_config(replace(here.config, probes={}, targets={}))
        async with asking(here.app_state) as client:
            assert checked("targets", await client.get("/api/v1/targets"))["targets"] == []


async def test_results_are_told_the_latest_first_within_the_time_asked_for(tmp_path: Path) -> None:
    runs = [result(n, passed=n % 2 == 0) for n in range(10)] + [result(20, probe="b")]
    async with remembering(tmp_path, runs) as client:
        everything = checked("results", await client.get("/api/v1/results"))
        assert len(everything["results"]) == 11
        assert everything["next"] is None
        times = [each["started_at"] for each in everything["results"]]
        assert times == sorted(times, reverse=True)
        query = {"probe": "a", "since": "2026-01-31T12:00:03Z", "until": "2026-01-31T13:00:06+01:00"}
        some = checked("results", await client.get("/api/v1/results", params=query))
        assert [(each["started_at"][17:19], each["verdict"]) for each in some["results"]] == [
            ("05", "fail"),
            ("04", "pass"),
            ("03", "fail"),
        ]
        assert checked("results", await client.get("/api/v1/results?target=gone"))["results"] == []


async def test_pages_of_results_leave_none_out_and_tell_none_twice(tmp_path: Path) -> None:
    """Also where many runs began in one millisecond."""
    together = [result(0, probe=probe, at=timedelta(seconds=5.5)) for probe in ("a", "b")]
    runs = [result(n) for n in range(9)] + together + [result(n, probe="b") for n in range(9)]
    async with remembering(tmp_path, runs) as client:
        whole = checked("results", await client.get("/api/v1/results", params={"limit": 1000}))["results"]
        for limit in (1, 2, 3, 7, 19, 20):
            pages: list[Any] = []
            query: dict[str, str] = {"limit": str(limit)}
            while True:
                page = checked("results", await client.get("/api/v1/results", params=query))
                assert len(page["results"]) <= limit
                pages += page["results"]
                if page["next"] is None:
                    break
                query["cursor"] = page["next"]
            assert pages == whole
        assert len(whole) == 20


async def test_failures_are_told_with_what_proves_them(tmp_path: Path) -> None:
    runs = [result(n, passed=n % 2 == 0) for n in range(6)] + [result(7, probe="b", passed=False)]
    async with remembering(tmp_path, runs) as client:
        failures = checked("failures", await client.get("/api/v1/failures"))["failures"]
        assert [failure["started_at"][17:19] for failure in failures] == ["07", "05", "03", "01"]
        assert failures[0]["evidence"][0] == {"detail": "nobody listens", "http_status": 502}
        assert failures[0]["message"] == 'half a pair \ufffd and a quote " and ünïcode'
        (only,) = checked("failures", await client.get("/api/v1/failures?probe=a&limit=1"))["failures"]
        assert only["probe"] == "a"


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("results?limit=0", 400, "limit: expected a whole number from 1 to 1000"),
        ("results?limit=1001", 400, "limit: expected a whole number from 1 to 1000"),
        ("results?limit=%D9%A3", 400, "limit: expected a whole number from 1 to 1000"),
        ("failures?limit=-1", 400, "limit: expected a whole number from 1 to 1000"),
        ("results?since=yesterday", 400, "since: expected a time such as 2026-01-31T12:00:00Z (a + is written %2B)"),
        ("results?until=2026-01-31", 400, "until: expected a time such as 2026-01-31T12:00:00Z (a + is written %2B)"),
        (
            "results?since=0001-01-01T00:00:00%2B14:00",
            400,
            "since: expected a time such as 2026-01-31T12:00:00Z (a + is written %2B)",
        ),
        ("results?since=1969-12-31T23:59:59Z", 400, "since: expected a time in 1970 or later"),
        ("results?since=1970-01-01T00:00:00%2B00:01", 400, "since: expected a time in 1970 or later"),
        ("incidents?until=0001-01-01T00:00:00Z", 400, "until: expected a time in 1970 or later"),
        ("report?until=0001-01-01T00:00:00Z", 400, "until: expected a time in 1970 or later"),
        ("results?cursor=1", 400, "cursor: expected the value of `next`"),
        ("results?cursor=99999999999999999999-1", 400, "cursor: expected the value of `next`"),
        ("results?tagret=a", 400, "unknown parameter tagret; did you mean target?"),
        ("results?target=a&target=b", 400, "target is given twice"),
        ("targets?x", 400, "unknown parameter x"),
        ("failures?since=2026-01-31T12:00:00Z", 400, "unknown parameter since; known: target, probe, limit"),
        ("nothing", 404, "Not Found"),
    ],
)
async def test_what_cannot_be_answered_is_told_as_json(tmp_path: Path, path: str, status: int, message: str) -> None:
    async with remembering(tmp_path, []) as client:
        answer = await client.get(f"/api/v1/{path}".replace("?x", "?x=1"))
        assert answer.status_code == status
        assert checked("error", answer) == {"error": message}


async def test_extreme_times_are_no_mistake(tmp_path: Path) -> None:
    async with remembering(tmp_path, [result(0)]) as client:
        query = {"since": "1970-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}
        assert len(checked("results", await client.get("/api/v1/results", params=query))["results"]) == 1
        for name in ("incidents", "report"):
            for only in ({"until": query["since"]}, {"since": query["since"]}, query):
                assert (await client.get(f"/api/v1/{name}", params=only)).status_code == 200, (name, only)


async def test_a_prober_without_history_says_so(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        for name in ("results", "failures"):
            answer = await client.get(f"/api/v1/{name}")
            assert (answer.status_code, checked("error", answer)) == (404, {"error": "this prober keeps no history"})


async def test_a_history_that_cannot_be_read_is_told_and_the_present_is_still_there(tmp_path: Path) -> None:
    history = HistoryStore.open(tmp_path / "history.db")
    await history.close()
    async with house(dead("a"), tmp_path) as here, asking(replace(here.app_state, history=history)) as client:
        answer = await client.get("/api/v1/results")
        assert answer.status_code == 503
        assert checked("error", answer)["error"].startswith("history gives no answer: ")
        assert (await client.get("/api/v1/targets")).status_code == 200


async def test_ten_thousand_probes_are_told_without_holding_the_event_loop(tmp_path: Path) -> None:
    """Held up by more than the fifth of a second is what would be seen in measured latencies."""
    async with house(dead("a"), tmp_path) as here:
        many = crowd(here, 10_000)
        async with asking(here.app_state) as client:
            for path in ("/api/v1/targets", "/sd"):
                answering = asyncio.create_task(client.get(path))
                worst = await worst_pause_until(answering)
                assert many in (await answering).text
                assert worst < 0.2, path


def crowd(here: House, count: int) -> str:
    """The configuration with so many probes in place of one; the name of the last of them."""
    probe = here.config.probes["a"]
    probes = {f"probe-{n}": replace(probe, name=f"probe-{n}") for n in range(count)}
    here.statuses.apply_config(replace(here.config, probes=probes))
    return f"probe-{count - 1}"


async def worst_pause_until(task: asyncio.Task[Any]) -> float:
    """Seconds that the event loop worked at a stretch while the task was going on. What others took is not counted."""
    worst, before = 0.0, time.thread_time()
    while not task.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        worst, before = max(worst, now - before), now
    return worst


async def test_tags_and_disabled_probes_are_told_apart_from_those_that_run(tmp_path: Path) -> None:
    document = dead("a", "b")
    document["targets"]["dead"]["tags"] = ["eu"]
    document["probes"]["a"] = {**document["probes"]["a"], "tags": ["smoke"]}
    document["probes"]["b"] = {**document["probes"]["b"], "enabled": False}
    document["targets"]["off"] = {"url": "http://127.0.0.1:9/mcp", "enabled": False}
    document["probes"]["c"] = {"target": "off", "kind": "handshake"}
    async with house(document, tmp_path) as here, asking(here.app_state) as client:
        await here.run_all()
        first, second = checked("targets", await client.get("/api/v1/targets"))["targets"]
        found = (await client.get("/sd")).json()
    assert (first["tags"], first["enabled"], first["probes"][0]["tags"]) == (["eu"], True, ["eu", "smoke"])
    assert first["disabled"] == [{"probe": "b", "kind": "handshake", "tags": ["eu"]}]
    assert (second["target"], second["enabled"], second["verdict"], second["probes"]) == ("off", False, "unknown", [])
    assert [group["labels"]["probe"] for group in found] == ["a"]


REPORT = json.loads(
    resources.files("prober.availability_report").joinpath("report.schema.json").read_text(encoding="utf-8")
)


async def test_a_report_of_a_stretch_of_time(tmp_path: Path) -> None:
    async with remembering(tmp_path, [result(n, passed=n != 1) for n in range(4)]) as client:
        answer = await client.get(
            "/api/v1/report", params={"since": "2026-01-31T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
        )
        document = answer.json()
        Draft202012Validator(REPORT).validate(document)
        [target] = document["targets"]
        assert (target["target"], target["availability"], len(target["incidents"])) == ("dead", 0.75, 1)
        none = await client.get("/api/v1/report", params={"target": "other-*"})
        assert none.json()["targets"] == []
        now = (await client.get("/api/v1/report")).json()
        assert [each["availability"] for each in now["targets"]] == [None]
        for query in ("since=yesterday", "since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", "from=1"):
            refused = await client.get(f"/api/v1/report?{query}")
            assert refused.status_code == 400
            checked("error", refused)


async def test_a_target_has_its_labels_and_the_source_that_gave_it(tmp_path: Path) -> None:
    document = dead("a")
    document["targets"]["dead"]["labels"] = {"team": "search"}
    async with house(document, tmp_path) as here, asking(here.app_state) as client:
        (found,) = checked("targets", await client.get("/api/v1/targets"))["targets"]
        assert (found["labels"], found["source"]) == ({"team": "search"}, None)
