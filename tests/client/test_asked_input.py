"""What a server asks of its client instead of answering is told in words, and its opaque state is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from prober.client.asked_input import input_required
from prober.outcome import Reason
from tests.kinds.offering import offering, probed, says, tool

STATE: Final = "0paque-state-of-the-server"
FORM: Final = {
    "method": "elicitation/create",
    "params": {"message": "Which city?", "requestedSchema": {"properties": {"city": {}, "country": {}}}},
}


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ({"where": FORM}, 'where: a person\'s input, "Which city?" (city, country)'),
        ({"who": {"method": "sampling/createMessage", "params": {}}}, "who: a model's words"),
        ({"a": {"method": "roots/list"}, "b": FORM}, "a: the folders of the client; b: a person's input, "),
        ({"x": {"method": "new/one"}}, "x: new/one"),
        ({"x": {"method": 3, "params": []}}, "x: something without a method"),
        ({"x": None}, "x: something without a method"),
        ({str(n): {"method": "roots/list"} for n in range(7)}, "4: the folders of the client and 2 more"),
        ({"x": {"method": "elicitation/create", "params": {"message": "a" * 999}}}, "aaa…"),
        ({}, "does not say what is missing"),
        (None, "does not say what is missing"),
        ("x", "does not say what is missing"),
    ],
)
def test_what_is_asked_stands_in_the_message(requests: Any, said: str) -> None:
    failure = input_required({"resultType": "input_required", "inputRequests": requests, "requestState": STATE})
    assert failure.reason is Reason.INPUT_REQUIRED
    assert said in failure.message
    assert len(failure.message) < 1500
    assert STATE not in f"{failure.message} {failure.evidence}"


async def test_a_probe_of_a_tool_that_asks_says_what_it_asked(tmp_path: Path) -> None:
    asking = says("later", resultType="input_required", inputRequests={"where": FORM}, requestState=STATE)
    async with offering(tool("weather", asking)) as peer:
        outcome = await probed(peer, {"kind": "call", "tool": "weather"}, tmp_path)
    assert outcome.reason is Reason.INPUT_REQUIRED
    assert outcome.message.endswith('before it answers: where: a person\'s input, "Which city?" (city, country)')
