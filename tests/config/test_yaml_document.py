"""YAML to values: the core schema of YAML 1.2, lines, and bounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from prober.config.document.cursor import Cursor, FileScope
from prober.config.document.nodes import MappingNode
from prober.config.document.yaml_document import MAX_BYTES, MAX_DEPTH, MAX_NODES, UnreadableError, parse
from prober.config.fields.field_types import Json
from tests.config.conftest import told

Write = Callable[..., Path]


def value_of(text: str) -> Any:
    """What the document means; fails on any mistake."""

    def complain(line: int, path: str, message: str) -> None:
        raise AssertionError(f"{line}: {path}: {message}")

    return Json().read(Cursor.root(FileScope(file=Path("x.yaml"), environ={}), parse(text.encode(), complain)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),  # a boolean in YAML 1.1 only, as are on, off and no
        ("on", "on"),
        ("0", 0),
        ("-12", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),  # octal in YAML 1.1
        ("1_000", "1_000"),  # a number in YAML 1.1
        ("12:30", "12:30"),  # sexagesimal in YAML 1.1
        ("2025-11-25", "2025-11-25"),  # a date in YAML 1.1
        ("1.5", 1.5),
        ("-.5e3", -500.0),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("!!int 5", 5),
        ("!!float 5", 5),
        ("!!bool true", True),
        ("!!null ~", None),
        ("!!map {}", {}),
        ("!!seq []", []),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
        ('{"<<": a}', {"<<": "a"}),  # only without quotes does it merge
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">-\n  one\n  line\n", "one line"),
        ("${NAME}", "${NAME}"),
        ("9" * 400, int("9" * 400)),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text: str, value: Any) -> None:
    seen = value_of(text)
    assert (seen, type(seen)) == (value, type(value))


def test_every_value_knows_the_line_of_its_key() -> None:
    root = parse(b"# one\na: 1\nb:\n\n  c: |\n    text\n  d: 2\n", lambda *_: None)
    assert isinstance(root, MappingNode)
    assert {key: line for key, (line, _) in root.entries.items()} == {"a": 2, "b": 3}
    _, b = root.entries["b"]
    assert isinstance(b, MappingNode)
    assert {key: line for key, (line, _) in b.entries.items()} == {"c": 5, "d": 7}


def test_a_mistake_under_an_alias_has_the_line_where_the_alias_stands(write: Write) -> None:
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp'}}\n"
        "probes:\n"
        "  one: {target: server, kind: call, tool: echo, expect: [&e {path: $.a, type: string}], latency: &slow {}}\n"
        "  two:\n"
        "    target: server\n"
        "    kind: call\n"
        "    tool: echo\n"
        "    latency: *slow\n"
    )
    assert told(file) == ["3: probes.one.latency: needs warn or fail", "8: probes.two.latency: needs warn or fail"]


def test_a_byte_order_mark_and_carriage_returns_are_taken() -> None:
    assert value_of("\ufeffa: b\r\nc: d\r\n") == {"a": "b", "c": "d"}


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"a: b\nc: caf\xe9\n", 2, "not UTF-8"),
        (b"a: b\nc: \x07\n", 2, "not YAML: character U+0007 is not allowed"),
        ("caf\u00e9: 1\n".encode() * 100 + b"\x01", 101, "not YAML: character U+0001 is not allowed"),
        ("\U0001f600\n\u00e9\n# \x01 abc\n\n\n".encode(), 3, "not YAML: character U+0001 is not allowed"),
        ("# \u00e9\nc: \ufffe\n".encode(), 2, "not YAML: character U+FFFE is not allowed"),
        (b"a: b\nc: [1, 2\n", 3, "not YAML: did not find expected ',' or ']'"),
        (b"a: b: c\n", 1, "not YAML: mapping values are not allowed in this context"),
        (b"", 0, "the file is empty"),
        (b"a: " + b"x" * MAX_BYTES, 0, "larger than 8 MiB"),
    ],
)
def test_what_is_no_document_is_told_with_its_line(content: bytes, line: int, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(content, lambda *_: None)
    assert (caught.value.line, str(caught.value)) == (line, message)


@pytest.fixture(params=["compiled", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers: the one written in C, and the one for machines that have not got it."""
    if request.param == "pure":
        monkeypatch.setattr(yaml, "__with_libyaml__", False)
    else:
        assert yaml.__with_libyaml__, "PyYAML was installed without its compiled parser"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[" * 200_000, 1, "nested deeper than 64 levels"),
        ("\n[" * 2_000, 67, "nested deeper than 64 levels"),
        ("a: [1]\nb: " + "[" * 1_001 + "]" * 1_001, 2, "nested deeper than 64 levels"),
        ("- " * 200_000 + "x", 1, "nested deeper than 64 levels"),
        ("{a: " * 200_000, 1, "nested deeper than 64 levels"),
        ("? " * 100_000, 1, "nested deeper than 64 levels"),
        ("b: 1\na: &a [*a]", 2, "the alias stands inside its own anchor"),
    ],
    ids=["lists", "lists-by-line", "closed-lists", "block-lists", "mappings", "keys", "itself"],
)
def test_nesting_cannot_overflow_the_stack(text: str, line: int, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(text.encode(), lambda *_: None)
    assert (caught.value.line, str(caught.value)) == (line, message)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["*hunter2", "!hunter2", "!!hunter2 x", "!hunter2!x y", "!<hunter2> x", "!hunter2 {}"])
def test_a_secret_that_begins_as_an_alias_or_a_tag_is_not_told(text: str) -> None:
    told: list[str] = []
    try:
        parse(f"a: {text}\n".encode(), lambda line, path, message: told.append(f"{line}: {path}: {message}"))
    except UnreadableError as error:
        told.append(str(error))
    [message] = told
    assert "hunter2" not in message
    assert f"a text that begins with {text[0]} needs quotes" in message


@pytest.mark.usefixtures("parser")
def test_as_many_levels_as_are_allowed_are_read() -> None:
    value = value_of("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH):
        (value,) = value
    assert value == "x"


@pytest.mark.usefixtures("parser")
def test_aliases_cannot_unfold_without_bound() -> None:
    bomb = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    with pytest.raises(UnreadableError, match=r"^more than 200,000 values once aliases are unfolded$"):
        parse(bomb.encode(), lambda *_: None)


def test_values_are_counted_without_aliases_too() -> None:
    wide = "[" + "1," * (MAX_NODES + 1) + "]"
    with pytest.raises(UnreadableError, match=r"^more than 200,000 values once aliases are unfolded$"):
        parse(wide.encode(), lambda *_: None)
