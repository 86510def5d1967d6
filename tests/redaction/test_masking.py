"""A secret is masked however the server writes it, and in every field that may show it."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from prober.outcome import Outcome
from prober.redaction import Redactor
from prober.report.untrusted import block
from tests.kinds.offering import gives, offering, probed, tool
from tests.peers.http_peer import Call
from tests.redaction.writers import WRITERS

SECRETS: Final = (
    "aK+9/xQ==7z&B",
    "p~q/r s\"t\\u'v<w>",
    "käse&Brot=gut",
    "na\u00efve\U0001f511/+key",
    "plain-token_1.2",
    'Rk3vTz"Lm6pQs&Wd5gYx%Bn4h\\~Zc7k',
)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_the_spelling_of_every_writer(secret: str, write: Callable[[str], str]) -> None:
    redact = Redactor([secret])
    assert redact(f"unknown key {write(secret)}, says the server") == "unknown key ***, says the server"
    assert redact(f"unknown key {write('other' + secret[::-1])}") == f"unknown key {write('other' + secret[::-1])}"


def test_masking_takes_linear_time_whatever_the_text() -> None:
    redact = Redactor(["\\" * 20 + "+/" * 50])
    for text in (
        "\\" * 20_000,
        "%25" * 20_000,
        "&#0" * 20_000,
        "&#" + "0" * 20_000,
        "+/" * 20_000,
        "/+/+" * 9 + "…" * 20_000,
    ):
        began = time.process_time()
        redact(text)
        assert time.process_time() - began < 2  # a tenth of it on a quiet machine; a square of the length takes minutes


LONG: Final = {
    "a token": ".".join(["eyJhbGciOiJSUzI1NiJ9"] * 190),
    "special characters": "a" + "-\"'~/" * 3270,
    "one character": "-" * 16_000 + "x",
}


@pytest.mark.parametrize("secret", LONG.values(), ids=LONG)
def test_a_long_secret_takes_no_longer_whatever_the_server_made_the_text_of(secret: str) -> None:
    redact = Redactor([])
    began = time.thread_time()
    redact.learn(secret)
    for text in (
        ("\\" * 32 + "a" * 12 + ";") * 4 + secret[-5:],
        secret[:-1] * 20,
        secret[1:] * 20 + "!",
        "/" + secret[:200] * 100,
        "\\" * 100 + secret.replace("-", "\\u002d")[-5000:],
    ):
        redact(text)
    assert time.thread_time() - began < 2  # a tenth of it on a quiet machine; some took eight seconds each
    assert redact(f"no such token: {secret}!") == "no such token: ***!"


def test_a_long_secret_is_masked_in_a_spelling_to_its_end() -> None:
    secret = "Tk9/Xy+Zw8~Qv7Ab-" * 20 + "end"
    spelled = secret.replace("/", r"\u002F")
    assert Redactor([secret])(f"no {spelled}, no {secret}, no {secret[:300]}!") == f"no ***, no ***, no {secret[:300]}!"
    assert Redactor(["--" * 40 + "/x"])(f"no {'-' * 83}%2Fx here") == "no ---*** here"


TOKEN: Final = "Tk9/Xy+Zw8~Qv7Ab"
PROBE: Final[dict[str, Any]] = {"kind": "call", "tool": "echo", "expect": [{"path": "$..*", "type": "integer"}]}


def shown(outcome: Outcome) -> str:
    return repr(outcome)


def leaks(text: str) -> list[str]:
    spelled = {write(TOKEN) for write in WRITERS.values()} | {TOKEN.lower()}
    return [each for each in spelled if each in text]


async def test_a_secret_in_the_content_type_is_masked(tmp_path: Path) -> None:
    for named, masked in ((f"text/{TOKEN}", "text/***"), (TOKEN.replace("/", "&#x2F;"), "content type ***")):

        async def act(call: Call, named: str = named) -> None:
            await call.respond(200, {"Content-Type": named}, b"hi")

        async with offering(tool("echo"), faults={"call": act}) as peer:
            outcome = await probed(peer, PROBE, tmp_path, target={"headers": {"X-Key": "${KEY}"}}, KEY=TOKEN)
        assert outcome.reason == "bad_content_type"
        assert masked in outcome.message
        assert leaks(shown(outcome)) == []
        assert TOKEN[:6] not in shown(outcome)


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


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("secret", SECRETS)
def test_what_a_cut_leaves_of_a_secret_is_masked_in_the_spelling_of_every_writer(
    secret: str, write: Callable[[str], str]
) -> None:
    redact, spelled = Redactor([secret]), write(secret)
    words = [word for word in re.findall("[0-9A-Za-z]{4,}", secret) if word in spelled]
    for cut in range(1, len(spelled)):
        ends, begins = redact(f"no such key: {spelled[:cut]}"), redact(f"{spelled[cut:]} is no key")
        broken = redact(f"no such key: {spelled[:cut]}… is what was sent")
        after = redact(f"standard error: …{spelled[cut:]}")
        for shown, left in (
            (ends, spelled[:cut]), (broken, spelled[:cut]), (begins, spelled[cut:]), (after, spelled[cut:])
        ):  # fmt: skip
            assert [word for word in words if word in left and word in shown] == [], (left, shown)


def test_a_text_that_only_resembles_what_a_cut_leaves_stays_as_it_is() -> None:
    redact = Redactor(["aK+9/xQ==7z&B"])
    for text in ("begins aK+", "aK+9 and so on", "ends 7z&B", "z&B begins", "\\u00", "", "…", "a…b", "&#x2"):
        assert redact(text) == text


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_json_in_json_in_a_message_of_python_is_masked_however_deep(times: int) -> None:
    secret, text = 'Rk3vTz"Lm6pQs', 'Rk3vTz"Lm6pQs'
    for _ in range(times):
        text = json.dumps(text)[1:-1]
    assert Redactor([secret])(repr(f"no {text} here")) == "'no *** here'"


@pytest.mark.parametrize("broken_by", ["\x1b[31m", "\x1b]8;;https://evil.example\x1b\\", "\x9b1m", "\u200d", "\ufe0f"])
def test_a_secret_that_is_broken_by_what_nobody_sees_is_masked(broken_by: str) -> None:
    redact = Redactor([TOKEN])
    for at in range(1, len(TOKEN)):
        said = f"no such key: {broken_by}{TOKEN[:at]}{broken_by}{TOKEN[at:]}{broken_by}, says the server"
        assert block(redact(said)) == "no such key: ***, says the server"
    other = f"{broken_by}all is{broken_by} well"
    assert redact(other) == other


def test_what_an_ellipsis_of_dots_leaves_of_a_secret_is_masked() -> None:
    assert Redactor([TOKEN])(f"the token {TOKEN[:9]}... is unknown") == "the token ***... is unknown"
    assert Redactor([TOKEN])(f"the token ...{TOKEN[-9:]} is unknown") == "the token ...*** is unknown"


KEY: Final = (
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq/kiG9w0B\nAQEFAASCBKcwggSj+AgEAAoI\n-----END PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    "secret", [KEY, KEY.replace("\n", "\r\n"), json.dumps({"key": KEY}), json.dumps([{"key": KEY}], indent=2)]
)
@pytest.mark.parametrize("joint", ["\n", "\r\n", " ", "\\n"])
def test_each_line_of_a_secret_is_one(secret: str, joint: str) -> None:
    said = Redactor([secret])(f"[server] loading {KEY.replace(chr(10), joint)}")
    assert not any(line in said for line in KEY.splitlines()[1:3])
    assert said.startswith("[server] loading ")


def test_the_texts_of_a_json_document_are_secrets_and_its_names_and_addresses_are_none() -> None:
    redact = Redactor([json.dumps({"client_secret": "s3cret-s3cret", "token_uri": "https://auth.example/token"})])
    assert redact("client_secret s3cret-s3cret: no") == "client_secret ***: no"
    assert redact("token_uri is https://auth.example/token") == "token_uri is https://auth.example/token"


def test_a_secret_that_a_file_holds_with_white_space_around_it_is_masked_without_it() -> None:
    assert Redactor([f"\n {TOKEN} \n"])(f"unknown <{TOKEN}>") == "unknown <***>"


def test_what_basic_encodes_is_a_secret() -> None:
    redact = Redactor(["Basic " + b64encode(b"bob:open-sesame").decode()])
    assert redact("bob:open-sesame may not; open-sesame is wrong") == "*** may not; *** is wrong"
    assert Redactor(["Basic open-sesame"])("open-sesame, basic") == "***, basic"
