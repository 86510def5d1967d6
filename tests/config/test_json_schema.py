"""The JSON Schema of the language: it accepts what the loader accepts and refuses every mistake of structure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from prober.config.document.cursor import Cursor, FileScope
from prober.config.document.yaml_document import parse
from prober.config.fields.field_types import Json
from prober.config.fields.units import parse_duration, parse_size
from prober.config.model import Limits, Target
from prober.kinds.metrics.settings import ACTS
from prober.kinds.race.models import OPERATIONS
from prober.loader import json_schema
from tests.config.conftest import HERE, loaded
from tests.config.table_of_mistakes import BEYOND_STRUCTURE, STRUCTURE

ROOT = HERE.parent.parent
GOOD = [*sorted((HERE / "good").rglob("*.y*ml")), *sorted((ROOT / "probes").rglob("*.yaml"))]


@pytest.fixture(scope="module")
def editor() -> Draft202012Validator:
    """What an editor does with the published schema."""
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_it_accepts_every_good_file(path: Path, editor: Draft202012Validator) -> None:
    assert [error.message for error in editor.iter_errors(_value(path))] == []


@pytest.mark.parametrize("name", STRUCTURE)
def test_it_refuses_every_mistake_of_structure(name: str, editor: Draft202012Validator) -> None:
    assert not editor.is_valid(_value(HERE / "mistakes" / f"{name}.yaml"))


@pytest.mark.parametrize("name", BEYOND_STRUCTURE)
def test_it_is_silent_on_what_no_schema_can_know(name: str, editor: Draft202012Validator) -> None:
    """Keeps the table honest: a mistake that the schema refuses belongs to the other one."""
    assert editor.is_valid(_value(HERE / "mistakes" / f"{name}.yaml"))


def test_every_key_of_the_language_stands_in_a_good_file_and_has_a_description() -> None:
    declared = dict(_keys(json_schema(), json_schema()))
    used = {_whatever_kind(key) for path in GOOD for key in _used(json_schema(), json_schema(), _value(path))}
    assert {_whatever_kind(key) for key in declared} - used == set()
    assert [key for key, schema in declared.items() if not schema.get("description")] == []


def test_defaults_that_it_shows_are_those_of_the_values(write: Callable[..., Path]) -> None:
    schema = json_schema()
    target = schema["properties"]["targets"]["additionalProperties"]["properties"]
    assert target["protocol"]["default"] == Target(name="").protocol
    limits = target["limits"]["properties"]
    assert {name: parse_size(stated["default"]) for name, stated in limits.items()} == vars(Limits())
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp'}}\n"
        "probes: {one: {target: server, kind: read, uri: 'file:///a'}}\n"
    )
    probe = loaded(file).probes["one"]
    read = schema["$defs"]["read"]["properties"]
    assert parse_duration(read["interval"]["default"]) == probe.interval
    assert parse_duration(read["timeout"]["default"]) == probe.timeout
    assert read["from"]["default"] == "result"
    assert schema["$defs"]["call"]["properties"]["from"]["default"] == "structured"


def _value(path: Path) -> Any:
    """The file as an editor sees it: YAML and nothing else."""
    tree = parse(path.read_bytes(), lambda *_: None)
    return Json().read(Cursor.root(FileScope(file=path, environ={}), tree))


def _keys(schema: Any, root: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each key that the schema declares, with the cursor of it: `probes.*(call).latency.warn`."""
    for name, branch in _branches(schema, root):
        for key, value in branch.get("properties", {}).items():
            yield f"{path}{name}.{key}", value
            yield from _keys(value, root, f"{path}{name}.{key}")
        for below, mark in ((branch.get("additionalProperties"), ".*"), (branch.get("items"), "[]")):
            if isinstance(below, dict):
                yield from _keys(below, root, f"{path}{name}{mark}")


def _used(schema: Any, root: Any, value: Any, path: str = "") -> Iterator[str]:
    """Each of those keys that a value has."""
    for name, branch in _branches(schema, root):
        if name and isinstance(value, dict) and name not in (f"({value.get('kind')})", "(expectation)"):
            continue
        if isinstance(value, dict):
            for key, member in value.items():
                if key in branch.get("properties", {}):
                    yield f"{path}{name}.{key}"
                    yield from _used(branch["properties"][key], root, member, f"{path}{name}.{key}")
                elif isinstance(branch.get("additionalProperties"), dict):
                    yield from _used(branch["additionalProperties"], root, member, f"{path}{name}.*")
        if isinstance(value, list) and isinstance(branch.get("items"), dict):
            for element in value:
                yield from _used(branch["items"], root, element, f"{path}{name}[]")


def _whatever_kind(key: str) -> str:
    """The cursor of a key that several kinds, operations of a race, acts, or targets and sources share."""
    key = re.sub(r"\(\w+\)", "", key).replace(".cleanup[]", ".steps[]").replace(".setup[]", ".steps[]")
    key = re.sub(r"\*\.(setup|cleanup)\.", "*.steps[].", key)
    key = key.replace(".sources.*.target.", ".targets.*.")
    return re.sub(rf"\*\.({'|'.join((*OPERATIONS, *ACTS))})\.", "*.write.", key)


def _branches(schema: Any, root: Any) -> Iterator[tuple[str, Any]]:
    """The schema itself, and what it refers to under the name of the definition. Expectations are the judge's."""
    yield "", schema
    for reference in (schema, *(case["then"] for case in schema.get("allOf", ()) if "then" in case)):
        name = reference.get("$ref", "").removeprefix("#/$defs/")
        if name and name != "expectation":
            yield f"({name})", root["$defs"][name]
