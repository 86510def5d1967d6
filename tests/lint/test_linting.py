"""What findings say, what a list weighs, and how much is looked at."""

from __future__ import annotations

import json
import time
from itertools import islice
from typing import Any, Final

import pytest

from prober.lint.checks import OF_TOOLS
from prober.lint.linting import PLACES, lint
from prober.lint.offer import MAX_VALUES, Offer
from prober.lint.rules import rules
from prober.lint.weight import json_bytes, tokens_of
from tests.assertions.ticking import PROMISE
from tests.lint.table_of_rules import takes, tool

ALL: Final = tuple(rules().clients)
ARRAY: Final = {"type": "array"}


def findings(*tools: dict[str, Any], client: str) -> list[Any]:
    return list(lint(Offer.of(tools, server="s", transport="http"), rules(), [client]).findings)


def test_a_finding_names_the_tool_the_place_the_rule_and_its_source() -> None:
    [found] = findings(
        tool("fine"), {**takes(**{"a/b": {"properties": {"~": ARRAY}}}), "name": "find"}, client="vscode"
    )
    assert (found.tool, found.rule.id) == ("find", "vscode_array_items")
    assert found.pointers == ("/tools/find/inputSchema/properties/a~1b/properties/~0",)
    assert (found.seen, found.expected) == ("an array without items", "items")
    assert found.rule.source.startswith("https://")


def test_many_places_of_one_tool_are_one_finding_that_counts_them() -> None:
    [found] = findings(takes(**{f"a{n}": ARRAY for n in range(9)}), client="vscode")
    assert (found.count, len(found.pointers)) == (9, PLACES)


def test_the_worst_findings_come_first_then_the_order_of_the_clients() -> None:
    offer = Offer.of([{**takes(a=ARRAY), "name": "a.b"}], server="s", transport="http")
    found = lint(offer, rules(), ["vscode", "openai"]).findings
    assert [(each.rule.severity, each.rule.client.id) for each in found] == [
        ("error", "vscode"),
        ("error", "openai"),
        ("error", "openai"),
        ("warning", "vscode"),
    ]


def test_a_client_can_use_a_server_of_which_it_is_only_warned() -> None:
    linted = lint(Offer.of([tool(description="d" * 3000)], transport="http"), rules(), ["claude_code", "openai"])
    assert [(client.id, linted.usable_by(client)) for client in linted.clients] == [
        ("claude_code", True),
        ("openai", True),
    ]
    assert (linted.count("error"), linted.count("warning")) == (0, 2)


def test_the_weight_is_that_of_the_list_as_json_without_blanks() -> None:
    tools = [tool("short"), tool("long", description="ä" * 1500), tool("longer", description="d" * 2049)]
    weight = Offer.of(tools).weight
    assert weight.bytes == len(json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode())
    assert weight.tokens == -(-weight.bytes // 4)
    assert [name for name, _ in weight.heaviest] == ["long", "longer", "short"]
    assert weight.long_descriptions == (("long", 3000), ("longer", 2049))
    assert Offer.of([]).weight.bytes == 2


@pytest.mark.parametrize(("size", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2), (40_000, 10_000)])
def test_a_token_is_counted_for_every_four_bytes(size: int, tokens: int) -> None:
    assert tokens_of(size) == tokens


def test_half_a_surrogate_pair_has_a_weight_too() -> None:
    assert json_bytes({"a": "\ud800"}) == len('{"a":""}') + 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {f"a{n}": {"type": "array"} for n in range(MAX_VALUES)}},
        {"type": "object", "properties": {}, "not": json.loads('{"items":' * 150 + "{}" + "}" * 150)},
    ],
    ids=["many", "deep"],
)
def test_a_schema_that_is_too_large_is_not_looked_at_and_said_to_be_so(schema: Any) -> None:
    linted = lint(Offer.of([tool("huge", inputSchema=schema), tool("fine")], transport="http"), rules(), ALL)
    assert linted.unread == ("huge",)
    assert {each.tool for each in linted.findings} <= {None, "fine"}


@pytest.mark.parametrize(
    "schema",
    [{"a\ud800": {}}, {"$id": "\ud800"}, {"properties": {"a": {"type": "\udfff"}}}],
    ids=["keyword", "address", "type"],
)
def test_a_schema_that_is_no_unicode_is_said_not_to_be_looked_at_beside_what_other_rules_find(schema: Any) -> None:
    tools = [tool("half", inputSchema={"type": "object", **schema}), tool("no name in a schema \ud800")]
    linted = lint(Offer.of(tools, transport="http"), rules(), ALL)
    assert linted.unread == ("half",)
    assert "openai_strict_closed" in {each.rule.id for each in linted.findings if each.tool == "half"}


@pytest.mark.parametrize(
    ("member", "places"),
    [
        ({}, []),
        ({"type": 5}, ["/tools/t/inputSchema"]),
        ({"title": ["\ud800"]}, ["/tools/t/inputSchema"]),
    ],
)
def test_an_argument_whose_name_is_no_unicode_is_judged_all_the_same(member: Any, places: list[str]) -> None:
    linted = lint(Offer.of([takes(**{"a\ud800": member})]), rules(), ["specification"])
    assert linted.unread == ()
    assert [place for each in linted.findings for place in each.pointers] == places


