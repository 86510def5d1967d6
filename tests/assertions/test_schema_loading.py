"""Which schemas load, and what is said of those that do not."""

from __future__ import annotations

import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from prober.assertions.json_schema.schema import (
    MAX_LOADED_AT_ONCE,
    Schema,
    SchemaError,
    first_mismatch,
    load_schema,
    load_server_schema,
)
from prober.assertions.json_schema.schema_cost import MAX_CHAIN
from prober.json_values.size import size_of
from prober.outcome import Reason
from tests.assertions.ticking import PROMISE

KNOWN_DRAFTS = (
    "https://json-schema.org/draft/2020-12/schema, https://json-schema.org/draft/2019-09/schema, "
    "http://json-schema.org/draft-07/schema, http://json-schema.org/draft-06/schema, "
    "http://json-schema.org/draft-04/schema, http://json-schema.org/draft-03/schema"
)
TYPES = 'one of ["array", "boolean", "integer", "null", "number", "object", "string"] or array'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of schemas that refer to each other, with a file beside it that they must not reach."""
    files: dict[str, Any] = {
        "outside.json": {"type": "string"},
        "schemas/main.json": {"$ref": "parts/step.json"},
        "schemas/parts/step.json": {"type": "object", "properties": {"next": {"$ref": "../main.json"}}},
        "schemas/named.json": {"$defs": {"name": {"type": "string"}}},
        "schemas/calls_itself.json": {
            "$id": "https://example.com/s/calls_itself.json",
            "$ref": "named.json#/$defs/name",
        },
        "schemas/parts/far.json": {"$id": "https://example.org/far.json", "$ref": "https://example.org/near.json"},
        "schemas/parts/near.json": {"type": "string"},
        "schemas/flawed.json": {"properties": {"a": {"type": "text"}}},
        "schemas/leads_out.json": {"$ref": "../outside.json"},
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    (tmp_path / "schemas/broken.json").write_text("{\n  'a': 1}")
    (tmp_path / "schemas/link.json").symlink_to(tmp_path / "outside.json")
    return tmp_path / "schemas"


@pytest.mark.parametrize(
    "document",
    [
        True,
        False,
        {},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "string"}]},
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]},
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$anchor": "here"}, "b": {"$ref": "#here"}}},
        {"type": "object", "properties": {"child": {"$ref": "#"}}},
        {"x-vendor": {"anything": 1}},
        {"const": {"$ref": "not a reference"}, "enum": [{"type": 5}]},
        {"properties": {"$ref": {"type": "string"}, "pattern": {"type": "integer"}}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [{"$id": 5, "pattern": 5}]},
        {"$schema": "http://json-schema.org/draft-03/schema#", "type": [{"type": "string"}, "null"]},
        {"$dynamicAnchor": "node", "properties": {"child": {"$dynamicRef": "#node"}}},
        {"$schema": "https://json-schema.org/draft/2019-09/schema", "items": {"$recursiveRef": "#"}},
    ],
)
def test_a_sound_schema_loads(document: Any) -> None:
    assert load_schema(document, folder=None).document == document
    assert load_server_schema(document).document == document


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        (3, "", "a schema is an object or a boolean, not 3"),
        ({"type": "text"}, "/type", f'#/type: expected {TYPES}, seen "text"'),
        ({"properties": {"a": {"required": "b"}}}, "/properties/a/required", None),
        (
            {"$schema": "http://x.test/s"},
            "/$schema",
            f'#/$schema: unknown draft "http://x.test/s"; known are {KNOWN_DRAFTS}',
        ),
        ({"items": {"$schema": 5}}, "/items/$schema", None),
        ({"$ref": "#/nowhere"}, "/$ref", "#/$ref: #/nowhere cannot be followed: there is no such place"),
        ({"$ref": "#nowhere"}, "/$ref", "#/$ref: #nowhere cannot be followed: there is no such place"),
        ({"$ref": "#/x", "x": 3}, "/$ref", "#/$ref: #/x leads to something that is no schema"),
        ({"$ref": "#/x", "x": {"type": 3}}, "/$ref/type", f"#/$ref/type: expected {TYPES}, seen 3"),
        ({"$ref": "a.json"}, "/$ref", "#/$ref: a.json cannot be followed: only places inside the schema are followed"),
        (
            {"$ref": "http://127.0.0.1:1/s.json"},
            "/$ref",
            "#/$ref: http://127.0.0.1:1/s.json cannot be followed: only places inside the schema are followed",
        ),
        (
            {"$ref": "#"},
            "",
            "refers to itself without going deeper into the value, so judging would not end",
        ),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]}}},
            "",
            "refers to itself without going deeper into the value, so judging would not end",
        ),
        (
            {"$ref": "http://[::1"},
            "/$ref",
            "#/$ref: http://[::1 cannot be followed: only places inside the schema are followed",
        ),
        ({"$id": "http://[::1"}, "", "an address that cannot be read: Invalid IPv6 URL"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_at_load(document: Any, pointer: str, message: str | None) -> None:
    def judge_by_a_servers(document: Any) -> None:
        first_mismatch(load_server_schema(document), {})

    for refuse in (partial(load_schema, folder=None), judge_by_a_servers):
        with pytest.raises(SchemaError) as caught:
            refuse(document)
        assert caught.value.pointer == pointer
        assert message is None or str(caught.value) == message
        assert caught.value.reason is Reason.OUTPUT_SCHEMA_INVALID


def test_a_pattern_that_only_other_languages_know_is_our_own_limit() -> None:
    with pytest.raises(SchemaError, match=r"bad escape \\p") as caught:
        load_schema({"properties": {"a": {"pattern": r"^\p{L}+$"}}}, folder=None)
    assert caught.value.pointer == "/properties/a/pattern"
    assert caught.value.reason is Reason.UNDECIDED


def test_a_schema_that_the_library_stumbles_over_is_our_own_limit() -> None:
    with pytest.raises(SchemaError, match=r"^cannot be read: AttributeError: ") as caught:
        load_schema({"$schema": "http://json-schema.org/draft-03/schema#", "extends": {"type": "string"}}, folder=None)
    assert caught.value.reason is Reason.UNDECIDED


@pytest.mark.parametrize(
    ("reference", "good", "bad"),
    [
        ("main.json", {"next": {"next": {}}}, {"next": {"next": 1}}),
        ("parts/../main.json", {"next": {}}, {"next": 1}),
        ("named.json#/$defs/name", "text", 1),
        ("calls_itself.json", "text", 1),
        ("parts/far.json", "text", 1),
    ],
)
def test_references_lead_to_files_of_the_folder(folder: Path, reference: str, good: Any, bad: Any) -> None:
    schema = load_schema({"$ref": reference}, folder=folder)
    assert first_mismatch(schema, good) is None
    assert first_mismatch(schema, bad) is not None


def test_an_id_stands_for_the_folder_that_its_document_was_read_from(folder: Path) -> None:
    document = {"$id": "https://example.com/schemas/here.json", "$ref": "named.json#/$defs/name"}
    assert first_mismatch(load_schema(document, folder=folder), 1) is not None


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("../outside.json", "it leads out of the schema's folder"),
        ("parts/../../outside.json", "it leads out of the schema's folder"),
        ("%2e%2e/outside.json", "it leads out of the schema's folder"),
        ("/etc/passwd", "it leads out of the schema's folder"),
        ("link.json", "it leads out of the schema's folder"),
        ("file:///etc/passwd", "only files beside the schema are followed, nothing is fetched"),
        ("//host/schema.json", "only files beside the schema are followed, nothing is fetched"),
        ("named.json#/$defs/other", "there is no such place"),
    ],
)
def test_references_lead_nowhere_else(folder: Path, reference: str, why: str) -> None:
    with pytest.raises(SchemaError) as caught:
        load_schema({"properties": {"a": {"$ref": reference}}}, folder=folder)
    assert str(caught.value) == f"#/properties/a/$ref: {reference} cannot be followed: {why}"


def test_the_schemas_of_the_drafts_may_be_referred_to(folder: Path) -> None:
    document = {"items": {"$ref": "https://json-schema.org/draft/2020-12/schema"}, "not": {"$ref": "named.json"}}
    for schema in (load_schema({**document, "not": False}, folder=None), load_schema(document, folder=folder)):
        assert first_mismatch(schema, [{"type": "text"}]) is not None
    assert first_mismatch(load_schema({"items": document["items"]}, folder=None), [{"type": "string"}]) is None


def test_a_file_that_is_missing_or_no_json_is_named(folder: Path) -> None:
    with pytest.raises(SchemaError, match=r"missing\.json cannot be read: No such file or directory"):
        load_schema({"$ref": "missing.json"}, folder=folder)
    with pytest.raises(SchemaError, match=r"broken\.json is not JSON: .*: line 2 column 3"):
        load_schema({"$ref": "broken.json"}, folder=folder)


def test_a_problem_in_a_file_names_the_file_and_the_place_in_it(folder: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        load_schema({"$ref": "flawed.json"}, folder=folder)
    assert (caught.value.file, caught.value.pointer) == ("flawed.json", "/properties/a/type")
    assert str(caught.value) == f'flawed.json#/properties/a/type: expected {TYPES}, seen "text"'
    with pytest.raises(SchemaError, match=r"^leads_out\.json#/\$ref: \.\./outside\.json cannot be followed"):
        load_schema({"$ref": "leads_out.json"}, folder=folder)


def test_a_flawed_large_or_unusual_schema_of_a_server_is_left_for_a_worker_to_check() -> None:
    flawed = load_server_schema({"properties": {"a": {"type": "text"}}})
    assert not flawed.checked
    with pytest.raises(SchemaError):
        first_mismatch(flawed, {})
    large = {"properties": {f"p{number}": {"type": "string"} for number in range(MAX_LOADED_AT_ONCE)}}
    assert not load_server_schema(large).checked
    deep: Any = {}
    for _ in range(MAX_CHAIN + 1):
        deep = {"not": deep}
    assert not load_server_schema(deep).checked
    assert not load_server_schema({"pattern": "(?=a)b"}).checked


def test_a_schema_of_a_server_beyond_all_measure_is_not_looked_at() -> None:
    with pytest.raises(SchemaError, match=r"^more than 20000 values in a schema$") as caught:
        load_server_schema({"enum": list(range(20_000))})
    assert caught.value.reason is Reason.UNDECIDED


def test_a_schema_of_a_server_is_loaded_within_the_promise() -> None:
    properties = {f"p{n}": {"type": ["array", "null"], "items": {"$ref": f"#/$defs/d{n % 35}"}} for n in range(245)}
    definitions = {
        f"d{n}": {"anyOf": [{"type": "string", "pattern": f"^[a-z]{{{n}}}$"}, {"minimum": n}]} for n in range(35)
    }
    document = {"type": "object", "properties": properties, "$defs": definitions, "required": list(properties)}
    assert size_of(document, most=MAX_LOADED_AT_ONCE) is not None
    assert size_of(document, most=MAX_LOADED_AT_ONCE - 100) is None
    spent = []
    for _ in range(3):
        started = time.process_time()
        assert load_server_schema(document).checked
        spent.append(time.process_time() - started)
    assert min(spent) < PROMISE


def test_the_drafts_are_told_apart() -> None:
    seventh = load_schema(
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}, folder=None
    )
    latest = load_schema({"prefixItems": [{"type": "string"}]}, folder=None)
    ignored = load_schema({"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [False]}, folder=None)
    assert [first_mismatch(schema, [1]) is None for schema in (seventh, latest, ignored)] == [False, False, True]


def test_a_schema_reaches_another_process_whole(folder: Path) -> None:
    schema = load_schema({"$ref": "main.json", "format": "date"}, folder=folder)
    again = Schema.unwired(schema.wire)
    assert first_mismatch(again, {"next": 1}) == first_mismatch(schema, {"next": 1}) != None  # noqa: E711
    assert first_mismatch(again, "tomorrow") == first_mismatch(schema, "tomorrow") != None  # noqa: E711


def test_a_file_that_cannot_be_read_to_its_end_is_named(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    (folder / "circle.json").symlink_to(folder / "circle.json")
    with (folder / "large.json").open("wb") as large:
        large.truncate(8 * 1024 * 1024 + 1)
    for name, why in (
        ("pipe", "cannot be read: not a file"),
        ("circle", "cannot be read"),
        ("large", "larger than 8 MiB"),
    ):
        with pytest.raises(SchemaError, match=rf"{name}\.json .*{why}"):
            load_schema({"$ref": f"{name}.json"}, folder=folder)
