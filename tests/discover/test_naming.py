"""The name of a target is what the server calls itself, without what changes and what every server says."""

from __future__ import annotations

from typing import Final

import pytest

from prober.discover.naming import target_name

NAMES: Final[tuple[tuple[str | None, str], ...]] = (
    ("mcp-servers/everything", "everything"),
    ("everything 2.0.1", "everything"),
    ("everything@2.0.1", "everything"),
    ("notes-v1.2", "notes"),
    ("notes v1.2.3-beta.1", "notes"),
    ("Notes Server", "notes"),
    ("FastMCP-3f9a", "fastmcp"),
    ("notes-2", "notes-2"),
    ("1.2.3", "server"),
    ("web3", "web3"),
    ("", "server"),
    (None, "server"),
)


@pytest.mark.parametrize(("said", "name"), NAMES, ids=[(said or "nothing")[:20] for said, _ in NAMES])
def test_a_target_has_a_name_that_lasts(said: str | None, name: str) -> None:
    assert target_name(said) == name
