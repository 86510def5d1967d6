"""The page on the reference server names only options, events, families and variables that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from prober.reference import logs
from prober.reference.__main__ import _URL_VARIABLE, _parser

from .test_metrics import FAMILIES

PAGE: Final = (Path(__file__).parents[2] / "docs" / "reference-server.md").read_text(encoding="utf-8")
REFERENCE: Final = Path(logs.__file__).parent


def test_the_options_of_the_page_are_those_of_the_server() -> None:
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE)) - {"--fail", "--silent", "--show-error", "--json", "--probe"}
    assert named
    assert named <= set(re.findall(r"--[a-z][a-z-]+", _parser("reference").format_help()))


def test_the_families_of_the_page_are_exported() -> None:
    assert set(re.findall(r"mcp_state_\w+", PAGE)) <= FAMILIES.keys()


def test_the_variable_of_the_page_is_read() -> None:
    assert re.findall(r"MCP_PROBER_\w+", PAGE) == [_URL_VARIABLE]


def test_every_event_of_the_log_is_listed_and_every_listed_one_is_logged() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in REFERENCE.rglob("*.py"))
    logged = set(re.findall(r'\blog\(\s*logging\.\w+(?: if \w+ else logging\.\w+)?,\s*"(\w+)"', sources))
    logged |= set(re.findall(r'"(\w+_failed)" if \w+ else "(\w+_failed)"', sources)[0])
    listed = re.findall(r"`(\w+)`", (logs.__doc__ or "").partition("The server's events:")[2])
    assert sorted(listed) == sorted(logged)
