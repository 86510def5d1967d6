"""`race`: an answer that is hard to read holds up nobody, and its operation is one of unknown outcome."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason
from tests.assertions.ticking import PROMISE, ticking
from tests.kinds.offering import gives, offering, probed, tool

ENDLESS: Final = {"count": 1, "text": "a" * 400 + "!c"}
CALL: Final[dict[str, Any]] = {"tool": "count", "value": "$.count"}
HARD: Final[dict[str, dict[str, Any]]] = {
    "a value": {"tool": "count", "value": "$[?search(@, '(a|aa)*c')]"},
    "a refusal": CALL | {"conflict_when": [{"path": "$.structuredContent.text", "matches": "^(a+)+$"}]},
}


@pytest.mark.slow
@pytest.mark.parametrize("read", HARD.values(), ids=HARD)
async def test_an_answer_that_takes_for_ever_to_read_is_unknown(read: dict[str, Any], tmp_path: Path) -> None:
    probe = {
        "kind": "race",
        "model": "counter",
        "allow_writes": True,
        "clients": 2,
        "operations": 2,
        "timeout": "8s",
        "increment": CALL,
        "read": read,
    }
    async with offering(tool("count", gives(ENDLESS))) as peer, ticking() as ticks, asyncio.timeout(20):
        outcome = await probed(peer, probe, tmp_path, target={"allow_writes": True})
    assert outcome.reason is Reason.UNDECIDED, outcome.message
    assert "could not be judged: it was not finished after" in outcome.message
    assert ticks.longest < 4 * PROMISE  # a part of it is the peer's own