FLAW: Final = {"type": "object", "properties": {"a": {"minLength": "short"}}}
IN_FULL: Final = "/tools/t/inputSchema/properties/a/minLength"


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, IN_FULL),
        ({"description": "d" * 150_000}, IN_FULL),
        ({"description": "d" * 300_000}, "/tools/t/inputSchema"),
        ({"required": [f"r{n}" for n in range(1_500)]}, IN_FULL),
        ({"required": [f"r{n}" for n in range(3_000)]}, "/tools/t/inputSchema"),
    ],
    ids=["small", "text", "long text", "values", "many values"],
)
def test_of_a_large_schema_that_is_no_sound_one_the_place_is_not_told(more: Any, place: str) -> None:
    [found] = [
        each
        for each in findings(tool(inputSchema=FLAW | more), client="specification")
        if each.rule.id == "spec_input_schema"
    ]
    assert found.pointers == (place,)


@pytest.mark.parametrize(
    "flaw",
    [{"minLength": "x" * 1_000_000}, {"items": [{"type": "a"}] * 4_500}, {"type": ["a"] * 9_000}],
    ids=["text", "schemas", "types"],
)
def test_what_is_no_sound_schema_on_many_levels_does_not_take_long(flaw: Any) -> None:
    for _ in range(45):
        flaw = {"items": flaw}
    schema = {"type": "object", "$schema": "http://json-schema.org/draft-07/schema#", **flaw}
    began = time.thread_time()
    found = findings(tool(inputSchema=schema), client="specification")
    assert time.thread_time() - began < 4 * PROMISE
    assert "spec_input_schema" in {each.rule.id for each in found}


@pytest.mark.parametrize(
    "schema",
    [None, [], "object", True, {"properties": []}, {"type": 5, "required": [1], "properties": {"a": None}}],
    ids=repr,
)
def test_what_is_no_schema_at_all_is_a_finding_and_no_error_of_ours(schema: Any) -> None:
    linted = lint(Offer.of([{"name": 7, "inputSchema": schema, "outputSchema": schema}]), rules(), ALL)
    assert "spec_input_type" in {each.rule.id for each in linted.findings}
    assert "spec_name" in {each.rule.id for each in linted.findings}


@pytest.mark.clock
def test_references_upon_references_do_not_take_long() -> None:
    definitions = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{m}"} for m in range(n)]} for n in range(100)}
    began = time.monotonic()
    found = findings(tool(inputSchema={"type": "object", "$defs": definitions}), client="claude_strict")
    assert time.monotonic() - began < 2
    assert "claude_strict_recursion" not in {each.rule.id for each in found}


def strict_places(schema: dict[str, Any], rule: str) -> list[str]:
    client = rule.rpartition("_")[0]
    return [
        place
        for each in findings(tool(inputSchema=schema), client=client)
        if each.rule.id == rule
        for place in each.pointers
    ]


REFERRING: Final = [
    ({"anyOf": [{"$ref": "#"}]}, "/tools/t/inputSchema"),
    ({"properties": {"a/b": {"items": {"$ref": "#/properties/a~1b"}}}}, "/tools/t/inputSchema/properties/a~1b"),
    ({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"items": {"$ref": "#/properties/a"}}}}, None),
    ({"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"not": {"$ref": "#/$defs/a/items"}}}}, None),
]


@pytest.mark.parametrize(("schema", "place"), REFERRING)
def test_a_schema_that_leads_back_to_itself_is_found_at_its_place(schema: Any, place: str | None) -> None:
    places = strict_places({"type": "object", **schema}, "claude_strict_recursion")
    assert len(places) == 1
    assert place is None or places == [place]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/a"}, "b": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"items": {}}}},
        {"$defs": {"a": {"items": {"$ref": "#/$defs/b/items"}}, "b": {"items": {}, "not": {"$ref": "#/$defs/a"}}}},
        {"properties": {"a": {"$ref": "#/nowhere"}, "b": {"$ref": "#properties"}}},
    ],
    ids=["twice", "beside", "nowhere"],
)
def test_a_schema_that_ends_is_no_recursion(schema: Any) -> None:
    assert strict_places({"type": "object", **schema}, "claude_strict_recursion") == []


def inside(schema: dict[str, Any], levels: int, **more: Any) -> dict[str, Any]:
    for _ in range(levels):
        schema = {"not": schema, **more}
    return {"type": "object", **schema}


@pytest.mark.parametrize(
    "schema",
    [
        inside({"anyOf": [{"$ref": "#"}] * 4_500}, 90),
        inside({"anyOf": [{"$ref": f"#/{'not/' * n}not"} for n in range(90)] * 50}, 90),
        inside({"anyOf": [{"properties": {"a": True}}] * 3_000}, 45, properties={"a": True}),
        inside({"properties": {"n" * 1_000_000: {"anyOf": [{"$ref": "#"}] * 4_500}}}, 40),
    ],
    ids=["one target", "a target on each level", "objects", "a long name"],
)
def test_many_references_and_objects_on_many_levels_do_not_take_long(schema: dict[str, Any]) -> None:
    [only] = Offer.of([tool(inputSchema=schema)]).tools
    assert len(list(only.prepare())) > 1
    assert not only.too_large
    for rule in rules().of(["openai_strict", "claude_strict"]):
        if rule.check in OF_TOOLS:
            began = time.thread_time()
            assert len(list(islice(OF_TOOLS[rule.check](Offer(tools=(only,)), only, **rule.settings), 100))) <= 100
            assert time.thread_time() - began < 2 * PROMISE, rule.id
