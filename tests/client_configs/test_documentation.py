"""docs/client-configs.md agrees with the declarations: clients, files, keys and variables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from prober.client_configs import bundle, registry_entry
from prober.client_configs.formats import FORMATS
from prober.client_configs.places import SPECIAL_FILES

PAGE: Final = (Path(__file__).parents[2] / "docs" / "client-configs.md").read_text(encoding="utf-8")


def rows(first_column: str) -> list[list[str]]:
    """The cells of the table with this heading."""
    table = re.search(rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table, first_column
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_client_is_there_with_its_files_and_where_the_servers_are() -> None:
    expected = [[each.client, list(each.files), [".".join(way) for way in each.servers]] for each in FORMATS]
    expected += [
        [registry_entry.CLIENT, [SPECIAL_FILES[0]], ["packages", "remotes"]],
        [bundle.CLIENT, [SPECIAL_FILES[1]], ["server"]],
    ]
    table = rows("client | files")
    assert [[client, words(files), words(ways)] for client, files, ways in table] == expected


def test_every_key_is_said_to_be_carried_over_or_named() -> None:
    assert {
        client: (words(carried), words(named)) for client, carried, named in rows("client | keys that are carried over")
    } == {
        each.client: (
            [name for name, key in each.keys.items() if key.ours],
            [name for name, key in each.keys.items() if not key.ours],
        )
        for each in FORMATS
    }


def test_every_key_of_ours_says_where_it_comes_from() -> None:
    comes_from = {words(ours)[0]: set(words(text)) for ours, text in rows("key under `targets:`")}
    for each in FORMATS:
        for name, key in each.keys.items():
            if key.ours is not None and key.ours != "left out unless named":
                assert name in comes_from[key.ours], (each.client, name)


def test_every_variable_is_there_with_what_it_becomes_and_whose_it_is() -> None:
    clients = [(each.client, each.syntaxes) for each in FORMATS]
    clients += [(bundle.CLIENT, bundle.SYNTAXES), (registry_entry.CLIENT, registry_entry.SYNTAXES)]
    expected: dict[tuple[str, str], list[str]] = {}
    for client, syntaxes in clients:
        for syntax in syntaxes:
            expected.setdefault((f"`{syntax.written}`", syntax.becomes), []).append(client)
    assert {(written, becomes): names.split(", ") for written, becomes, names in rows("in the file")} == expected
