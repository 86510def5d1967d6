"""The pages that are made of declarations are the committed ones, and leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import trustme
import typer.main
import yaml

from docs.generate.pages import EXAMPLES, PAGES, configuration, example
from prober.cli import app
from prober.kinds import all_kinds
from prober.loader import json_schema, load
from prober.metrics import families
from tests.docs.pages import DOCS

WIDTH = 88
"""Columns of a block on a screen of 1280 pixels."""

ENVIRON = {
    "TENANT": "a-tenant",
    "TICKETS_TOKEN": "one-token",
    "WIKI_TOKEN": "another-token",
    "BILLING_SECRET": "a-secret",
    "SLACK_URL": "json://127.0.0.1:9",
}


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_the_one_that_the_code_makes(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "make it anew: python -m docs.generate"


def test_every_key_of_the_schema_for_editors_is_on_the_page_with_its_meaning() -> None:
    page = configuration()
    told = set(re.findall(r"^(?:\||##) `(?:[^`]*[.\]])?([a-z_]+)`", page, re.MULTILINE))
    for name, stated in keys(json_schema()):
        assert name in told, name
        assert stated["description"].replace("|", r"\|") in page, name


def test_every_key_of_the_schema_has_an_example() -> None:
    shown = {key for document in documents().values() for key in keys_of(document)}
    assert {name for name, _ in keys(json_schema())} - shown == set()


def test_what_is_required_and_what_holds_by_default_is_told() -> None:
    page = configuration()
    assert "| `target` | the name of a target |  | The name of a target" in page
    assert "| `timeout` | a duration such as 5s | `10s` | The deadline of one run" in page
    assert "| `concurrency` | a whole number from 1 to 1,000 | `2` | How many" in page


@pytest.mark.parametrize("kind", all_kinds())
def test_the_example_of_a_kind_has_probes_of_that_kind_and_shows_each_of_its_keys(kind: str) -> None:
    probes = yaml.safe_load(example(kind))["probes"].values()
    assert {probe["kind"] for probe in probes} == {kind}
    assert {key.name for key in all_kinds()[kind].settings.keys} <= {key for probe in probes for key in probe}


@pytest.mark.parametrize("name", sorted([*all_kinds(), *(file.stem for file in EXAMPLES.glob("*.yaml"))]))
def test_every_example_is_a_configuration_without_mistakes(name: str, tmp_path: Path) -> None:
    text = example(name) if name in all_kinds() else (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    secret = tmp_path / "notes-token"
    secret.write_text("a-token")
    (tmp_path / "files").mkdir()
    (tmp_path / ".mcp.json").touch()
    (tmp_path / "certificates").mkdir()
    authority = trustme.CA()
    certificate = authority.issue_cert("prober.example")
    authority.cert_pem.write_to_path(tmp_path / "certificates" / "authority.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "certificates" / "prober.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "certificates" / "prober.key")
    (tmp_path / "example.yaml").write_text(text.replace("/run/secrets/notes-token", str(secret)))
    load([tmp_path / "example.yaml"], environ=ENVIRON, contracts_may_be_missing=True)


def test_no_line_of_an_example_is_too_long_for_its_page() -> None:
    files = [*EXAMPLES.glob("*.yaml"), *(DOCS.parent / "prober" / "kinds").glob("*/example.yaml")]
    long = {file: line for file in files for line in file.read_text(encoding="utf-8").splitlines() if len(line) > WIDTH}
    assert long == {}


def test_every_family_of_metrics_has_its_type_labels_and_meaning() -> None:
    page = PAGES["metrics.md"]()
    for each in families():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{each.name}` | {each.type} | "))
        assert all(f"`{label}`" in row for label in each.labels)
        assert len(row.rstrip("| ")) > len(each.name) + 20


def test_every_command_and_option_is_on_the_page() -> None:
    page = PAGES["commands.md"]()
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        part = page.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
        assert part, name
        for param in command.params:
            for option in param.opts if param.param_type_name == "option" else ():
                assert re.search(rf"^\| .*`{option}`.* \| ", part, re.MULTILINE), f"{name} {option}"


def documents() -> dict[str, Any]:
    """All examples, by name."""
    files = {file.stem: file.read_text(encoding="utf-8") for file in EXAMPLES.glob("*.yaml")}
    return {
        name: yaml.safe_load(text) for name, text in (files | {kind: example(kind) for kind in all_kinds()}).items()
    }


def keys_of(document: Any) -> set[str]:
    """The keys of mappings, at any depth."""
    if isinstance(document, dict):
        return {str(key) for key in document}.union(*map(keys_of, document.values()))
    return set().union(*map(keys_of, document)) if isinstance(document, list) else set()


def keys(schema: Any) -> list[tuple[str, Any]]:
    """Every key that the schema declares with a description, at any depth."""
    found: list[tuple[str, Any]] = []
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        found += [(name, stated) for name, stated in properties.items() if "description" in (stated or {})]
        found += [each for below in schema.values() for each in keys(below)]
    if isinstance(schema, list):
        found += [each for below in schema for each in keys(below)]
    return found
