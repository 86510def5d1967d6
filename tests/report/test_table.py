"""The table: for a person at a real (pseudo) terminal, and for everything else."""

from __future__ import annotations

import io
import os
import pty
import re
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

import pytest

from prober.outcome import Evidence, Outcome, Reason
from prober.report import REPORTS
from prober.report.details import evidence_notes
from prober.report.progress import Progress
from tests.report.golden import on_screen, report
from tests.report.outcomes import EVERYTHING, PASSED, STARTED_AT, TOOL, VERDICT, outcome

_ESCAPE = "\x1b["


class Terminal:
    """A pseudo terminal of a given width. What is written to it stays below the 4 KiB that the kernel holds."""

    def __init__(self, stream: TextIO, reading_end: int):
        self.stream = stream
        self._reading_end = reading_end

    def shown(self) -> str:
        """All that was written. The kernel passes it on in pieces and in its own time: the end is the hang-up."""
        self.stream.close()
        pieces = []
        with suppress(OSError):  # EIO: nobody has the other end any more
            while piece := os.read(self._reading_end, 4096):
                pieces.append(piece)
        return b"".join(pieces).decode().replace("\r\n", "\n")


@contextmanager
def terminal(width: int, *, encoding: str = "utf-8") -> Iterator[Terminal]:
    reading_end, writing_end = pty.openpty()
    termios.tcsetwinsize(writing_end, (25, width))
    try:
        with os.fdopen(writing_end, "w", encoding=encoding) as stream:
            yield Terminal(stream, reading_end)
    finally:
        os.close(reading_end)


@pytest.fixture(autouse=True)
def _a_known_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def _table_on(stream: TextIO, outcomes: Sequence[Outcome]) -> None:
    REPORTS["table"](outcomes, started_at=STARTED_AT, verbose=False, stream=stream)


def test_a_terminal_gets_colours_and_its_own_width() -> None:
    with terminal(60) as screen:
        _table_on(screen.stream, (VERDICT, TOOL))
        shown = screen.shown()
    assert shown == on_screen((VERDICT, TOOL), width=60, colour=True)
    assert "\x1b[1;31m✗ fail" in shown


def test_columns_overrules_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    with terminal(200) as screen:
        _table_on(screen.stream, (VERDICT, TOOL))
        assert screen.shown() == on_screen((VERDICT, TOOL), width=60, colour=True)


def test_a_terminal_that_does_not_know_its_width_gets_eighty_columns() -> None:
    with terminal(0) as screen:
        _table_on(screen.stream, (VERDICT, TOOL))
        assert screen.shown() == on_screen((VERDICT, TOOL), width=80, colour=True)


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with terminal(80) as screen:
        _table_on(screen.stream, (VERDICT,))
        shown = screen.shown()
    assert "✗ fail" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown)


@pytest.mark.parametrize(("term", "encoding"), [("dumb", "utf-8"), ("", "utf-8"), ("xterm", "ascii")])
def test_a_terminal_that_can_do_less_gets_plain_lines(
    term: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    with terminal(80, encoding=encoding) as screen:
        _table_on(screen.stream, (VERDICT,))
        shown = screen.shown()
    assert shown == report("table", (VERDICT,))


def test_a_stream_that_cannot_encode_a_text_gets_it_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    failed = outcome("a", "b", "call", reason=Reason.TOOL_ERROR, message="größer als …")
    _table_on(stream, (failed,))
    stream.flush()
    assert raw.getvalue().decode("ascii").splitlines()[0] == (
        "fail  a  b  call  12 ms  tool_error: gr\\xf6\\xdfer als \\u2026"
    )


def test_a_file_has_one_line_per_probe_and_then_the_summary() -> None:
    lines = report("table", EVERYTHING).splitlines()
    probes = [line for line in lines if line and not line.startswith(" ")]
    assert [line.split()[:3] for line in probes[:-1]] == [
        ["fail", "filesystem", "list"],
        ["fail", "gateway", "lookup"],
        ["fail", "gateway", "tools"],
        ["fail", "notes", "open-close"],
        ["fail", "notes", "search"],
        ["fail", "notes", "writes-survive"],
        ["fail", "reference", "workflow-state"],
        ["fail", "search", "hello"],
        ["unknown", "reference", "big-answer"],
        ["pass", "notes", "greeting"],
        ["pass", "notes", "read-graph"],
        ["pass", "reference", "catalog"],
        ["pass", "reference", "hello"],
        ["pass", "reference", "slow-but-well"],
    ]
    assert probes[-1] == "5 passed, 8 failed, 1 unknown in 5.0 s"


@pytest.mark.parametrize("width", [50, 60, 80, 120, 250])
def test_no_line_is_wider_than_the_terminal_or_ends_in_blanks(width: int) -> None:
    for line in on_screen(EVERYTHING, width=width, verbose=True).splitlines():
        assert len(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 250])
