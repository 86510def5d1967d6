"""`max_tokens` of an answer: what a call gives may take so many tokens of a model's context."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason, Verdict
from tests.kinds.offering import ERAS, gives, offering, probed, says, tool
from tests.peers.protocol import Era

CALL: Final = {"kind": "call", "tool": "read"}
ANSWER: Final = {"content": [{"type": "text", "text": "ä" * 400}]}
BYTES: Final = len(json.dumps(ANSWER, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_over_its_budget_fails_and_one_within_passes(era: Era, tmp_path: Path) -> None:
    extra = len(',"resultType":"complete"') if era == "modern" else 0
    tokens = -(-(BYTES + extra) // 4)
    async with offering(tool("read", says("ä" * 400)), era=era) as peer:
        within = await probed(peer, CALL | {"max_tokens": tokens}, tmp_path)
        over = await probed(peer, CALL | {"max_tokens": tokens - 1}, tmp_path)
    assert within.verdict is Verdict.PASS
    assert (over.reason, over.step) == (Reason.EXPECTATION_FAILED, "tools/call")
    assert over.message == f"the answer takes about {tokens} tokens, the budget is {tokens - 1}"
    assert over.evidence[0].keyword == "max_tokens"


async def test_what_is_not_for_the_model_does_not_count(tmp_path: Path) -> None:
    async with offering(tool("read", says("short", _meta={"example.org/trace": "x" * 4000}))) as peer:
        outcome = await probed(peer, CALL | {"max_tokens": 100}, tmp_path)
    assert outcome.verdict is Verdict.PASS


async def test_what_is_wrong_with_the_answer_is_told_before_what_it_weighs(tmp_path: Path) -> None:
    expect: list[dict[str, Any]] = [{"path": "$.n", "equals": 2}]
    async with offering(tool("read", gives({"n": 1, "text": "x" * 4000}))) as peer:
        outcome = await probed(peer, CALL | {"max_tokens": 100, "expect": expect}, tmp_path)
    assert outcome.message.startswith("/n: equals")
