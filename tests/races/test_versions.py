"""Versions that a server counts with, at the bounds of what can be counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prober.outcome import Reason
from tests.kinds.offering import gives, offering, probed, tool


@pytest.mark.parametrize("version", [2**63, 10**499], ids=["2**63", "500 digits"])
async def test_a_version_of_more_than_64_bits_is_no_version(version: int, tmp_path: Path) -> None:
    outcome = await _on_a_register(version, tmp_path)
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert "$.v is no whole number of 64 bits" in outcome.message


async def test_a_version_that_has_no_next_is_read_again(tmp_path: Path) -> None:
    outcome = await _on_a_register(2**63 - 1, tmp_path)
    assert outcome.reason is Reason.LOST_UPDATE, outcome.message
    assert "so both made version 9223372036854775808" in outcome.message


async def _on_a_register(version: int, folder: Path) -> Any:
    """The outcome of a race whose every answer tells this version."""
    probe = {
        "kind": "race",
        "model": "register",
        "allow_writes": True,
        "clients": 2,
        "operations": 20,
        "write": {"tool": "count", "arguments": {"value": "{op}", "expect": "{version}"}},
        "read": {"tool": "count", "value": "$.x", "version": "$.v"},
    }
    async with offering(tool("count", gives({"v": version, "x": "y"}))) as peer:
        return await probed(peer, probe, folder, target={"allow_writes": True})
