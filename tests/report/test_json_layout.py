"""JSON in a verbose report is laid out, never changed, and never endless."""

from __future__ import annotations

import json
import re

import pytest

from prober.report.json_layout import MAX_LINES, MAX_WIDTH, laid_out

LONG = {
    "result": {"content": [], "text": 'a "quoted" {bracket], comma', "numbers": [1, -2.5e3, True, None]},
    "more": "x" * 90,
}


def test_a_short_message_stays_on_its_line() -> None:
    assert laid_out('{"jsonrpc":"2.0","id":1}') == '{"jsonrpc":"2.0","id":1}'


def test_a_long_one_is_laid_out_with_small_parts_on_one_line() -> None:
    assert laid_out(json.dumps(LONG, separators=(",", ":"))).splitlines() == [
        "{",
        '  "result": {',
        '    "content": [],',
        '    "text": "a \\"quoted\\" {bracket], comma",',
        '    "numbers": [1, -2500.0, true, null]',
        "  },",
        f'  "more": "{"x" * 90}"',
        "}",
    ]


@pytest.mark.parametrize("end", range(100, len(json.dumps(LONG)), 7))
def test_cut_off_anywhere_it_is_the_same_but_for_white_space(end: int) -> None:
    text = json.dumps(LONG)[:end] + "…"
    assert re.sub(r"\s", "", laid_out(text)) == re.sub(r"\s", "", text)


def test_the_data_of_an_event_is_laid_out_and_the_other_fields_stay() -> None:
    lines = laid_out(f"event: message\nid: 7\ndata: {json.dumps(LONG)}\n").splitlines()
    assert lines[:3] == ["event: message", "id: 7", "data: {"]


@pytest.mark.parametrize("text", ["[bold red] no JSON " * 20, "<html> " * 40, "[1, 2 and so on] " * 20])
def test_what_is_no_json_is_left_as_it_is(text: str) -> None:
    assert laid_out(text) == text[: MAX_WIDTH - 1] + "…" if len(text) > MAX_WIDTH else laid_out(text) == text


def test_no_excerpt_is_endless() -> None:
    lines = laid_out(json.dumps({"list": [f"{n:050}" for n in range(400)], "text": "y" * 2000})).splitlines()
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == f"… {400 + 5 - MAX_LINES} more lines"
    assert max(map(len, laid_out("z" * 5000).splitlines())) == MAX_WIDTH