def test_nothing_is_cut_off_at_any_width(width: int) -> None:
    long = outcome(
        "a-target-with-a-name-of-fifty-characters-and-more-x",
        "a-probe-with-a-name-of-fifty-characters-and-more-xy",
        "handshake",
        reason=Reason.OUTPUT_SCHEMA_MISMATCH,
        step="resources/templates/list",
        message=f"{'word ' * 60}end",
        evidence=(Evidence(seen="x" * 300),),
    )
    shown = "".join(on_screen((long, *EVERYTHING), width=width).split())
    assert shown.count("word") == 60
    assert shown.count("x" * 300) == 1
    assert "output_schema_mismatchatresources/templates/list" in shown


def test_the_reason_stands_in_the_row_where_there_is_room_and_beneath_where_not() -> None:
    row = "✗ fail     reference   workflow-state  call        12 ms"
    assert f"{row}  schema_mismatch at tools/call\n" in on_screen(EVERYTHING, width=120)
    assert f"{row}\n  schema_mismatch at tools/call\n" in on_screen(EVERYTHING, width=60)


def test_what_to_do_next_is_said_only_where_something_is_wrong_and_not_done_yet() -> None:
    hint = "--verbose shows the exchange"
    assert hint in on_screen((VERDICT,), width=80)
    assert hint not in on_screen((VERDICT,), width=80, verbose=True)
    assert hint not in on_screen(PASSED, width=80)


@pytest.mark.parametrize(
    ("message", "evidence", "notes"),
    [
        pytest.param(
            "/steps: type: expected array, seen null",
            Evidence(pointer="/steps", keyword="type", expected="array", seen="null"),
            [],
            id="all of it is said",
        ),
        pytest.param(
            "/steps: type: expected array, seen nullable",
            Evidence(pointer="/steps", keyword="type", expected="array", seen="null"),
            ["at: /steps (type)", "expected: array", "seen: null"],
            id="a part of a longer word is not said",
        ),
        pytest.param(
            "HTTP 404: Not Found", Evidence(http_status=404, seen="gone"), ["seen: gone"], id="the status is said"
        ),
        pytest.param(
            "error -32603: oops",
            Evidence(http_status=200, rpc_code=-32603),
            ["answer: HTTP 200"],
            id="the code is said",
        ),
        pytest.param("wrong", Evidence(pointer="", keyword="type"), ["at: (root) (type)"], id="the whole value"),
        pytest.param("wrong", Evidence(keyword="type"), ["rule: type"], id="a rule without a place"),
        pytest.param("it broke", Evidence(detail="it broke"), [], id="the detail is the message"),
    ],
)
def test_the_evidence_adds_to_the_message(message: str, evidence: Evidence, notes: list[str]) -> None:
    failed = outcome("a", "b", "call", reason=Reason.TOOL_ERROR, message=message, evidence=(evidence,))
    assert [f"{note.label}: {note.text}" for note in evidence_notes(failed)] == notes


def test_the_live_line_counts_and_names_those_waited_for_longest_first() -> None:
    live = Progress(total=12, stream=io.StringIO())
    assert live.text(80) == "0 of 12 done"
    live.started(target="notes", probe="search")
    live.started(target="reference", probe="workflow-state")
    live.started(target="notes", probe="hello")
    assert live.text(80) == "0 of 12 done, waiting for: notes/search, reference/workflow-state, notes/hello"
    live.finished(VERDICT)
    assert live.text(80) == "1 of 12 done, 1 failed, waiting for: notes/search, notes/hello"
    assert live.text(40) == "1 of 12 done, 1 failed, waiting for: no…"[:39] + "…"


def test_the_live_line_is_drawn_on_a_terminal_and_gone_at_the_end() -> None:
    with terminal(30) as screen:
        with Progress(total=2, stream=screen.stream) as live:
            live.started(target="reference", probe="workflow-state")
            live.finished(VERDICT)
        drawn = screen.shown().split("\r\x1b[2K")
    assert drawn == ["", "0 of 2 done", "0 of 2 done, waiting for: re…", "1 of 2 done, 1 failed", ""]


def test_the_live_line_is_taken_away_when_the_pass_is_interrupted() -> None:
    with terminal(80) as screen:
        with pytest.raises(KeyboardInterrupt), Progress(total=2, stream=screen.stream):
            raise KeyboardInterrupt
        assert screen.shown().endswith("\r\x1b[2K")


def test_the_live_line_says_nothing_to_a_file() -> None:
    stream = io.StringIO()
    with Progress(total=1, stream=stream) as live:
        live.started(target="reference", probe="workflow-state")
        live.finished(VERDICT)
    assert stream.getvalue() == ""
