"""The TypeScript example, run as its users run it."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from mcp_state_tests.serving import Example
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from mcp_state import StateMetrics, ToolTraits
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome

from . import typescript

pytestmark = [pytest.mark.external, pytest.mark.slow]

CALLERS: Final = 8
TOOLS: Final = {
    "add_item": ToolTraits(writes=True, conflicts=True, retries=True),
    "replace_items": ToolTraits(writes=True, conflicts=True),
    "buy": ToolTraits(writes=True, conflicts=True, locks=True),
    "get_list": ToolTraits(),
}
PROBES: Final = (typescript.FOLDER / "probes.yaml").read_text(encoding="utf-8")


def shape(page: str) -> dict[str, tuple[str, frozenset[tuple[str, frozenset[tuple[str, str]]]]]]:
    """Of each family its type, and its series with their labels, buckets among them."""
    return {
        family.name: (
            family.type,
            frozenset((sample.name, frozenset(labels(sample.labels))) for sample in family.samples),
        )
        for family in text_string_to_metric_families(page)
    }


def labels(found: dict[str, str]) -> list[tuple[str, str]]:
    """With bounds of buckets as numbers: 1 and 1.0 are the same to Prometheus."""
    return [(name, str(float(value)) if name == "le" else value) for name, value in found.items()]


def test_its_families_series_and_buckets_are_those_of_the_python_package_from_the_start(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    theirs = shape(StateMetrics(registry, store="sqlite", tools=TOOLS).page("")[0].decode())
    with typescript.running(tmp_path) as example:
        ours = shape(example.page())
    assert len(ours) == 11
    assert ours == {name: theirs[name] for name in ours}
    left_out = theirs.keys() - ours.keys()
    assert all(part in " ".join(left_out) for part in ("events", "cache", "pool", "breaker", "snapshots"))
    assert {name for name in left_out if "write" in name or "lock" in name or "tool" in name} == set()


def test_what_it_counts_agrees_with_what_its_callers_were_told(tmp_path: Path) -> None:
    with typescript.running(tmp_path) as example, ThreadPoolExecutor(CALLERS) as callers:
        added = list(callers.map(lambda n: example.call("add_item", list_name="a", item=str(n)), range(4 * CALLERS)))
        bought = list(callers.map(lambda _: example.call("buy", list_name="a"), range(CALLERS)))
        refused = [
            example.call("buy", list_name="none"),
            example.call("buy", list_name="a", agent="x"),
            example.call("nothing"),
            example.call("replace_items", list_name="a", expected_version=0, items=[]),
        ]
        items = example.call("get_list", list_name="a")["structuredContent"]["items"]
        samples = example.samples()
    won = [each["structuredContent"]["result"] for each in added if not each.get("isError")]
    lost = len(added) - len(won)
    assert {len(each) for each in won} == set(range(1, len(won) + 1))
    assert len(items) == len(won)
    assert samples["mcp_state_writes_total ok", "add_item"] == len(won)
    assert samples["mcp_state_writes_total conflict", "add_item"] == lost
    assert samples["mcp_state_write_conflicts_total", "add_item"] > 0
    assert samples["mcp_state_write_retries_sum", "add_item"] == (
        samples["mcp_state_write_conflicts_total", "add_item"] - lost
    )
    assert samples["mcp_state_write_retries_count", "add_item"] == len(added)
    assert sorted(each["structuredContent"]["result"] for each in bought) == list(range(1, CALLERS + 1))
    assert samples["mcp_state_lock_wait_seconds_count", "buy"] == CALLERS
    assert samples["mcp_state_lock_wait_seconds_sum", "buy"] > 0.01
    assert all(each["isError"] for each in refused)
    assert samples["mcp_state_writes_total rejected", "buy"] == 1
    assert samples["mcp_state_writes_total conflict", "replace_items"] == 1
    assert samples["mcp_state_write_conflicts_total", "replace_items"] == 1
    assert samples["mcp_tool_calls_total error", "buy"] == 2
    assert samples["mcp_tool_calls_total error", "unknown"] == 1
    assert samples["mcp_tool_duration_seconds_count ok", "get_list"] == 1
    assert samples["mcp_state_commit_seconds_count", ""] > len(won)


def test_each_conflict_is_a_line_of_the_log_as_the_python_package_writes_it(tmp_path: Path) -> None:
    with typescript.running(tmp_path) as example, ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda n: example.call("add_item", list_name="a", item="x"), range(2 * CALLERS)))
        met = example.samples()["mcp_state_write_conflicts_total", "add_item"]
    recorded = Path(__file__).parents[1] / "alerts" / "reference.log"
    [theirs, *_] = [line for line in written(recorded) if line["event"] == "write_conflict"]
    ours = [line for line in written(tmp_path / "server.log") if line["event"] == "write_conflict"]
    assert len(ours) == met > 0
    assert {tuple(line) for line in ours} == {tuple(theirs)}
    assert {key: ours[0][key] for key in ("level", "logger", "session_id", "tool", "store")} == {
        "level": theirs["level"],
        "logger": theirs["logger"],
        "session_id": "a",
        "tool": "add_item",
        "store": "sqlite",
    }


def written(log: Path) -> list[dict[str, object]]:
    """The lines of a log."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


