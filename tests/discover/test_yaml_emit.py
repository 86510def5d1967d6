"""A JSON value that is written on one line of YAML is read back as it was, by our reader and by another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from prober.discover.yaml_emit import comment, flow
from prober.kinds.call import CallSettings
from prober.loader import load
from tests.discover.hostile import HOSTILE, arguments_of

VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    0.5,
    -1e-7,
    1e22,
    1e16,
    1.0,
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": [1, None]}},
)


def read_back(line: str, folder: Path) -> Any:
    """What the configuration makes of a value, in a place where `${…}` means something."""
    file = folder / "probes.yaml"
    target = "targets: {t: {url: http://127.0.0.1:9/mcp}}\n"
    file.write_text(f"{target}probes: {{p: {{target: t, kind: call, tool: x, arguments: {{value: {line}}}}}}}\n")
    settings = load([file], environ={}).probes["p"].settings
    assert isinstance(settings, CallSettings)
    return settings.arguments["value"]


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_a_value_comes_back_with_its_type(value: Any, tmp_path: Path) -> None:
    read = read_back(flow(value), tmp_path)
    assert (read, repr(read)) == (value, repr(value))


@pytest.mark.parametrize("text", [text for text in HOSTILE if "$" not in text], ids=ascii)
def test_a_text_comes_back_as_it_was(text: str, tmp_path: Path) -> None:
    value = arguments_of(text)
    line = flow(value)
    assert line.isprintable()
    assert read_back(line, tmp_path) == value
    assert yaml.safe_load(line) == value


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/mcp"),
        (["npx", "-y", "@scope/server", "--flag=x", "a b"], '[npx, -y, "@scope/server", --flag=x, "a b"]'),
        ({"interval": "60s", "timeout": "500ms"}, "{interval: 60s, timeout: 500ms}"),
        ("2025-11-25", '"2025-11-25"'),
        ({"Authorization": "Bearer ${TOKEN}"}, '{Authorization: "Bearer ${TOKEN}"}'),
        ("No", '"No"'),
        ("Nobody", "Nobody"),
    ],
    ids=str,
)
def test_what_needs_no_quotes_has_none(value: Any, line: str) -> None:
    assert flow(value) == line


def test_a_comment_is_one_line_of_plain_characters() -> None:
    assert comment("a\n b\x1b[31m\u202e c\ud800") == "a b [31m c"
    assert comment("x" * 300) == "x" * 199 + "…"
