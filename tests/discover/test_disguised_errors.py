"""An answer that is an error, but does not say so to the protocol, is recognized; what only speaks of errors is not."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from prober.discover.disguised_error import disguised_error


def text(said: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": said}]}


def structured(value: Any) -> dict[str, Any]:
    return {"content": [], "structuredContent": value}


ERRORS: Final[tuple[tuple[str, dict[str, Any], str], ...]] = (
    ("text that begins with Error", text("Error: no such city"), "Error: no such city"),
    ("behind a sign", text("❌ Error fetching the page"), "❌ Error fetching the page"),
    ("a class of errors", text("ConnectionError: refused"), "ConnectionError: refused"),
    ("a failure to do something", text("Failed to open the file"), "Failed to open the file"),
    ("a traceback in the middle", text("x\nTraceback (most recent call last)\n  y"), "x Traceback"),
    ("an HTTP status", text("HTTP 503 from the backend"), "HTTP 503"),
    ("no credentials", text("Unauthorized"), "Unauthorized"),
    ("an error member", text('{"error": "no key"}'), "no key"),
    ("an error object", structured({"error": {"code": 4, "message": "no key"}}), "no key"),
    ("an error that is only true", structured({"error": True, "message": "no key"}), "no key"),
    ("a list of errors", structured({"errors": [{"message": "bad"}], "data": None}), '[{"message": "bad"}]'),
    ("success is false", structured({"success": False, "message": "no key"}), "no key"),
    ("ok is false", structured({"ok": False}), "ok: false"),
    ("a status", structured({"status": "error"}), "status: error"),
    ("JSON in FastMCP's result", structured({"result": '{"error": "no key"}'}), "no key"),
    ("text in FastMCP's result", structured({"result": "Error: no key"}), "Error: no key"),
    ("an object in result", structured({"result": {"success": False, "error": "no key"}}), "no key"),
)


@pytest.mark.parametrize(("result", "said"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_an_error_in_disguise_is_recognized_and_says_what_it_says(result: dict[str, Any], said: str) -> None:
    found = disguised_error(result)
    assert found is not None
    assert found.startswith(said)
    assert len(found) <= 200


WELL: Final[dict[str, dict[str, Any]]] = {
    "words about errors": text("Error rate: 2 %"),
    "a count of errors": text("Errors: none"),
    "an empty search": text("No results found."),
    "error is null": structured({"error": None, "value": 1}),
    "error is empty": structured({"error": "", "errors": []}),
    "errors are counted": structured({"errors": 3}),
    "success": structured({"success": True, "ok": True, "status": "ok"}),
    "JSON whose first word is error": text('{"error_rate": 0.1, "error": null}'),
    "an error far within": text("x" * 3000 + "Traceback (most recent call last)"),
    "no content": {"content": []},
    "a list": structured([{"error": "an old one"}]),
    "nested beyond reason": text("[" * 100_000),
    "a status that is no text": structured({"status": ["error"]}),
}


@pytest.mark.parametrize("result", WELL.values(), ids=list(WELL))
def test_an_answer_that_only_speaks_of_errors_is_none(result: dict[str, Any]) -> None:
    assert disguised_error(result) is None


def test_a_long_error_is_cut() -> None:
    assert disguised_error(structured({"error": {"a": json.dumps(["x" * 100_000])}}))
