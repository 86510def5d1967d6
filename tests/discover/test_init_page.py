"""docs/init.md says what the code does: its options, reasons, keys and examples are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

import prober.report
from prober.cli import app
from prober.discover.arguments import arguments_for
from prober.discover.probe_file import EDITOR_SCHEMA
from prober.discover.surveyed import SkipReason
from prober.loader import load

PAGE = (Path(__file__).parents[2] / "docs" / "init.md").read_text(encoding="utf-8")
SCHEMAS = Path(prober.report.__file__).parent / "schema"


def document(name: str) -> Any:
    """The schema of a JSON report."""
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def first_cells(head: str) -> list[str]:
    """The first cell of each row of the table whose head begins so."""
    table = PAGE[PAGE.index(f"| {head} ") :].split("\n\n")[0]
    return [line.split("|")[1].strip() for line in table.splitlines()[2:]]


def test_every_option_on_the_page_is_one_of_init() -> None:
    command = typer.main.get_command(app).commands["init"]  # type: ignore[attr-defined]
    known = {option for param in command.params for option in param.opts} | {"--repository"}
    assert set(re.findall(r"--[a-z][a-z-]*", PAGE)) <= known


def test_every_reason_of_the_summary_has_its_row() -> None:
    assert first_cells("the summary says")[:-1] == [str(reason) for reason in SkipReason]


@pytest.mark.parametrize(
    ("head", "keys"),
    [
        (
            "key of what `init` found",
            json.loads((SCHEMAS / "init.schema.json").read_text())["$defs"]["found"]["required"],
        ),
        (
            "key of a result of `pin`, `drift`",
            document("contracts")["$defs"]["result"]["required"],
        ),
    ],
    ids=["init", "pin and drift"],
)
def test_every_key_of_a_document_has_its_row(head: str, keys: list[str]) -> None:
    assert {key for cell in first_cells(head) for key in re.findall(r"`(\w+)`", cell)} == set(keys)


def test_the_scenario_on_the_page_is_sound(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    schema = tmp_path / "schemas" / "notes" / "get_note.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}")
    document = {"targets": {"notes": {"url": "http://127.0.0.1:9/mcp"}}, "probes": yaml.safe_load(example)}
    (tmp_path / "notes.yaml").write_text(json.dumps(document))
    assert list(load([tmp_path], environ={}).probes) == ["notes-get_note"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "format": "date"}, "2025-01-01"),
        ({"type": "string", "format": "uri"}, "https://example.com/"),
        ({"type": "string", "description": "Time (HH:MM)"}, "12:00"),
    ],
    ids=["date", "uri", "form"],
)
def test_the_values_on_the_page_are_those_that_are_taken(schema: dict[str, Any], value: str) -> None:
    assert f"`{value}`" in PAGE
    assert arguments_for({"properties": {"a": schema}, "required": ["a"]}) == {"a": value}


def test_the_file_for_editors_has_the_name_on_the_page() -> None:
    assert f"`probes/{EDITOR_SCHEMA}`" in PAGE
