"""The contract of a server as a document, and what changed between two of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from prober.contract.change import Change, Severity, change
from prober.contract.contract import (
    Contract,
    ContractError,
    compare,
    compare_in_turns,
    contract_of,
    dump_contract,
    in_order,
    iter_changes,
    parse_contract,
)
from tests.assertions.ticking import PROMISE, ticking

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOOL = {
    "name": "get",
    "title": "Get",
    "description": "Gets.",
    "inputSchema": SCHEMA,
    "outputSchema": SCHEMA,
    "annotations": {"readOnlyHint": True},
    "icons": [{"src": "x"}],
    "_meta": {"x": 1},
}
PROMPT = {"name": "ask", "description": None, "arguments": [{"name": "who", "required": True}, {"name": "why"}]}
RESOURCE = {"uri": "file:///a", "name": "a", "mimeType": "text/plain", "size": 3}
TEMPLATE = {"uriTemplate": "file:///{x}", "name": "x"}
CONTRACT = contract_of(tools=[TOOL], prompts=[PROMPT], resources=[RESOURCE], templates=[TEMPLATE])


def test_a_contract_keeps_what_matters_to_callers() -> None:
    assert json.loads(dump_contract(CONTRACT)) == {
        "version": 1,
        "tools": {
            "get": {key: TOOL[key] for key in ("title", "description", "inputSchema", "outputSchema", "annotations")}
        },
        "prompts": {"ask": {"arguments": PROMPT["arguments"]}},
        "resources": {"file:///a": {"name": "a", "mimeType": "text/plain"}},
        "templates": {"file:///{x}": {"name": "x"}},
    }


def test_a_contract_is_written_the_same_whatever_the_order_of_the_listing() -> None:
    other = {**TOOL, "name": "a"}
    text = dump_contract(contract_of(tools=[TOOL, other]))
    assert text == dump_contract(contract_of(tools=[dict(reversed(other.items())), TOOL]))
    assert text.endswith("}\n")


def test_a_contract_is_text_for_people_and_for_git() -> None:
    assert dump_contract(contract_of(tools=[{"name": "b", "title": "Zürich"}])) == (
        "{\n"
        '  "prompts": {},\n'
        '  "resources": {},\n'
        '  "templates": {},\n'
        '  "tools": {\n'
        '    "b": {\n'
        '      "title": "Zürich"\n'
        "    }\n"
        "  },\n"
        '  "version": 1\n'
        "}\n"
    )


@pytest.mark.parametrize(
    ("section", "identity", "kept"),
    [
        ("tools", "name", ("title", "description", "inputSchema", "outputSchema", "annotations")),
        ("prompts", "name", ("title", "description", "arguments")),
        ("resources", "uri", ("name", "title", "description", "mimeType")),
        ("templates", "uriTemplate", ("name", "title", "description", "mimeType")),
    ],
)
def test_of_an_item_exactly_what_callers_rely_on_is_kept(section: str, identity: str, kept: tuple[str, ...]) -> None:
    every = {"name", "title", "description", "inputSchema", "outputSchema", "annotations", "arguments", "mimeType"}
    item = {each: each for each in {*every, "icons", "_meta", "size", "uri", "uriTemplate"}}
    contract = contract_of(**{section: [item]})
    assert getattr(contract, section) == {identity: {each: each for each in kept}}


def test_a_contract_that_was_written_can_be_read() -> None:
    assert parse_contract(json.loads(dump_contract(CONTRACT))) == CONTRACT
    assert compare(CONTRACT, parse_contract(json.loads(dump_contract(CONTRACT)))) == ()
    assert parse_contract({"version": 1}) == Contract()


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        ([], "", "a contract is an object, not []"),
        ({}, "/version", "/version: expected 1, seen null"),
        ({"version": 2}, "/version", "/version: expected 1, seen 2"),
        (["x" * 99], "", f'a contract is an object, not ["{"x" * 47}…'),
        ({"version": "x" * 99}, "/version", f'/version: expected 1, seen "{"x" * 48}…'),
        ({"version": 1, "tool": {}}, "/tool", "/tool: unknown; known are tools, prompts, resources, templates"),
        ({"version": 1, "tools": []}, "/tools", "/tools: expected an object of items by name"),
        ({"version": 1, "tools": {"a/b": 3}}, "/tools/a~1b", "/tools/a~1b: expected an object"),
        (
            {"version": 1, "prompts": {"a": {"args": []}}},
            "/prompts/a/args",
            "/prompts/a/args: unknown; known are title, description, arguments",
        ),
    ],
)
def test_a_document_that_is_no_contract_is_refused(document: Any, pointer: str, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        parse_contract(document)
    assert (caught.value.pointer, str(caught.value)) == (pointer, message)


def changed(section: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    identity = {"tools": "name", "prompts": "name", "resources": "uri", "templates": "uriTemplate"}[section]
    return compare(
        contract_of(**{section: [{identity: "x", **old}]}),
        contract_of(**{section: [{identity: "x", **new}]}),
    )


def hints(**given: bool) -> dict[str, Any]:
    return {"annotations": given}


@pytest.mark.parametrize(
    ("section", "old", "new", "expected"),
    [
        ("tools", {"title": "A"}, {"title": "B"}, ("cosmetic", "tools/x/title", 'was "A", is now "B"')),
        ("tools", {}, {"description": "B"}, ("cosmetic", "tools/x/description", 'was absent, is now "B"')),
        ("tools", {}, {"outputSchema": SCHEMA}, ("additive", "tools/x/outputSchema", "results now have a schema")),
        (
            "tools",
            {"outputSchema": SCHEMA},
            {},
            ("breaking", "tools/x/outputSchema", "results no longer have a schema"),
        ),
        (
            "tools",
            {"inputSchema": SCHEMA},
            {"inputSchema": SCHEMA | {"required": ["a"]}},
            ("breaking", "tools/x/inputSchema/properties/a", "is now required"),
        ),
        (
            "tools",
            {"outputSchema": SCHEMA},
            {"outputSchema": SCHEMA | {"required": ["a"]}},
            ("additive", "tools/x/outputSchema/properties/a", "is now required"),
        ),
        (
            "tools",
            hints(readOnlyHint=True),
            {},
            ("breaking", "tools/x/annotations/readOnlyHint", "was true, is now false"),
        ),
        (
            "tools",
            {},
            hints(readOnlyHint=True),
            ("additive", "tools/x/annotations/readOnlyHint", "was false, is now true"),
        ),
        ("tools", {}, hints(readOnlyHint=False, destructiveHint=True, idempotentHint=False, openWorldHint=True), None),
        (
            "tools",
            hints(destructiveHint=False),
            {},
            ("breaking", "tools/x/annotations/destructiveHint", "was false, is now true"),
        ),
        (
            "tools",
            hints(idempotentHint=True),
            hints(idempotentHint=False),
            ("breaking", "tools/x/annotations/idempotentHint", "was true, is now false"),
        ),
        (
            "tools",
            {},
            hints(openWorldHint=False),
            ("additive", "tools/x/annotations/openWorldHint", "was true, is now false"),
        ),
        (
            "tools",
            hints(readOnlyHint=True, destructiveHint=False),
            hints(readOnlyHint=True),
            ("cosmetic", "tools/x/annotations/destructiveHint", "was false, is now true"),
        ),
        (
            "tools",
            hints(readOnlyHint=True, idempotentHint=True),
            hints(readOnlyHint=True),
            ("cosmetic", "tools/x/annotations/idempotentHint", "was true, is now false"),
        ),
        (
            "tools",
            hints(readOnlyHint=True),
            hints(readOnlyHint=True, openWorldHint=False),
            ("additive", "tools/x/annotations/openWorldHint", "was true, is now false"),
        ),
        (
            "tools",
            hints(readOnlyHint=False, destructiveHint=False),
            hints(readOnlyHint=False),
            ("breaking", "tools/x/annotations/destructiveHint", "was false, is now true"),
        ),
        ("tools", {"annotations": {"readOnlyHint": "yes"}}, {"annotations": 3}, None),
        (
            "tools",
            {},
            {"annotations": {"title": "T"}},
            ("cosmetic", "tools/x/annotations/title", 'was absent, is now "T"'),
        ),
        (
            "prompts",
            {"arguments": []},
            {"arguments": [{"name": "a"}]},
            ("additive", "prompts/x/arguments/a", "added"),
        ),
        (
            "prompts",
            {},
            {"arguments": [{"name": "a", "required": True}]},
            ("breaking", "prompts/x/arguments/a", "added, and required"),
        ),
        ("prompts", {"arguments": [{"name": "a"}]}, {}, ("breaking", "prompts/x/arguments/a", "removed")),
        (
            "prompts",
            {"arguments": [{"name": "a"}]},
            {"arguments": [{"name": "a", "required": True}]},
            ("breaking", "prompts/x/arguments/a", "is now required"),
        ),
        (
            "prompts",
            {"arguments": [{"name": "a", "required": True}]},
            {"arguments": [{"name": "a", "required": False}]},
            ("additive", "prompts/x/arguments/a", "is no longer required"),
        ),
        (
            "prompts",
            {"arguments": [{"name": "a"}]},
            {"arguments": [{"name": "a", "description": "d"}]},
            ("cosmetic", "prompts/x/arguments/a/description", "changed"),
        ),
        (
            "prompts",
            {"arguments": [{"name": "a", "title": "x"}]},
            {"arguments": [{"name": "a"}]},
            ("cosmetic", "prompts/x/arguments/a/title", "changed"),
        ),
        ("prompts", {"arguments": 3}, {"arguments": ["a"]}, None),
        (
            "resources",
            {},
            {"description": "x" * 99},
            ("cosmetic", "resources/x/description", f'was absent, is now "{"x" * 58}…'),
        ),
        (
            "resources",
            {"mimeType": "a/b"},
            {},
            ("breaking", "resources/x/mimeType", 'was "a/b", is now absent'),
        ),
        (
            "resources",
            {"mimeType": "a/b"},
            {"mimeType": "a/c"},
            ("breaking", "resources/x/mimeType", 'was "a/b", is now "a/c"'),
        ),
        ("resources", {}, {"mimeType": "a/c"}, ("additive", "resources/x/mimeType", 'was absent, is now "a/c"')),
        ("templates", {"name": "a"}, {"name": "b"}, ("cosmetic", "templates/x/name", 'was "a", is now "b"')),
    ],
)
def test_a_change_of_an_item(
    section: str, old: dict[str, Any], new: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    changes = [(one.severity.value, one.where, one.message) for one in changed(section, old, new)]
    assert changes == ([expected] if expected else [])


@pytest.mark.parametrize("section", ["tools", "prompts", "resources", "templates"])
def test_items_that_come_and_go(section: str) -> None:
    nothing = Contract()
    place = f"{section}/{next(iter(getattr(CONTRACT, section))).replace('/', '~1')}"
    gone = [one for one in compare(CONTRACT, nothing) if one.where == place]
    come = [one for one in compare(nothing, CONTRACT) if one.where == place]
    assert gone == [Change(severity=Severity.BREAKING, where=place, message="removed")]
    assert come == [Change(severity=Severity.ADDITIVE, where=place, message="added")]


def test_the_worst_changes_come_first() -> None:
    old = contract_of(tools=[{"name": "b"}, {"name": "a", "title": "x"}])
    new = contract_of(tools=[{"name": "c"}, {"name": "a", "title": "y"}])
    assert [(one.severity.value, one.where) for one in compare(old, new)] == [
        ("breaking", "tools/b"),
        ("additive", "tools/c"),
        ("cosmetic", "tools/a/title"),
    ]


def test_changes_of_one_severity_come_by_place_and_then_by_message() -> None:
    listed = [
        change(severity, where, message)
        for severity in (Severity.COSMETIC, Severity.BREAKING)
        for where in (("b",), ("a", 1), ("a",))
        for message in ("y", "x")
    ]
    assert [(str(one.severity)[0], one.where, one.message) for one in in_order(listed)] == [
        (severity, where, message) for severity in "bc" for where in ("a", "a/1", "b") for message in "xy"
    ]


def test_changes_come_in_the_order_of_names() -> None:
    names = [f"n{number}" for number in range(9)]
    old, new = ({"arguments": [{"name": name, "title": words} for name in names]} for words in "xy")
    told = [f"prompts/x/arguments/{name}/title" for name in names]
    items = [contract_of(prompts=[{"name": "x", **each}]) for each in (old, new)]
    assert [one.where for step in iter_changes(*items) for one in step] == told
    hinted = [contract_of(tools=[{"name": "x", "annotations": dict.fromkeys(names, words)}]) for words in "xy"]
    assert [one.where for step in iter_changes(*hinted) for one in step] == [
        f"tools/x/annotations/{name}" for name in names
    ]
    listed = contract_of(tools=[{"name": name} for name in names])
    assert [one.where for step in iter_changes(Contract(), listed) for one in step] == [f"tools/{n}" for n in names]


def test_of_two_items_of_one_name_the_first_counts() -> None:
    assert contract_of(tools=[{"name": "a", "title": "1"}, {"name": "a", "title": "2"}]).tools == {"a": {"title": "1"}}


@pytest.mark.parametrize("wrap", [lambda inner: {"a": inner}, lambda inner: [inner]], ids=["objects", "arrays"])
def test_what_is_far_too_deep_for_the_stack_is_compared_all_the_same(wrap: Callable[[Any], Any]) -> None:
    def hinted(leaf: int) -> Contract:
        value: Any = leaf
        for _ in range(5_000):
            value = wrap(value)
        return contract_of(tools=[TOOL | {"annotations": {"x": value}}])

    [one] = compare(hinted(1), hinted(2))
    assert (one.severity, one.where) == (Severity.COSMETIC, "tools/get/annotations/x")
    assert compare(hinted(1), hinted(1)) == ()


async def test_contracts_are_compared_in_steps_that_let_others_have_their_turns() -> None:
    def tools(last: str) -> list[dict[str, Any]]:
        properties = {f"p{number}": {"type": ["string", "null"], "enum": ["a", last, None]} for number in range(40)}
        schema = {"type": "object", "properties": properties}
        return [{"name": f"t{number}", "inputSchema": schema, "outputSchema": schema} for number in range(25)]

    async with ticking() as ticks:
        changes = await compare_in_turns(contract_of(tools=tools("b")), contract_of(tools=tools("c")))
    assert len(changes) == 25 * 40 * 2 * 2
    assert ticks.longest < PROMISE


def test_a_listing_with_halves_of_surrogate_pairs_and_marks_that_turn_the_writing_is_pinned_as_it_is() -> None:
    odd = "a\ud800b \u202ec\u2028d"
    tools = [{"name": odd, "inputSchema": {"type": "object", "title": odd}}]
    pinned = contract_of(tools=tools)
    text = dump_contract(pinned)
    text.encode()
    assert not {"\u202e", "\u2028"} & set(text)
    assert parse_contract(json.loads(text)) == pinned
