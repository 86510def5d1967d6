"""The log as text: a fact is one fact, whatever a server puts into it."""

from __future__ import annotations

import io
import logging
import shlex

import pytest

from prober.daemon.logs import LOGGER, Repeated, TextLines

FORGED = [
    "no reason=none probe=other",
    'say "hi" level=critical',
    "back\\slash and more=x",
    "one\ntwo=2",
    "three\u2028four=4",
    "a=b",
    "",
]


@pytest.mark.parametrize("said", FORGED, ids=repr)
def test_what_a_server_says_forges_no_other_fact(said: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextLines())
    record = logging.LogRecord("prober.daemon", logging.WARNING, "", 0, "probe_failing", None, None)
    record.facts = {"target": "notes", "message": said, "reason": "timeout"}
    handler.emit(record)
    [line] = stream.getvalue().splitlines()
    names = [word.partition("=")[0] for word in shlex.split(line)[3:]]
    assert names == ["target", "message", "reason"]
    assert line.endswith(" reason=timeout")


def test_what_a_library_logs_again_and_again_is_held_back_and_counted() -> None:
    now = 0.0
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextLines())
    handler.addFilter(Repeated(clock=lambda: now))

    def log(name: str, message: str) -> None:
        handler.handle(logging.LogRecord(name, logging.ERROR, "", 0, message, None, None))

    for _ in range(10_000):
        log("asyncio", "socket.accept() out of system resource")
    log("asyncio", "something else")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 6
    now = 61.0
    log("asyncio", "socket.accept() out of system resource")
    assert stream.getvalue().splitlines()[-1].endswith("held_back=9995")
    for _ in range(100):
        log(LOGGER.name, "probe_failing")
    assert len(stream.getvalue().splitlines()) == 7 + 100
    for number in range(5000):
        log("uvicorn.error", f"message {number}")
    assert len(stream.getvalue().splitlines()) == 7 + 100 + 5000
