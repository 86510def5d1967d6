"""The page on the reference server names only options, events, families and variables that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

import prober.reference
from mcp_state import logs
from prober.reference.__main__ import _URL_VARIABLE, _parser

from .test_metrics import FAMILIES

PAGE: Final = (Path(__file__).parents[2] / "docs" / "reference-server.md").read_text(encoding="utf-8")
SOURCES: Final = {"The events:": logs, "Events that it logs itself:": prober.reference}
"""By the words that begin a list of events, the module that holds it, beside the code that logs them."""


OTHERS: Final = {
    "--fail",
    "--silent",
    "--show-error",
    "--json",
    "--probe",
    "--alertmanager-config",
    "--deliver-outside",
}
"""Options of curl, of `run` and of the drill."""


def test_the_options_of_the_page_are_those_of_the_server() -> None:
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE)) - OTHERS
    assert named
    assert named <= set(re.findall(r"--[a-z][a-z-]+", _parser("reference").format_help()))


def test_the_families_of_the_page_are_exported() -> None:
    assert set(re.findall(r"mcp_state_\w+", PAGE)) <= FAMILIES.keys()


def test_the_variable_of_the_page_is_read() -> None:
    assert re.findall(r"MCP_PROBER_\w+", PAGE) == [_URL_VARIABLE]


@pytest.mark.parametrize("words", SOURCES)
def test_every_event_of_the_log_is_listed_and_every_listed_one_is_logged(words: str) -> None:
    module = SOURCES[words]
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(module.__file__ or "").parent.rglob("*.py"))
    logged = set(re.findall(r'\b_?log\(\s*logging\.\w+(?: if \w+ else logging\.\w+)?,\s*"(\w+)"', sources))
    logged |= {event for pair in re.findall(r'"(\w+_failed)" if \w+ else "(\w+_failed)"', sources) for event in pair}
    listed = re.findall(r"`(\w+)`", (module.__doc__ or "").partition(words)[2].partition("\n\n")[0])
    assert sorted(listed) == sorted(logged)
