"""What is judged in the event loop ends within the promise, and what would not is left to a worker process."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from prober.assertions.json_schema.bound import MAX_EFFORT, Bound
from prober.assertions.json_schema.schema import SchemaError, load_schema, load_server_schema
from prober.assertions.json_schema.schema_cost import EndlessReferenceError, bound_of
from prober.json_values.size import MAX_DEPTH, MAX_NODES, size_of
from prober.outcome import Reason
from tests.assertions.samples import WORKFLOW, doubling
from tests.assertions.ticking import PROMISE

DRAFT_3 = "http://json-schema.org/draft-03/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
TREE: dict[str, Any] = {"properties": {"children": {"type": "array", "items": {"$ref": "#"}}}, "required": ["name"]}
UNION = {
    "anyOf": [
        {"properties": {"kind": {"const": kind}, "inner": {"$ref": "#"}}, "required": ["kind"]} for kind in ("a", "b")
    ]
}


def nested(levels: int, value: Any = None) -> Any:
    for _ in range(levels):
        value = [value]
    return value


def fits(schema: Any, instance: Any) -> bool | None:
    return load_server_schema(schema).fits(instance, size_of(instance))


@pytest.mark.parametrize(
    ("schema", "instance", "expected"),
    [
        (WORKFLOW, {"steps": [{"id": 1, "name": "a", "tags": ["x"], "note": None}] * 800}, True),
        (WORKFLOW, {"steps": [{"id": 1, "name": "A"}]}, False),
        (True, {"a": 1}, True),
        (False, 1, False),
        (TREE, {"name": "a", "children": [{"name": "b"}] * 1_000}, True),
        ({"unique": True, "uniqueItems": True}, [{"a": number} for number in range(15_000)], True),
        (doubling(10), 1, True),
        ({"pattern": "^(a+)+$"}, "a" * 20_000 + "b", False),
        (
            {"$id": "https://example.com/s", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "null"}}},
            [1],
            False,
        ),
        ({"$schema": DRAFT_7, "contentSchema": {}, "type": "string"}, "{", True),
    ],
)
def test_what_is_bounded_is_answered_at_once(schema: Any, instance: Any, *, expected: bool) -> None:
    assert fits(schema, instance) is expected


TRAPS = {
    "2^26 schemas at one place": (doubling(26), 1),
    "a recursive choice that doubles with every level": (UNION, {"kind": "b", "inner": {}}),
    "unevaluated keywords, which evaluate again what is beside them": ({"unevaluatedProperties": False}, {}),
    "a reference that means another schema at another time": ({"$dynamicAnchor": "a", "not": {"$dynamicRef": "#a"}}, 1),
    "a reference by a name": ({"$ref": "#a", "$defs": {"b": {"$anchor": "a"}}}, 1),
    "a reference that is no address": ({"not": {"$ref": "http://[::1#a"}}, 1),
    "a schema with an address of its own in it": ({"$defs": {"a": {"$id": "b"}}, "not": {"$ref": "#/$defs/a"}}, 1),
    "a schema of another draft in it": ({"not": {"$schema": DRAFT_7}}, 1),
    "draft 3": ({"$schema": DRAFT_3, "type": "integer"}, 1),
    "content that one implementation reads in draft 7": (
        {"$schema": DRAFT_7, "contentMediaType": "application/json"},
        "{",
    ),
    "a pattern that looks ahead": ({"pattern": "^(?=a)a"}, "a"),
    "a pattern that refers back": ({"pattern": r"^(a)\1"}, "aa"),
    "a pattern that takes a second to compile": ({"pattern": r"(?:\p{L}|\p{N}){300}"}, "a"),
    "very many patterns": ({"anyOf": [{"pattern": f"^a{{{number}}}$"} for number in range(200)]}, "a"),
    "patterns where nothing is judged": ({"$defs": {"a": {"patternProperties": {f"a{n}": {} for n in range(101)}}}}, 1),
    "a long text and a pattern": ({"pattern": r"\w{500}"}, "ab" * 50_000),
    "many values": ({"items": {"type": "integer"}}, [1] * (MAX_NODES + 1)),
    "many values, each compared with many": ({"items": {"enum": [[[n]] for n in range(300)]}}, [[[0]]] * 1_000),
    "a value nested more deeply than the stack of a process": ({"items": {"$ref": "#"}}, nested(200_000)),
    "a value just too deep": ({}, nested(MAX_DEPTH)),
    "a schema nested deeply": (__import__("functools").reduce(lambda inner, _: {"not": inner}, range(200), {}), 1),
    "a text that is not Unicode": ({"type": "string", "minLength": 2}, "\ud800"),
    "a number that is infinite": ({"multipleOf": 0.3}, float("1e400")),
    "a number that is none": ({"minimum": 1}, float("nan")),
    "a number that a double cannot hold": ({"const": 2**53 + 1}, 2**53 + 1),
}


@pytest.mark.parametrize(("schema", "instance"), TRAPS.values(), ids=TRAPS)
def test_a_trap_is_left_to_a_worker_and_found_out_within_the_promise(schema: Any, instance: Any) -> None:
    spent = []
    for _ in range(3):
        started = time.process_time()
        answer = fits(schema, instance)
        spent.append(time.process_time() - started)
        if schema is not UNION:
            assert answer is None
    assert min(spent) < PROMISE


def test_a_recursive_choice_is_answered_at_once_only_for_shallow_values() -> None:
    schema = load_server_schema(UNION)
    value: Any = {"kind": "a"}
    answers = []
    for _ in range(20):
        answers.append(schema.fits(value, size_of(value)))
        value = {"kind": "b", "inner": value}
    assert answers[:8] == [True] * 8
    assert answers[-1] is None


def test_a_schema_deeper_than_the_library_can_parse_is_not_looked_at() -> None:
    deep: Any = {}
    for _ in range(5_000):
        deep = {"not": deep}
    assert not load_server_schema(deep).compiles
    with pytest.raises(SchemaError, match="nested too deeply") as caught:
        load_schema(deep, folder=None)
    assert caught.value.reason is Reason.UNDECIDED


@contextmanager
def listener() -> Iterator[tuple[str, list[Any]]]:
    """An address, and the connections that were made to it."""
    seen: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    seen.append(connection)
                    connection.close()
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/schema.json", seen
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_nothing_is_fetched(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "string"}')
    with listener() as (url, seen):
        for reference in (url, file.as_uri(), str(file), "schema.json"):
            for schema in ({"$ref": reference}, {"$schema": reference}, {"items": {"$id": url, "$ref": "other.json"}}):
                assert not load_server_schema(schema).compiles
                with pytest.raises(SchemaError):
                    load_schema(schema, folder=None)
    assert seen == []


EDGE: dict[str, tuple[Any, Any]] = {
    "values": ({"items": {"type": "integer"}}, [1] * (MAX_NODES - 1)),
    "objects": (WORKFLOW, {"steps": [{"id": 1, "name": "a", "tags": ["a", "b"], "note": None}] * 4_000}),
    "constants": ({"anyOf": [{"const": number} for number in range(330)]}, [999] * 2),
    "an enum of arrays": ({"items": {"enum": [[[number]] for number in range(100)]}}, [[[99]]] * 250),
    "names that are required": (
        {"items": {"required": [f"r{n}" for n in range(100)]}},
        [{f"r{n}": 1 for n in range(99)}] * 90,
    ),
    "unique elements": ({"uniqueItems": True}, [[[number], 1.5] for number in range(6_000)]),
    "doubling": (doubling(16), 1),
    "a pattern": ({"pattern": "[ab]*a[ab]{20}c"}, "abbaababba" * 5_500),
    "levels": ({"items": {"$ref": "#"}}, nested(MAX_DEPTH - 2)),
}


@pytest.mark.parametrize(("schema", "instance"), EDGE.values(), ids=EDGE)
def test_what_is_at_the_edge_of_the_guard_ends_within_the_promise(schema: Any, instance: Any) -> None:
    loaded = load_server_schema(schema)
    spent = []
    for _ in range(3):
        started = time.process_time()
        assert loaded.fits(instance, size_of(instance)) is not None, "to be on the near side of the edge"
        spent.append(time.process_time() - started)
    assert min(spent) < PROMISE


def bound(schema: Any) -> Bound:
    found = bound_of(schema, {})
    assert found is not None
    return found


def test_schemas_that_judge_one_place_are_counted_as_often_as_they_do() -> None:
    assert bound({"type": "null"}).effort[0] < bound({"allOf": [{"type": "null"}] * 2}).effort[0]
    efforts = [bound(doubling(levels)).effort[0] for levels in range(6, 12)]
    assert all(1.9 < more / less < 2.1 for less, more in itertools.pairwise(efforts))
    assert bound(doubling(40)).effort[0] > MAX_EFFORT


@pytest.mark.parametrize("beside", [{}, {"unevaluatedItems": False}, {"$ref": "other.json"}])
def test_a_schema_that_judges_one_place_for_ever_is_refused_whatever_else_is_in_it(beside: dict[str, Any]) -> None:
    with pytest.raises(EndlessReferenceError):
        bound_of({"items": {"if": {"$ref": "#/items"}}, "contains": beside}, {})


def test_schemas_for_different_places_are_not_added_up() -> None:
    one = bound({"properties": {"a": {"enum": list(range(100))}}})
    many = bound({"properties": {f"a{number}": {"enum": list(range(100))} for number in range(50)}})
    assert many.effort[1] == one.effort[1]
