"""An answer on a terminal: texts as texts, data as JSON once, everything else by its type and size."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

import pytest

from prober.redaction import Redactor
from prober.report.answer import lines, masked

IMAGE: Final = base64.b64encode(b"\x89PNG" + bytes(3000)).decode()

ANSWERS: Final[tuple[tuple[str, dict[str, Any], list[str]], ...]] = (
    ("nothing", {"content": []}, []),
    ("texts", {"content": [{"type": "text", "text": "one\ntwo"}, {"type": "text", "text": ""}]}, ["one\ntwo", ""]),
    (
        "data that its text repeats",
        {"content": [{"type": "text", "text": '{"b":1, "a":[2]}'}], "structuredContent": {"b": 1, "a": [2]}},
        ['{\n  "b": 1,\n  "a": [\n    2\n  ]\n}'],
    ),
    (
        "data beside another text",
        {"content": [{"type": "text", "text": "1 found"}], "structuredContent": {"n": 1}},
        ["1 found", '{\n  "n": 1\n}'],
    ),
    (
        "a text that is wrapped as data",
        {"content": [{"type": "text", "text": "a\nb"}], "structuredContent": {"result": "a\nb"}},
        ["a\nb"],
    ),
    ("data alone", {"content": [], "structuredContent": {"ä": None}}, ['{\n  "ä": null\n}']),
    ("an empty object", {"content": [], "structuredContent": {}}, ["{}"]),
    (
        "an image",
        {"content": [{"type": "image", "mimeType": "image/png", "data": IMAGE}]},
        ["[image: image/png, 2.9 KiB]"],
    ),
    ("a sound", {"content": [{"type": "audio", "mimeType": "audio/wav", "data": "AAAA"}]}, ["[audio: audio/wav, 3 B]"]),
    (
        "a link",
        {"content": [{"type": "resource_link", "name": "n", "uri": "file:///a", "mimeType": "text/plain"}]},
        ["[link: file:///a (text/plain)]"],
    ),
    (
        "a resource of text",
        {"content": [{"type": "resource", "resource": {"uri": "a://b", "text": "hi"}}]},
        ["[resource: a://b]\nhi"],
    ),
    (
        "a resource of bytes",
        {"content": [{"type": "resource", "resource": {"uri": "a://b", "blob": "AA==", "mimeType": "x/y"}}]},
        ["[resource: a://b, x/y, 1 B]"],
    ),
    ("a stranger", {"content": [{"type": "hologram"}]}, ["[hologram]"]),
)


@pytest.mark.parametrize(("result", "shown"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_an_answer_is_shown(result: dict[str, Any], shown: list[str]) -> None:
    assert list(lines(result, Redactor(()))) == shown


def test_escape_sequences_are_taken_out_and_secrets_masked() -> None:
    result = {"content": [{"type": "text", "text": "\x1b[31mred s3cr3t-k3y\x07"}]}
    [shown] = lines(result, Redactor(("s3cr3t-k3y",)))
    assert shown == "red ***\ufffd"


def test_a_masked_value_is_json_still() -> None:
    value = {"s3cr3t": ["s3cr3t", 1, None, {"a": "in s3cr3t text"}]}
    assert json.loads(json.dumps(masked(value, Redactor(("s3cr3t",))))) == {
        "***": ["***", 1, None, {"a": "in *** text"}]
    }
