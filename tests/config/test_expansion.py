"""`${…}` in texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from prober.config.document.expansion import MAX_FILE_BYTES, ExpansionError, expand

ENVIRON = {"NAME": "value", "_x1": "other", "EMPTY": "", "NESTED": "${NAME}", "DOLLARS": "$$"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "token": b"secret\n",
        "windows": b"secret\r\n",
        "lines": b"one\ntwo\n\n",
        "bare": b"secret",
        "spaces in name": b"secret",
        "large": b"x" * (MAX_FILE_BYTES + 1),
        "binary": b"\xff\xfe",
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "result", "hidden"),
    [
        ("plain", "plain", []),
        ("${NAME}", "value", ["value"]),
        ("a${NAME}b${_x1}c", "avaluebotherc", ["value", "other"]),
        ("${EMPTY}", "", [""]),
        ("${NESTED}", "${NAME}", ["${NAME}"]),
        ("${DOLLARS}", "$$", ["$$"]),
        ("$$", "$", []),
        ("$${NAME}", "${NAME}", []),
        ("$$${NAME}", "$value", ["value"]),
        ("$", "$", []),
        ("$NAME $.path $5 {NAME}", "$NAME $.path $5 {NAME}", []),
        ("${file:token}", "secret", ["secret"]),
        ("${file:windows}", "secret", ["secret"]),
        ("${file:lines}", "one\ntwo\n", ["one\ntwo\n"]),
        ("${file:bare}!", "secret!", ["secret"]),
        ("${file:spaces in name}", "secret", ["secret"]),
        ("${file:./token}", "secret", ["secret"]),
    ],
)
def test_values_are_put_in_once_and_told(text: str, result: str, hidden: list[str], folder: Path) -> None:
    seen: list[str] = []
    assert expand(text, environ=ENVIRON, folder=folder, hide=seen.append) == result
    assert seen == hidden


def test_an_absolute_file_is_taken_as_it_is(folder: Path) -> None:
    text = f"${{file:{folder / 'token'}}}"
    assert expand(text, environ={}, folder=Path("/nowhere"), hide=lambda _: None) == "secret"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${GONE}", "the variable GONE is not set"),
        ("${NAME} ${GONE}", "the variable GONE is not set"),
        ("${}", "neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${"),
        ("${1A}", "neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${"),
        ("${NAME:-x}", "neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${"),
        ("${NAME\n}", "neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${"),
        ("${NAME", "a ${ without its }; write $${ for the text ${"),
        ("${file:gone}", "${file:gone}: no such file"),
        ("${file:}", "${file:}: not a file"),
        ("${file:.}", "${file:.}: not a file"),
        ("${file:large}", "${file:large}: larger than 1024 KiB"),
        ("${file:binary}", "${file:binary}: not UTF-8"),
        ("${file:a\0b}", "neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${"),
    ],
)
def test_what_stands_for_nothing_is_told_by_its_name(text: str, message: str, folder: Path) -> None:
    with pytest.raises(ExpansionError) as caught:
        expand(text, environ=ENVIRON, folder=folder, hide=lambda _: None)
    assert str(caught.value) == message
