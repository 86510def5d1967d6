"""An id that no schema gives is taken from the server's own list tools, where calling them shows that it works."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.answer_checks import Source
from prober.discover.identifiers import plans
from prober.discover.surveyed import CalledTool
from prober.kinds.scenario import ScenarioSettings
from tests.discover.drafting import drafted
from tests.kinds.offering import Answer, called, gives, offering, says, tool
from tests.peers.protocol import Message


def wanting(*names: str, kind: str = "string") -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind} for name in names}, "required": list(names)}


def notes(*known: Any, name: str = "id") -> Answer:
    """A note by its id; an error for any other."""

    def answer(arguments: Message) -> Message:
        if arguments[name] not in known:
            return {"content": [{"type": "text", "text": "no such note"}], "isError": True}
        return {"content": [], "structuredContent": {"title": "a note"}}

    return answer


LISTED: Final[tuple[tuple[str, Answer, str, Source], ...]] = (
    ("structured content", gives({"notes": [{"id": "n7", "title": "x"}]}), "$.notes[0].id", "structured"),
    ("JSON as text", says('[{"id": "n7"}]'), "$[0].id", "text"),
    ("JSON in FastMCP's result", gives({"result": '{"items": [{"id": "n7"}]}'}), "$.items[0].id", "result-text"),
    ("a list of ids", gives({"notes": ["n7"]}), "$.notes[0]", "structured"),
    ("an id with the name of the thing", gives({"result": [{"noteId": "n7"}]}), "$.result[0].noteId", "structured"),
)


@pytest.mark.parametrize(("listed", "path", "source"), [row[1:] for row in LISTED], ids=[row[0] for row in LISTED])
async def test_an_id_is_taken_from_a_list_and_written_as_a_scenario(
    listed: Answer, path: str, source: Source, tmp_path: Path
) -> None:
    tools = [tool("list_notes", listed), tool("get_note", notes("n7", name="note_id"), inputSchema=wanting("note_id"))]
    async with offering(*tools) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = [*(await found.run()), *(await found.run())]
    assert [outcome.reason for outcome in outcomes] == [None] * 8
    probe = found.config.probes["peer-get_note"]
    assert isinstance(probe.settings, ScenarioSettings)
    first, second = probe.settings.steps
    assert (first.tool, first.capture, first.checks.source) == ("list_notes", {"note_id": path}, source)
    assert (second.tool, second.arguments) == ("get_note", {"note_id": "{note_id}"})
    assert second.checks.schema is not None


async def test_a_number_stays_a_number(tmp_path: Path) -> None:
    tools = [
        tool("list_notes", gives({"notes": [{"id": 712}]})),
        tool("get_note", notes(712), inputSchema=wanting("id", kind="integer")),
    ]
    async with offering(*tools) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = await found.run()
    assert [outcome.reason for outcome in outcomes] == [None] * 4
    assert ("get_note", {"id": 712}) in called(peer)  # 1, the first guess, has failed


async def test_what_does_not_work_is_not_written(tmp_path: Path) -> None:
    tools = [
        tool("list_notes", gives({"notes": [{"id": "gone"}]})),
        tool("get_note", notes("n7"), inputSchema=wanting("id")),
    ]
    async with offering(*tools) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        assert Counter(name for name, _ in called(peer))["get_note"] == 1
    assert set(found.config.probes) == {"peer-handshake", "peer-catalog", "peer-list_notes"}
    assert "  # peer-get_note:" in found.text


async def test_no_tool_that_may_write_is_called_with_a_found_id(tmp_path: Path) -> None:
    tools = [
        tool("list_notes", gives({"notes": [{"id": "n7"}]})),
        tool("delete_note", read_only=False, inputSchema=wanting("id")),
        tool("note", read_only=None, inputSchema=wanting("id")),
    ]
    async with offering(*tools) as peer:
        await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        assert {name for name, _ in called(peer)} == {"list_notes"}


def answered(name: str, answer: Any) -> CalledTool:
    return CalledTool(name=name, arguments={}, source="structured", schema={}, answer=answer)


FITTING: Final[tuple[tuple[str, str, str, str, Any, str | None], ...]] = (
    ("by thing and sort", "get_note", "note_id", "list_notes", {"notes": [{"id": 1}]}, "$.notes[0].id"),
    ("in camel case", "getNote", "noteId", "listNotes", {"notes": [{"id": 1}]}, "$.notes[0].id"),
    ("a name that says nothing else", "read_table", "table", "list_tables", {"result": ["a"]}, "$.result[0]"),
    ("the name of a thing", "read_table", "table_name", "list_tables", {"result": [{"name": "a"}]}, "$.result[0].name"),
    ("the thing stands for its name", "read_table", "table", "list_tables", [{"name": "a"}], "$[0].name"),
    ("the same sort of another thing", "get_user", "user_id", "list_notes", {"notes": [{"id": 1}]}, None),
    ("an id of a tool for something else", "get_user", "id", "list_notes", {"notes": [{"id": 1}]}, None),
    ("another sort", "get_note", "note_id", "list_notes", {"notes": [{"title": "a"}]}, None),
    ("an empty list", "get_note", "note_id", "list_notes", {"notes": []}, None),
    ("an id that is no value", "get_note", "note_id", "list_notes", {"notes": [{"id": {"a": 1}}]}, None),
    ("a key that is no word", "get_note", "note_id", "list_notes", {"no'tes": [{"id": 1}]}, None),
    ("nested beyond need", "get_note", "note_id", "list_notes", {"a": {"b": {"c": {"d": {"notes": [1]}}}}}, None),
)


@pytest.mark.parametrize(
    ("tool", "argument", "source", "answer", "path"), [row[1:] for row in FITTING], ids=[row[0] for row in FITTING]
)
def test_names_decide_which_value_fits(tool: str, argument: str, source: str, answer: Any, path: str | None) -> None:
    found = plans(tool, {}, [argument], [answered(source, answer)])
    assert [borrowed.capture[argument] for plan in found for borrowed in plan.borrowed] == ([path] if path else [])


def test_a_plan_has_every_argument_or_is_none() -> None:
    lists = [answered("list_notes", {"notes": [{"id": 1}]}), answered("list_tags", {"tags": [{"id": 2}]})]
    [plan] = plans("tag_note", {"limit": 5}, ["note_id", "tag_id"], lists)
    assert plan.arguments == {"limit": 5, "note_id": "{note_id}", "tag_id": "{tag_id}"}
    assert [each.tool for each in plan.borrowed] == ["list_notes", "list_tags"]
    assert plans("tag_note", {}, ["note_id", "colour"], lists) == []


def test_a_text_that_would_be_taken_for_a_placeholder_makes_no_plan() -> None:
    listed = [answered("list_notes", json.loads('{"notes": [{"id": 1}]}'))]
    assert plans("get_note", {"form": "{note_id}"}, ["note_id"], listed) == []
    assert plans("get_note", {}, ["scratch"], listed) == []
