"""docs/opentelemetry.md: its commands are typed beside a receiver, its tables name what is sent, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.copies import clone
from tests.docs.pages import DOCS, blocks
from tests.docs.shell import DAEMON, REFERENCE, shell
from tests.kinds.offering import document, gives, offering, tool
from tests.otel.collector import collector, points
from tests.otel.recording import InMemory, recorded
from tests.otel.test_spans import says_error
from tests.real.process import free_port

PAGE = DOCS / "opentelemetry.md"
RECEIVER = "127.0.0.1:4318"
PHASE = "mcp_prober.phase."


def tables() -> dict[str, list[list[str]]]:
    """The rows of each table, as cells, by the first cell of its head."""
    found = re.findall(r"^\| (.+?) \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {head: [re.split(r" \| ", row.strip("| ")) for row in rows.splitlines()] for head, rows in found}


def named(head: str) -> set[str]:
    """The names in the first cells of a table."""
    return {name for row in tables()[head] for name in re.findall(r"`([^`]+)`", row[0])}


@pytest.mark.slow
@pytest.mark.external
def test_the_commands_send_what_the_page_says(tmp_path: Path) -> None:
    typed = [block for block in blocks(PAGE, "sh") if block.marker.startswith("run by tests/otel/test_page.py")]
    first, with_jaeger = typed
    with collector() as collected:
        ports = {REFERENCE: free_port(), DAEMON: free_port(), RECEIVER: urlsplit(collected.url).port or 0}
        with shell(clone(tmp_path, ports)) as opened:
            printed = opened.type(first.text)
            assert "OpenTelemetry" not in printed
            assert {span.attributes["mcp_prober.verdict"] for span in collected.spans if not span.parent_id} == {"pass"}
            assert set(collected.metrics) == named("metric")
            for row in tables()["metric"]:
                metric = collected.metrics[row[0].strip("`")]
                assert metric.WhichOneof("data") == ("sum" if "counter" in row[1] else "exponential_histogram")
                keys = {name for key in points(metric) for name, _ in key}
                assert keys | {"error.type"} == set(re.findall(r"`([^`]+)`", row[2])) | {"error.type"}
            collected.metrics.clear()
            before = len(collected.spans)
            opened.type(with_jaeger.text)
    assert len(collected.spans) > before
    assert collected.metrics == {}


async def test_the_tables_name_every_attribute_and_no_other(tmp_path: Path) -> None:
    memory = InMemory(location="berlin")
    probes = {"kind": "call", "tool": "count", "tags": ["fast"]}, {"kind": "prompt", "prompt": "greet"}
    async with offering(tool("count", gives({"n": 1}))) as peer:
        await recorded(document(peer, *probes), tmp_path, memory=memory)
    async with offering(tool("count", gives({"n": 1})), faults={"call": says_error}) as peer:
        done = await recorded(document(peer, probes[0]), tmp_path, memory=memory)
    memory.telemetry.ended(done.outcomes[0], maintenance=True)
    of_runs = {name for span in memory.spans if span.parent is None for name in span.attributes or {}}
    of_exchanges = {name for span in memory.spans if span.parent is not None for name in span.attributes or {}}
    assert named("attribute of a run") - {"pass", "fail", "unknown", "true", "--location"} == of_runs
    plain = {f"{PHASE}NAME" if name.startswith(PHASE) else name for name in of_exchanges}
    assert named("attribute of an exchange") == plain
