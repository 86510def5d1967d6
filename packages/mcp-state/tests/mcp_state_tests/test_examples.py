"""The example servers, run as a user runs them: all that they are there to show moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from .serving import EXAMPLES, SERVERS, Example, running

CALLERS: Final = 8


@pytest.fixture(params=SERVERS)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Example]:
    """Each of them in turn."""
    with running(request.param, tmp_path) as example:
        yield example


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    """Several at once."""
    with ThreadPoolExecutor(CALLERS) as pool:
        yield pool


@pytest.mark.slow
def test_conflicts_retries_waits_for_locks_and_calls_are_seen_and_agree_with_what_callers_were_told(
    example: Example, callers: ThreadPoolExecutor
) -> None:
    added = list(callers.map(lambda n: example.call("add_item", list_name="a", item=str(n)), range(4 * CALLERS)))
    won = [each["structuredContent"]["result"] for each in added if not each.get("isError")]
    bought = list(callers.map(lambda _: example.call("buy", list_name="a"), range(CALLERS)))
    example.call("nothing")
    samples = example.samples()
    assert {len(items) for items in won} == set(range(1, len(won) + 1))
    assert samples["mcp_state_writes_total ok", "add_item"] == len(won)
    assert samples["mcp_state_writes_total conflict", "add_item"] == len(added) - len(won)
    assert samples["mcp_state_write_conflicts_total", "add_item"] > 0
    retries = samples["mcp_state_write_retries_sum", "add_item"]
    assert retries == samples["mcp_state_write_conflicts_total", "add_item"] - (len(added) - len(won))
    assert sorted(each["structuredContent"]["result"] for each in bought) == list(range(1, CALLERS + 1))
    assert samples["mcp_state_lock_wait_seconds_count", "buy"] == CALLERS
    assert samples["mcp_state_lock_wait_seconds_sum", "buy"] > 0.01
    assert samples["mcp_tool_calls_total ok", "add_item"] == len(won)
    assert samples["mcp_tool_duration_seconds_count ok", "buy"] == CALLERS
    assert samples["mcp_tool_calls_total error", "unknown"] == 1
    assert samples["mcp_state_batch_size_count", ""] > 0


def test_an_example_is_under_sixty_lines_and_ten_of_them_bring_the_metrics() -> None:
    assert len(SERVERS) == 2
    for name in SERVERS:
        lines = [line for line in (EXAMPLES / f"{name}.py").read_text().splitlines() if line.strip()]
        assert len(lines) < 60
        code = [line for line in lines if not line.startswith(("import ", "from "))]
        measuring = r"\bTOOLS|ToolTraits|StateMetrics|recorder|observer=|instrument"
        assert len([line for line in code if re.search(measuring, line)]) <= 10