async def raced(folder: Path, example: Example, *, kind: str = "race") -> list[Outcome]:
    """What the probes of one kind find that come with the example."""
    file = folder / "probes.yaml"
    file.write_text(PROBES.replace("http://127.0.0.1:8081", example.url), encoding="utf-8")
    config = load([file], environ={})
    return await run_pass(config, [probe for probe in config.probes.values() if probe.kind == kind])


async def test_its_probes_find_nothing_lost_and_its_metrics_true(tmp_path: Path) -> None:
    with typescript.running(tmp_path) as example:
        outcomes = [*await raced(tmp_path, example), *await raced(tmp_path, example, kind="metrics")]
    assert [f"{each.probe}: {each.reason}: {each.message}" for each in outcomes if each.verdict != "pass"] == []
    assert [each.kind for each in outcomes] == ["race", "race", "race", "metrics"]


async def test_its_races_find_what_is_lost_without_the_version(tmp_path: Path) -> None:
    server = typescript.changed(tmp_path / "changed", "state.ts", " AND version = @expectedVersion", "")
    with typescript.running(tmp_path, server=server) as example:
        items, versions, purchases = await raced(tmp_path, example)
    assert (items.verdict, items.reason) == ("fail", "lost_update")
    assert (versions.verdict, versions.reason) == ("fail", "lost_update")
    assert (purchases.verdict, purchases.message) == ("pass", "")


async def test_its_probe_of_metrics_finds_a_conflict_that_is_not_counted(tmp_path: Path) -> None:
    server = typescript.changed(tmp_path / "changed", "state.ts", "conflicts.inc({ store: STORE, tool });", "")
    with typescript.running(tmp_path, server=server) as example:
        [metrics] = await raced(tmp_path, example, kind="metrics")
    assert (metrics.reason, metrics.step) == ("metrics_untrue", "metrics")
    assert 'mcp_state_write_conflicts_total{tool="replace_items"} moved by 0' in metrics.message


def test_a_holder_whose_lock_expired_is_refused_and_no_purchase_is_counted_twice(tmp_path: Path) -> None:
    server = typescript.changed(tmp_path / "changed", "server.ts", "ttlMs: 10_000", "ttlMs: 1")
    with typescript.running(tmp_path, server=server) as example, ThreadPoolExecutor(CALLERS) as callers:
        example.call("add_item", list_name="a", item="x")
        bought = list(callers.map(lambda _: example.call("buy", list_name="a"), range(4 * CALLERS)))
        total = example.call("get_list", list_name="a")["structuredContent"]["bought"]
        samples = example.samples()
    refused = [each["content"][0]["text"] for each in bought if each.get("isError")]
    numbers = [each["structuredContent"]["result"] for each in bought if not each.get("isError")]
    assert sorted(numbers) == list(range(1, total + 1))
    assert len(refused) == samples["mcp_state_write_conflicts_total", "buy"] > 0
    assert all("is not the newest" in text for text in refused)


def test_two_processes_on_one_file_lose_nothing(tmp_path: Path) -> None:
    with (
        typescript.running(tmp_path) as one,
        typescript.running(tmp_path, name="other") as other,
        ThreadPoolExecutor(CALLERS) as callers,
    ):
        added = list(
            callers.map(lambda n: (one, other)[n % 2].call("add_item", list_name="a", item=str(n)), range(4 * CALLERS))
        )
        bought = list(callers.map(lambda n: (one, other)[n % 2].call("buy", list_name="a"), range(CALLERS)))
        items = other.call("get_list", list_name="a")["structuredContent"]["items"]
    won = [each["structuredContent"]["result"][-1] for each in added if not each.get("isError")]
    assert sorted(items) == sorted(won)
    assert sorted(each["structuredContent"]["result"] for each in bought) == list(range(1, CALLERS + 1))


USAGE: Final = "usage: node server.ts STATE_FILE PORT"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, USAGE),
        (("state.db",), 2, USAGE),
        (("state.db", "http"), 2, USAGE),
        (("state.db", "65536"), 2, USAGE),
        (("none/state.db", "1"), 1, "cannot keep lists in none/state.db: "),
        (("state.db", "TAKEN"), 1, "cannot listen on 127.0.0.1:"),
    ],
)
def test_arguments_that_it_cannot_use_are_answered_in_one_line(
    arguments: tuple[str, ...], status: int, told: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = [str(taken.getsockname()[1]) if each == "TAKEN" else each for each in arguments]
        done = typescript.refused(*given, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1)
    assert done.stderr.startswith(told)


def test_every_package_that_it_names_has_one_version_and_no_address() -> None:
    package = json.loads((typescript.FOLDER / "package.json").read_text(encoding="utf-8"))
    assert set(package["dependencies"]) == {"@modelcontextprotocol/sdk", "better-sqlite3", "prom-client", "zod"}
    assert all(version.replace(".", "").isdigit() for version in package["dependencies"].values())
    assert not (typescript.FOLDER / "package-lock.json").exists()
