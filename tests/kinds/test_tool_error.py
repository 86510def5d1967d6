"""What a tool said of its error is one line in the message, cut where it is long and so that the cut shows."""

from __future__ import annotations

from typing import Any

import pytest

from prober.kinds.answer import tool_error

LONG = "1 validation error\nsession_id\n  Input should be a valid string " + "and more of it " * 20


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("no such session", "an error: no such session"),
        ("first\n  second", "an error: first second"),
        ("", "an error: nothing"),
        (" \n", "an error: nothing"),
        (LONG, "…"),
    ],
)
def test_the_message_of_a_tools_error(text: str, end: str) -> None:
    failure = tool_error("get", {"isError": True, "content": [{"type": "text", "text": text}]})
    assert failure.message.startswith("get answered with an error: ")
    assert failure.message.endswith(end)
    assert "\n" not in failure.message
    assert len(failure.message) < 250


@pytest.mark.parametrize("odd", [[{"type": "text"}], [None, "text", 1, ["text"]], "text", None, 7, {"content": 1}])
@pytest.mark.parametrize("name", ["contents", "messages"])
def test_members_that_are_not_due_may_be_of_any_shape(name: str, odd: Any) -> None:
    result = {"isError": True, "content": [{"type": "text", "text": "no such session"}], name: odd}
    assert tool_error("get", result).message == "get answered with an error: no such session"
