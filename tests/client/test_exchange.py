"""What is recorded of an exchange, and what is taken out of it before anybody reads it."""

from __future__ import annotations

import json
import time

import pytest

from prober.client.exchange import EXCERPT, ExchangeLog, ExchangeRecorder
from prober.client.target_cache import cache_of
from prober.config.fields.secret import Secret
from prober.outcome import Failure, Phase, Reason
from prober.redaction import Redactor
from tests.client.opening import target

TOKEN = "tok-3f9a8b7c6d5e"


def plain(text: str) -> str:
    return Redactor([])(text)


def spend(seconds: float) -> None:
    """Let the clock go on."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_phases_add_up_to_the_time_between_the_first_and_the_last() -> None:
    recorder = ExchangeRecorder("tools/call")
    for phase in (Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.SEND, Phase.WAIT, Phase.RECEIVE, None):
        recorder.enter(phase)
        spend(0.002)
    exchange = recorder.freeze(Redactor([]))
    assert set(exchange.phases) == {Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.RECEIVE}
    assert exchange.phases[Phase.SEND] >= 0.004
    assert exchange.phases[Phase.WAIT] >= 0.004
    assert 0.014 <= sum(exchange.phases.values()) <= exchange.duration_seconds - 0.002


def test_what_was_said_to_a_proxy_counts_as_connecting() -> None:
    recorder = ExchangeRecorder("tools/call")
    for phase in (Phase.DNS, Phase.CONNECT, Phase.SEND, Phase.WAIT, Phase.RECEIVE):
        recorder.enter(phase)
        spend(0.002)
    recorder.merge_into(Phase.CONNECT)
    recorder.enter(Phase.TLS)
    phases = recorder.freeze(Redactor([])).phases
    assert set(phases) == {Phase.DNS, Phase.CONNECT, Phase.TLS}
    assert phases[Phase.CONNECT] >= 0.008


def test_phases_of_a_run_are_the_sums_over_its_exchanges() -> None:
    log = ExchangeLog(Redactor([]))
    for step in ("initialize", "tools/call"):
        with log.exchange(step) as recorder:
            recorder.enter(Phase.WAIT)
            spend(0.002)
    assert [exchange.step for exchange in log.finished] == ["initialize", "tools/call"]
    assert log.phases()[Phase.WAIT] == pytest.approx(sum(e.phases[Phase.WAIT] for e in log.finished))


def test_an_exchange_that_fails_is_recorded_with_the_phase_it_stopped_in() -> None:
    log = ExchangeLog(Redactor([]))
    try:
        with log.exchange("tools/call") as recorder:
            recorder.enter(Phase.WAIT)
            raise Failure(Reason.TIMEOUT, "late")
    except Failure:
        pass
    [exchange] = log.finished
    assert exchange.step == "tools/call"
    assert log.last is not None
    assert log.last.phase is Phase.WAIT


def test_excerpts_are_capped_and_bytes_are_counted_in_full() -> None:
    recorder = ExchangeRecorder("tools/call")
    recorder.sent = b"s" * (EXCERPT + 500)
    for _ in range(100):
        recorder.saw(b"r" * 99)
    exchange = recorder.freeze(Redactor([]))
    assert exchange.sent == "s" * EXCERPT
    assert exchange.received == "r" * EXCERPT
    assert exchange.bytes_received == 9900


def test_what_is_confidential_is_counted_and_not_kept() -> None:
    recorder = ExchangeRecorder("token")
    recorder.confidential = True
    recorder.saw(b'{"access_token":"x"}')
    exchange = recorder.freeze(Redactor([]))
    assert (exchange.bytes_received, exchange.received) == (20, "")


@pytest.mark.parametrize("cut", range(EXCERPT - 2 * len(TOKEN), EXCERPT + 4))
def test_no_part_of_a_secret_is_left_where_an_excerpt_ends(cut: int) -> None:
    recorder = ExchangeRecorder("tools/call")
    recorder.saw(b"." * cut + TOKEN.encode() + b"." * 100)
    received = recorder.freeze(Redactor([TOKEN])).received
    assert TOKEN[:4] not in received
    assert received.startswith("." * min(cut, EXCERPT))


def test_half_a_character_at_the_end_does_not_hide_half_a_secret() -> None:
    secret = "geheimtür-schlüssel"
    encoded = secret.encode()
    for cut in range(4, len(encoded)):
        recorder = ExchangeRecorder("tools/call")
        recorder.saw(b"." * (EXCERPT - cut) + encoded)
        assert secret[:4] not in recorder.freeze(Redactor([secret])).received, cut


def test_only_half_a_character_is_taken_from_the_end() -> None:
    draft = ExchangeRecorder("tools/call")
    draft.saw("MAX XX é".encode()[:-1])
    assert draft.freeze(Redactor([])).received == "MAX XX "
    draft = ExchangeRecorder("tools/call")
    draft.saw(b"MAX")
    assert draft.freeze(Redactor([])).received == "MAX"


REDACTED = {
    f"Bearer {TOKEN}": "Bearer ***",
    f"{TOKEN}{TOKEN}": "******",
    f"a {TOKEN} b {TOKEN} c": "a *** b *** c",
    f"cut here: {TOKEN[:7]}…": "cut here: ***…",
    f"cut here: {TOKEN[:7]}": "cut here: ***",
    f"the id {TOKEN[:7]}…, not 1, and '{TOKEN[:5]}…'": "the id ***…, not 1, and '***…'",
    f"{TOKEN[7:]} came after a cut": "*** came after a cut",
    TOKEN[:4]: "***",
    TOKEN[:3]: TOKEN[:3],
    f"{TOKEN[:6]} in the middle": f"{TOKEN[:6]} in the middle",
    "tok tok-": "tok ***",
    "": "",
    "…": "…",
    "nothing to see": "nothing to see",
    f"{TOKEN[-4:]} came after a cut": "*** came after a cut",
    TOKEN[-3:]: TOKEN[-3:],
}


@pytest.mark.parametrize("text", REDACTED, ids=repr)
def test_a_secret_is_masked_whole_and_what_a_cut_left_of_it_as_well(text: str) -> None:
    assert Redactor([TOKEN])(text) == REDACTED[text]


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("abcdabcd-x", "cut: abcdabcd", "cut: ***"),
        ("x-abcdabcd", "abcdabcd: cut", "***: cut"),
        ("aaaaaab", "aaaaaaaaa", "aaa***"),
        ("baaaaaa", "aaaaaaaaa", "***aaa"),
        ("x-aaaa", "aaaaaa?", "***aa?"),
    ],
)
def test_of_a_secret_that_repeats_itself_the_longest_part_is_masked(secret: str, text: str, masked: str) -> None:
    assert Redactor([secret])(text) == masked


def test_a_secret_of_four_characters_is_one_and_three_are_none() -> None:
    assert Redactor(["abcd", "xyz"])("abcd, xyz, and others") == "***, xyz, and others"


def test_a_secret_that_is_no_unicode_is_masked() -> None:
    secret = b"tok\xff-of-an-environment".decode(errors="surrogateescape")
    assert Redactor([secret])(f"it is {secret}.") == "it is ***."


@pytest.mark.parametrize(
    "secret",
    [
        *('pa"ss\\word', "it's a 'key'", 'it\'s a "key"', "line\nbreak", "bell\a-bell"),
        *("schlüssel", 'schlüs"sel', 'ein "schlüs\'sel"', "日本語の鍵です"),
    ],
)
def test_a_secret_is_masked_in_the_forms_that_json_and_python_give_it(secret: str) -> None:
    redact = Redactor([secret])
    in_json = json.dumps({"echo": secret})
    plain = json.dumps({"echo": secret}, ensure_ascii=False)
    for text in (secret, in_json, plain, json.dumps(in_json), json.dumps(plain), repr(secret), repr(secret.encode())):
        masked = redact(text)
        assert "***" in masked
        assert secret not in masked
        assert json.dumps(secret)[1:-1] not in masked


def test_the_longer_of_two_secrets_is_masked_first() -> None:
    assert Redactor(["abcd", "abcdefgh"])("abcdefgh abcd") == "*** ***"


@pytest.mark.parametrize("word", ["a", "abc", "true", "False", "null"])
def test_what_would_only_hide_the_evidence_is_left(word: str) -> None:
    assert Redactor([word])(f"it is {word}") == f"it is {word}"


def test_what_comes_up_at_run_time_is_masked_and_forgotten_once_enough_newer_came() -> None:
    redact = Redactor(["configured"])
    redact.learn("erste-marke")
    assert redact("configured erste-marke") == "*** ***"
    for i in range(100):
        redact.learn(f"token-{i:03}-of-many")
    assert redact("configured token-099-of-many") == "*** ***"
    assert redact("erste-marke") == "erste-marke"


def test_what_is_added_stays() -> None:
    redact = Redactor([])
    redact.add("added-secret")
    assert redact("added-secret") == "***"
    for i in range(100):
        redact.learn(f"token-{i:03}-of-many")
    assert redact("added-secret") == "***"


def test_a_scheme_before_a_secret_does_not_protect_what_follows_it() -> None:
    redact = cache_of(target(secrets=(Secret(f"Bearer {TOKEN}"),))).redact
    assert redact(f"unknown token {TOKEN}, said twice") == "unknown token ***, said twice"
