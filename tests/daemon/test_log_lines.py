"""The log as text: a fact is one fact, whatever a server puts into it."""

from __future__ import annotations

import io
import logging
import shlex

import pytest

from prober.daemon.logs import TextLines

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
