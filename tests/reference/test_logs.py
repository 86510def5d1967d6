"""Structured logs: one JSON object per line, with the facts and without what callers said."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_state.logs import JsonLines, log

from .inside import inside

SECRET = "s3cr3t-of-the-caller"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Everything that is logged, as the server would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The objects."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_facts(stream: io.StringIO) -> None:
    log(logging.WARNING, "write_conflict", session_id="s", tool="t", retry_count=2, store="sqlite")
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "mcp_state",
        "event": "write_conflict",
        "session_id": "s",
        "tool": "t",
        "retry_count": 2,
        "store": "sqlite",
    }


def test_texts_of_several_lines_stay_on_one(stream: io.StringIO) -> None:
    logging.getLogger("elsewhere").error("first\nsecond %s", "\u2028third")
    (line,) = lines(stream)
    assert line["event"] == "first\nsecond \u2028third"


def test_an_exception_is_told_by_type_and_place_never_by_its_text(stream: io.StringIO) -> None:
    def inner() -> None:
        raise ValueError(SECRET)

    try:
        try:
            inner()
        except ValueError as error:
            raise LookupError(SECRET) from error
    except LookupError:
        logging.getLogger("elsewhere").exception("it failed")
    (line,) = lines(stream)
    assert SECRET not in json.dumps(line)
    assert line["exception"].startswith("LookupError at test_an_exception")
    assert "because of ValueError at" in line["exception"]
    assert "> inner:" in line["exception"]


async def test_arguments_and_results_are_in_no_line_of_the_log(tmp_path: Path, stream: io.StringIO) -> None:
    logging.getLogger("mcp").setLevel(logging.WARNING)  # as logs.configure does for a server process
    async with inside(tmp_path, sessions=("s",), payload_limit=100) as server:
        for tool, arguments in (
            ("record_step", {"tool": SECRET, "result": {"a": SECRET}}),
            ("record_step", {"tool": SECRET, "result": SECRET * 20}),
            ("record_step", {"tool": [SECRET], "result": 1}),
            ("compare_and_swap", {"expected_version": 9, "value": SECRET}),
            ("update_session_config", {"options": {SECRET: SECRET}}),
            ("complete_step", {"step_id": SECRET, "agent_id": SECRET}),
            ("record_error", {"message": SECRET, "agent_id": SECRET}),
            ("release_lock", {"owner": SECRET}),
            ("get_session", {}),
            ("get_events", {}),
            (SECRET, {}),
        ):
            await server.result(tool, session_id="s", **arguments)
    ours = [line for line in lines(stream) if line["logger"].startswith(("prober", "mcp", "uvicorn"))]
    assert any(line["event"] == "write_conflict" for line in ours)
    assert SECRET not in json.dumps(ours)


async def test_a_breaker_that_opens_and_closes_is_logged_and_shown(tmp_path: Path, stream: io.StringIO) -> None:
    async with inside(tmp_path) as server:
        metrics = server.reference.context.recorder.metrics
        metrics.breaker_changed(is_open=True)
        assert server.sample("mcp_circuit_breaker_open", dependency="sqlite") == 1
        metrics.breaker_changed(is_open=False)
        assert server.sample("mcp_circuit_breaker_open", dependency="sqlite") == 0
    told = [(line["level"], line["open"]) for line in lines(stream) if line["event"] == "breaker"]
    assert told == [("error", True), ("warning", False)]
