"""The lists of a server keep to a terminal's width, but for names and arguments, which are there to be copied."""

from __future__ import annotations

from typing import Any, Final

import pytest
from rich.cells import cell_len

from prober.contract.contract import Contract, contract_of
from prober.outcome import ServerInfo
from prober.report.listing import headline, section_lines

SCHEMA: Final[dict[str, Any]] = {"type": "object", "properties": {"first": {}, "second": {}}, "required": ["second"]}
LONG: Final = "It does very much, and says so at length. " * 10


def offers(**item: Any) -> Contract:
    return contract_of(tools=[{"name": "get-things", "inputSchema": SCHEMA, "description": LONG, **item}])


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_description_is_cut_where_the_terminal_ends(width: int) -> None:
    shown = list(section_lines("tools", offers(), width=width))
    assert all(cell_len(line) <= width for line in shown)
    assert shown[-1].endswith("…")
    assert shown[1].startswith("  get-things  may write  first, second*")
    assert len(shown) == (3 if width == 60 else 2)


def test_wide_characters_count_twice() -> None:
    shown = list(section_lines("tools", offers(name="天気", description="天気予報" * 50), width=80))
    assert all(cell_len(line) <= 80 for line in shown)


@pytest.mark.parametrize("width", [40, 80])
def test_a_long_name_is_whole_and_does_not_move_the_others(width: int) -> None:
    uris = ["a://short", "a://" + "long" * 50]
    contract = contract_of(resources=[{"uri": uri, "name": "n", "description": "d"} for uri in uris])
    shown = list(section_lines("resources", contract, width=width))
    assert uris[1] in shown[-2] + shown[-1]
    assert cell_len(shown[1]) <= width


def test_nothing_is_cut_in_a_pipe() -> None:
    [_, row] = section_lines("tools", offers(), width=None)
    assert row.endswith(LONG.strip())


@pytest.mark.parametrize(
    ("section", "items", "row"),
    [
        ("tools", {"name": "t", "annotations": {"readOnlyHint": True}}, "  t  read-only"),
        ("tools", {"name": "t", "annotations": {"readOnlyHint": "yes"}}, "  t  may write"),
        ("tools", {"name": "t", "inputSchema": {"properties": 3, "required": {}}}, "  t  may write"),
        ("prompts", {"name": "p", "arguments": [{"name": "a", "required": True}, {"name": "b"}]}, "  p  a*, b"),
        ("resources", {"uri": "a://b", "name": "B", "mimeType": "x/y"}, "  a://b  B  x/y"),
        ("templates", {"uriTemplate": "a://{b}", "name": "B"}, "  a://{b}  B"),
    ],
)
def test_an_item_is_a_line(section: str, items: dict[str, Any], row: str) -> None:
    contract = contract_of(**{section: [items]})
    assert list(section_lines(section, contract, width=None)) == [f"{section}: 1", row]


def test_an_empty_list_says_so() -> None:
    assert list(section_lines("prompts", contract_of(), width=80)) == ["prompts: none"]


def test_a_server_that_says_little_of_itself_has_a_headline_too() -> None:
    assert headline(ServerInfo(era="modern", protocol_version="2026-07-28", name="a\nb", version="1")) == (
        "a b 1, MCP 2026-07-28, modern era"
    )
    assert headline(ServerInfo()) == "a server without a name, MCP of an unknown version"
