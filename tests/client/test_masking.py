"""A secret is masked however the server writes it, and in every field that may show it."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pytest

from prober.outcome import Outcome
from prober.redaction import Redactor
from tests.kinds.offering import gives, offering, probed, tool
from tests.peers.http_peer import Call

SECRETS: Final = (
    "aK+9/xQ==7z&B",
    "p~q/r s\"t\\u'v<w>",
    "käse&Brot=gut",
    "na\u00efve\U0001f511/+key",
    "plain-token_1.2",
)

_NO_SHORT: Final = str.maketrans({each: f"\\\\u{ord(each):04X}" for each in "+/&<>'=\"~"})
WRITERS: Final[Mapping[str, Callable[[str], str]]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, solidus escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "JSON, cautious, large letters": lambda text: text.replace("\\", "\\\\").translate(_NO_SHORT),
    "JSON, cautious, small letters": lambda text: "".join(
        each
        if each.isalnum() and each.isascii()
        else json.dumps(each)[1:-1]
        if ord(each) > 127
        else f"\\u{ord(each):04x}"
        for each in text
    ),
    "JSON Pointer": lambda text: text.replace("~", "~0").replace("/", "~1"),
    "URL": lambda text: quote(text, safe=""),
    "URL, small letters": lambda text: quote(text, safe="").lower() if text.islower() else quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "URL twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML, by number": lambda text: "".join(each if each.isalnum() else f"&#{ord(each)};" for each in text),
    "HTML, by hexadecimal number": lambda text: "".join(
        each if each.isalnum() else f"&#x{ord(each):X};" for each in text
    ),
    "Python": lambda text: repr(text)[1:-1],
    "Python, bytes": lambda text: repr(text.encode())[2:-1],
    "Python, ASCII": lambda text: ascii(text)[1:-1],
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_the_spelling_of_every_writer(secret: str, write: Callable[[str], str]) -> None:
    redact = Redactor([secret])
    assert redact(f"unknown key {write(secret)}, says the server") == "unknown key ***, says the server"
    assert redact(f"unknown key {write('other' + secret[::-1])}") == f"unknown key {write('other' + secret[::-1])}"


def test_masking_takes_linear_time_whatever_the_text() -> None:
    redact = Redactor(["\\" * 20 + "+/" * 50])
    for text in ("\\" * 20_000, "%25" * 20_000, "&#0" * 20_000, "&#" + "0" * 20_000, "+/" * 20_000):
        began = time.process_time()
        redact(text)
        assert time.process_time() - began < 0.5


TOKEN: Final = "Tk9/Xy+Zw8~Qv7Ab"
PROBE: Final[dict[str, Any]] = {"kind": "call", "tool": "echo", "expect": [{"path": "$..*", "type": "integer"}]}


def shown(outcome: Outcome) -> str:
    return repr(outcome)


def leaks(text: str) -> list[str]:
    spelled = {write(TOKEN) for write in WRITERS.values()} | {TOKEN.lower()}
    return [each for each in spelled if each in text]


async def test_a_secret_in_the_content_type_is_masked(tmp_path: Path) -> None:
    async def act(call: Call) -> None:
        await call.respond(200, {"Content-Type": f"text/{TOKEN}"}, b"hi")

    async with offering(tool("echo"), faults={"call": act}) as peer:
        outcome = await probed(peer, PROBE, tmp_path, target={"headers": {"X-Key": "${KEY}"}}, KEY=TOKEN)
    assert outcome.reason == "bad_content_type"
    assert "text/***" in outcome.message
    assert leaks(shown(outcome)) == []


async def test_a_secret_that_is_the_name_of_a_member_is_masked_in_the_pointer(tmp_path: Path) -> None:
    async with offering(tool("echo", gives({TOKEN: "x"}))) as peer:
        outcome = await probed(peer, PROBE, tmp_path, target={"headers": {"X-Key": "${KEY}"}}, KEY=TOKEN)
    assert outcome.reason == "expectation_failed"
    assert outcome.evidence[0].pointer == "/***"
    assert leaks(shown(outcome)) == []


@pytest.mark.parametrize("written", [quote(TOKEN, safe=""), "${KEY}"], ids=["literal", "variable"])
async def test_a_key_in_the_query_of_a_url_is_masked_where_a_server_hands_it_back(tmp_path: Path, written: str) -> None:
    async with offering(tool("echo", gives({"said": f"no such path /mcp?key={TOKEN} or {quote(TOKEN)}"}))) as peer:
        target = {"url": f"{peer.url}?key={written}"}
        outcome = await probed(peer, PROBE, tmp_path, target=target, KEY=quote(TOKEN, safe=""))
    assert outcome.reason == "expectation_failed"
    assert leaks(shown(outcome)) == []
