"""What a server says cannot harm the one who reads it, in any report."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree as ET

import pytest

from prober.report.untrusted import block, line, scalar
from tests.report.golden import on_screen, report
from tests.report.outcomes import HOSTILE, HOSTILE_TEXT

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""The one escape sequence that is ours."""
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("plain", "plain", id="plain text"),
        pytest.param("äß 日本 🎉 \u00a0", "äß 日本 🎉 \u00a0", id="any writing"),
        pytest.param("क्\u200dष می\u200cرود 👩\u200d🚀", "क्\u200dष می\u200cرود 👩\u200d🚀", id="joiners"),
        pytest.param("a\x1b[1;31mb\x1b[0mc", "abc", id="colours"),
        pytest.param("a\x1b[2J\x1b[H\x9b2Kb", "ab", id="cursor"),
        pytest.param(
            "a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c\x9d52;c;aGk=\x9cd", "abcd", id="titles, links, clipboard"
        ),
        pytest.param("a\x1bP1$qm\x1b\\b\x1b_apc\x1b\\c\x90dcs\x9cd", "abcd", id="device control strings"),
        pytest.param("a\x1bcb\x1b(Bc", "abc", id="reset and character sets"),
        pytest.param("a\x1b]unterminated", "aunterminated", id="a string that never ends hides nothing"),
        pytest.param("a\x1b", "a\ufffd", id="lone escape"),
        pytest.param("\x00\x07\x08\x7f\x9f", "\ufffd\ufffd\ufffd\ufffd\ufffd", id="control characters"),
        pytest.param("\u202egnp\u202c\ufeff\u200b", "\ufffdgnp\ufffd\ufffd\ufffd", id="direction and zero width"),
        pytest.param("\ud800\ufffe\uffff", "\ufffd\ufffd\ufffd", id="surrogates and noncharacters"),
        pytest.param("a\r\nb\rc\u2028d\x85e\nf", "a\nb\nc\nd\ne\nf", id="line ends"),
        pytest.param("a\tb", "a   b", id="tabs"),
    ],
)
def test_a_block_of_text_becomes(text: str, safe: str) -> None:
    assert block(text) == safe


def test_a_line_has_no_line_ends() -> None:
    assert line("a\r\nb\nc\u2028d") == "a b c d"


def test_no_code_point_gets_through_that_is_not_text() -> None:
    for plane in (0x0, 0x1, 0xE):  # the others hold ideographs, private use and nothing
        safe = block("x".join(map(chr, range(plane << 16, (plane + 1) << 16))))
        _assert_harmless(safe)


def test_scalar_keeps_everything_but_surrogates_without_a_partner() -> None:
    assert scalar("\x1b[31m\u202e\ud83c\udf89 \ud800 é") == "\x1b[31m\u202e🎉 \ufffd é"


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(partial(report, "table"), id="table in a file"),
        pytest.param(partial(report, "json"), id="json"),
        pytest.param(partial(report, "junit"), id="junit"),
        pytest.param(lambda outcomes, **_: report("prometheus", outcomes), id="prometheus"),
        pytest.param(partial(on_screen, width=60, colour=True), id="narrow terminal"),
        pytest.param(partial(on_screen, width=200, colour=True), id="wide terminal"),
    ],
)
def test_a_hostile_server_is_harmless_in(written: Callable[..., str]) -> None:
    text = written((HOSTILE,), verbose=True)
    assert "markup" in text
    _assert_harmless(COLOUR.sub("", text))


def test_markup_of_a_server_is_shown_and_not_obeyed() -> None:
    shown = on_screen((HOSTILE,), width=400, colour=True)
    assert "[bold red]markup[/] red link" in COLOUR.sub("", shown)
    assert ":smile:" in shown


def test_nothing_of_a_server_begins_a_line_like_a_probe_does() -> None:
    text = report("table", (HOSTILE,), verbose=True)
    assert [row for row in text.splitlines() if not row.startswith(" ")] == [
        text.splitlines()[0],
        "0 passed, 1 failed, 0 unknown in 12 ms",
    ]


def test_json_says_what_came_escaped() -> None:
    text = report("json", (HOSTILE,))
    assert text.isascii()
    assert json.loads(text)["results"][0]["message"] == HOSTILE_TEXT.replace("\ud800", "\ufffd")


def test_junit_of_a_hostile_server_is_well_formed_xml() -> None:
    text = report("junit", (HOSTILE,), verbose=True)
    assert text.isascii()
    root = ET.fromstring(text)
    said = "".join(root.itertext()) + "".join(value for element in root.iter() for value in element.attrib.values())
    assert "]]> & <tag> \"quote\" 'single'" in said
    _assert_harmless(said)


def _assert_harmless(text: str) -> None:
    text.encode("utf-8")
    for character in set(text) - set("\n\u200c\u200d"):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}, ascii(character)
        assert character not in BIDI
        assert character not in "\ufffe\uffff"
