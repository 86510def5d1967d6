"""`check-metrics`: a server's page of metrics, held against the families and against what is done to the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator
from mcp_state_tests.serving import SERVERS, Example
from mcp_state_tests.serving import running as example
from referencing import Registry, Resource

from tests.cli.command import quickly
from tests.examples import typescript
from tests.kinds.own_metrics import Lie, measuring, response
from tests.peers.ports import closed_port
from tests.reference.processes import serving
from tests.state_metrics.pages import FORMATS, written

ACTS: Final = (
    ("--act", 'write=add_item {"list_name": "{scratch}", "item": "x"}'),
    ("--act", 'lock_wait=buy {"list_name": "fixed"}'),
)
UNUSED: Final = {"mcp_state_events_total", "mcp_state_cache_requests_total", "mcp_state_replayed_events"}
"""The examples have no event log and no cache."""
UNUSED_IN_TYPESCRIPT: Final = {
    "mcp_state_cache_invalidations_total",
    "mcp_state_snapshots_total",
    "mcp_state_pool_connections",
    "mcp_state_pool_wait_seconds",
    "mcp_circuit_breaker_open",
}
"""It has one connection, and so neither pool nor breaker."""


@pytest.mark.slow
async def test_the_reference_server_keeps_to_the_families_and_its_counters_move(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        done = await quickly(
            "check-metrics", f"{server.origin}/metrics", "--mcp", server.url, "--allow-writes", env={"COLUMNS": "80"}
        )
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{server.origin}/metrics: 19 of 19 families (version 1)",
        "page     0 error, 0 warning, 0 missing",
        "acts     pass: the counters moved by all that was done",
    ]


def schema() -> Draft202012Validator:
    """That of the document, which takes a result as the schema of reports has it."""
    folder = resources.files("prober.report").joinpath("schema")
    own, runs = (json.loads(folder.joinpath(f"{name}.schema.json").read_bytes()) for name in ("check-metrics", "run"))
    Draft202012Validator.check_schema(own)
    return Draft202012Validator(own, registry=Registry().with_resource("run.schema.json", Resource.from_contents(runs)))


@contextmanager
def started(name: str, folder: Path) -> Iterator[Example]:
    """One of the examples in Python, or the one in TypeScript."""
    with typescript.running(folder) if name == "typescript" else example(name, folder) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SERVERS, pytest.param("typescript", marks=pytest.mark.external)])
async def test_a_users_server_keeps_to_the_families_and_its_counters_move_by_tools_that_are_named(
    name: str, tmp_path: Path
) -> None:
    with started(name, tmp_path) as server:
        await asyncio.to_thread(server.call, "add_item", list_name="fixed", item="x")
        words = ("check-metrics", f"{server.url}/metrics", "--mcp", f"{server.url}/mcp", "--allow-writes")
        done = await quickly(*words, *(word for act in ACTS for word in act), "--output", "json")
    told = json.loads(done.out)
    assert [*schema().iter_errors(told)] == []
    missing = {finding["family"] for finding in told["findings"]}
    assert (done.code, told["families"]) == (0, {"found": 19 - len(missing), "known": 19})
    assert {finding["severity"] for finding in told["findings"]} == {"missing"}
    assert missing == UNUSED | (UNUSED_IN_TYPESCRIPT if name == "typescript" else set())
    assert (told["acts"]["verdict"], told["acts"]["message"]) == ("pass", "")


async def test_a_page_that_breaks_the_families_is_told_with_what_it_costs() -> None:
    async with measuring() as (_, page):
        whole, _ = written(FORMATS[0])
        text = whole.replace('outcome="failed"', 'outcome="broken"').replace("mcp_state_batch", "batch")
        page.answer = lambda: response(200, "text/plain", text.encode())
        done = await quickly("check-metrics", page.url, env={"COLUMNS": "80"})
    assert done.code == 1
    assert done.out == (
        f"{page.url}: 18 of 19 families (version 1)\n"
        "error    mcp_state_writes_total\n"
        "         outcome has the values ok, conflict, rejected, failed, and never\n"
        "         'broken'\n"
        "         goes wrong: Conflict ratio; Given up; Conflict ratio by tool; Writes by\n"
        "         outcome; alert McpStateConflictRatioHigh; alert\n"
        "         McpStateRetriesExhausted; alert McpStateWritesFail\n"
        "missing  mcp_state_batch_size\n"
        "         there is no such family, as where no tool uses the pattern\n"
        "         stays empty: Writes per commit\n"
        "page     1 error, 0 warning, 1 missing\n"
    )


async def test_the_document_of_a_broken_page_and_of_counters_that_lie_is_what_its_schema_says() -> None:
    async with measuring(Lie(written=None)) as (peer, page):
        whole, _ = written(FORMATS[0])
        acts = ("--mcp", peer.url, "--allow-writes", "--act", "write=add")
        documents = [json.loads((await quickly("check-metrics", page.url, *acts, "--output", "json")).out)]
        page.answer = lambda: response(200, "text/plain", whole.replace('outcome="failed"', 'outcome="x"').encode())
        documents.append(json.loads((await quickly("check-metrics", page.url, "--output", "json")).out))
    lying, broken = documents
    assert [error.message for document in documents for error in schema().iter_errors(document)] == []
    assert (lying["acts"]["reason"], broken["acts"]) == ("metrics_untrue", None)
    assert "error" in {finding["severity"] for finding in broken["findings"]}


WRONG: Final[dict[str, dict[str, object]]] = {
    "a missing key": {"acts": ...},
    "an unknown key": {"more": 1},
    "an unknown severity": {"findings": [{"severity": "x", "family": "f", "what": "w", "panels": [], "alerts": []}]},
    "no result": {"acts": {"verdict": "pass"}},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_the_schema_refuses(change: dict[str, object]) -> None:
    right = {"version": 1, "address": "http://a/metrics", "families_version": "1", "findings": [], "acts": None}
    right["families"] = {"found": 1, "known": 19}
    assert schema().is_valid(right)
    assert not schema().is_valid({name: value for name, value in {**right, **change}.items() if value is not ...})


SECRET: Final = "hunter2-0f-metrics"
PAGES: Final = {
    "no page": (200, f"# TYPE x /metrics?token={SECRET}\n".encode(), "no page of metrics: "),
    "an error": (500, f"no /metrics?token={SECRET} here".encode(), "HTTP 500"),
    "a wrong label": (200, written(FORMATS[0])[0].replace('"failed"', f'"{SECRET}"').encode(), "and never '***'"),
}


@pytest.mark.parametrize(("status", "body", "words"), PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("form", ["table", "json"])
async def test_a_secret_of_the_address_is_shown_wherever_the_page_repeats_it_as_stars(
    status: int, body: bytes, words: str, form: str
) -> None:
    async with measuring() as (_, page):
        page.answer = lambda: response(status, "text/plain", body)
        done = await quickly("check-metrics", f"{page.url}?token=${{TOKEN}}", "--output", form, env={"TOKEN": SECRET})
    told = done.out + done.err
    assert (done.code, words in told, "***" in told) == (1, True, True)
    assert SECRET not in told


async def test_counters_that_lie_are_told_with_proof_and_next_step() -> None:
    async with measuring(Lie(written=None)) as (peer, page):
        done = await quickly("check-metrics", page.url, "--mcp", peer.url, "--allow-writes", "--act", "write=add")
    assert done.code == 1
    assert "acts     fail: metrics_untrue at metrics" in done.out
    assert 'mcp_state_writes_total{tool="add",outcome="ok"} moved by 0' in " ".join(done.out.split())


async def test_a_tool_that_never_loses_leaves_it_open_whether_conflicts_are_counted() -> None:
    async with measuring() as (peer, page):
        done = await quickly("check-metrics", page.url, "--mcp", peer.url, "--allow-writes", "--act", "conflict=add")
    assert (done.code, "undecided at conflict" in done.out) == (3, True)


USAGE: Final = {
    "writes not allowed": (("--mcp", "http://127.0.0.1:9/mcp"), "If it may: --allow-writes"),
    "an act of no server": (("--act", "write=add"), "--act needs --mcp URL"),
    "an unknown act": (
        ("--mcp", "http://a/mcp", "--allow-writes", "--act", "read=add"),
        "write one of write, conflict",
    ),
    "arguments that are no object": (
        ("--mcp", "http://a/mcp", "--allow-writes", "--act", "write=add [1]"),
        "--act write=add: its arguments are not a JSON object",
    ),
    "an unknown form": (("--output", "xml"), "choose one of table, json"),
    "no duration": (("--timeout", "soon"), "--timeout"),
}


@pytest.mark.parametrize(("words", "message"), USAGE.values(), ids=USAGE)
async def test_wrong_usage_is_refused_before_anything_is_asked(words: tuple[str, ...], message: str) -> None:
    done = await quickly("check-metrics", "http://127.0.0.1:9/metrics", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


async def test_a_page_that_is_none_and_an_address_where_nobody_is_fail() -> None:
    async with measuring() as (_, page):
        page.answer = lambda: response(200, "text/html", b"<p>{</p>")
        done = await quickly("check-metrics", page.url)
    assert (done.code, done.out) == (1, "")
    assert "no page of metrics" in done.err
    with closed_port() as port:
        done = await quickly("check-metrics", f"http://127.0.0.1:{port}/metrics")
    assert (done.code, done.out) == (1, "")
    assert "connect_refused at metrics" in done.err
