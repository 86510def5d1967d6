"""JSON-RPC 2.0: what is a message, and what is the answer to ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prober.client.jsonrpc import decode, encode, is_answer, is_server_request, reply_to, result_of
from prober.outcome import Failure, Reason

LIMIT = 2 * 1024 * 1024
MOST = LIMIT // 16


def refused(body: bytes) -> tuple[Reason, str]:
    with pytest.raises(Failure) as caught:
        decode(body, limit=LIMIT)
    return caught.value.reason, caught.value.message


NOT_JSON = {
    b"": "the answer has no body",
    b"<html>": "the answer is not JSON: Expecting value: line 1 column 1 (char 0)",
    b'{"jsonrpc":"2.0",': "the answer is not JSON: Expecting property name enclosed in double quotes",
    b'{"jsonrpc":"2.0","id":1,"result":{}}{}': "the answer is not JSON: Extra data: line 1 column 37 (char 36)",
    b'{"jsonrpc":"2.0","id":1,"result":{"n":NaN}}': "the answer is not JSON: NaN is not JSON",
    b'{"jsonrpc":"2.0","id":1,"result":{"n":-Infinity}}': "the answer is not JSON: -Infinity is not JSON",
    b'\xef\xbb\xbf{"jsonrpc":"2.0"}': "the answer is not JSON: Unexpected UTF-8 BOM",
    b'{"jsonrpc":"2.0","id":1,"result":{"x":"\xff"}}': "the answer is not UTF-8 at byte 39",
    b"[" * 100_000: "the answer is nested too deeply to be parsed",
}


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:60]))
def test_what_is_not_json_is_malformed_json(body: bytes) -> None:
    reason, message = refused(body)
    assert reason is Reason.MALFORMED_JSON
    assert message.startswith(NOT_JSON[body])


BAD_ERRORS: list[Any] = [
    None,
    "text",
    [],
    {},
    {"code": 1},
    {"message": "x"},
    {"code": "1", "message": "x"},
    {"code": 1.5, "message": "x"},
    {"code": True, "message": "x"},
    {"code": 1, "message": None},
]
BAD_METHODS: list[Any] = [None, 1, {}, ["ping"]]
BAD_REQUEST_IDS: list[Any] = [None, True, [], {}]

NOT_A_MESSAGE: dict[str, Any] = {
    "it is an array (batches left the protocol with 2025-06-18)": [
        [],
        [{"jsonrpc": "2.0", "id": 1, "result": {}}],
    ],
    "it is not an object": [None, True, 7, "text"],
    'it has no "jsonrpc": "2.0"': [
        {},
        {"id": 1, "result": {}},
        {"jsonrpc": "1.0", "id": 1, "result": {}},
        {"jsonrpc": 2.0, "id": 1, "result": {}},
    ],
    "it has neither method, result nor error": [{"jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 1}],
    "it has both result and error": [
        {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {"code": 1, "message": "x"}},
        {"jsonrpc": "2.0", "id": 1, "result": None, "error": None},
    ],
    "its error has no integer code and text message": [
        {"jsonrpc": "2.0", "id": 1, "error": error} for error in BAD_ERRORS
    ],
    "its method is not a string": [{"jsonrpc": "2.0", "method": method} for method in BAD_METHODS],
    "it has both a method and an answer": [
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "result": {}},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "error": {"code": 1, "message": "x"}},
    ],
    "it is a request whose id is neither a string nor a number": [
        {"jsonrpc": "2.0", "id": request_id, "method": "ping"} for request_id in BAD_REQUEST_IDS
    ],
}


@pytest.mark.parametrize(
    ("value", "problem"), [(value, problem) for problem, values in NOT_A_MESSAGE.items() for value in values], ids=repr
)
def test_json_that_is_no_message_is_malformed(value: Any, problem: str) -> None:
    assert refused(json.dumps(value).encode()) == (
        Reason.MALFORMED_MESSAGE,
        f"the answer is not a JSON-RPC 2.0 message: {problem}",
    )


def test_a_value_as_deep_as_can_be_parsed_is_refused_and_not_our_own_fault() -> None:
    depth = 1
    while refused(b"[" * depth + b"]" * depth)[0] is Reason.MALFORMED_MESSAGE and depth < 200_000:
        depth += max(1, depth // 50)
    for around in range(max(1, depth - depth // 40), depth + 1, max(1, depth // 2000)):
        body = b'{"jsonrpc":"2.0","id":' + b"[" * around + b"]" * around + b',"result":{}}'
        with pytest.raises(Failure) as caught:
            result_of(decode(body, limit=LIMIT), request_id=1)
        assert caught.value.reason in (Reason.WRONG_ID, Reason.MALFORMED_JSON)


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_that_takes_long_to_read_is_refused_and_its_like_in_a_text_is_not(sign: str) -> None:
    digits = "7" * 500
    assert decode(answer(id=1, result={"n": int(sign + digits)}), limit=LIMIT)["result"] == {"n": int(sign + digits)}
    assert decode(answer(id=1, result={"n": digits * 9}), limit=LIMIT)["result"] == {"n": digits * 9}
    assert refused(b'{"jsonrpc":"2.0","id":1,"result":{"n":%s}}' % f"{sign}{digits}7".encode()) == (
        Reason.MALFORMED_JSON,
        "the answer cannot be parsed: an integer has more than 500 digits",
    )
    assert decode(b'{"jsonrpc":"2.0","id":1,"result":{"n":0.%s}}' % (b"7" * 5000), limit=LIMIT)["result"]["n"] < 1


TEXTS = {
    "commas": "," * 500_000,
    "brackets": "[[[{{{:::" * 50_000,
    "quotes": '","' * 100_000,
    "backslashes": "\\\\," * 100_000,
    "both": '\\",' * 100_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_may_hold_whatever_it_likes(text: str) -> None:
    body = answer(id=1, result={"text": text})
    assert result_of(decode(body, limit=LIMIT), request_id=1) == {"text": text}


DENSE = {"1,": 1, "[],": 2, "{},": 2, '{"a":1},': 3}
"""Values, and how many of them there are to be taken for."""


@pytest.mark.parametrize(("values", "number"), DENSE.items())
def test_an_answer_that_is_nothing_but_tiny_values_is_too_large(values: str, number: int) -> None:
    def body(times: int) -> bytes:
        return ('{"jsonrpc":"2.0","id":1,"result":{"x":[' + values * times + "0]}}").encode()

    decode(body(MOST // number - 10), limit=LIMIT)
    assert refused(body(MOST // number + 1)) == (
        Reason.TOO_LARGE,
        "the answer holds more than 131072 values, one for 16 bytes of its limit",
    )


def answer(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


def result(body: bytes, *, null_id: bool = False) -> dict[str, Any]:
    return result_of(decode(body, limit=LIMIT), request_id=1, null_id=null_id)


def test_the_result_for_our_id_is_the_result() -> None:
    assert result(answer(id=1, result={"x": 1})) == {"x": 1}
    assert result(answer(id=1, result={}, extra=True)) == {}


WRONG_IDS = [2, 0, -1, 1.0, 1.5, "1", "", True, None, [1], {"id": 1}, "x" * 1_000_000]


@pytest.mark.parametrize("got", WRONG_IDS, ids=lambda got: repr(got)[:20])
def test_any_other_id_is_wrong_be_it_ever_so_like_ours(got: Any) -> None:
    for body in (answer(id=got, result={}), answer(id=got, error={"code": -1, "message": "no"})):
        with pytest.raises(Failure) as caught:
            result(body)
        assert caught.value.reason is Reason.WRONG_ID
        assert caught.value.evidence.expected == "1"
        assert len(caught.value.evidence.seen or "") <= 200
        assert len(caught.value.message) < 300


def test_an_answer_without_an_id_is_for_nobody() -> None:
    with pytest.raises(Failure, match=r"the answer is for id null, not for 1"):
        result(answer(result={}))


def test_an_error_without_an_id_is_ours_where_that_is_allowed() -> None:
    for body in (answer(id=None, error={"code": -5, "message": "no"}), answer(error={"code": -5, "message": "no"})):
        with pytest.raises(Failure) as caught:
            result(body, null_id=True)
        assert (caught.value.reason, caught.value.evidence.rpc_code) == (Reason.RPC_ERROR, -5)
    with pytest.raises(Failure) as caught:
        result(answer(id=None, result={}), null_id=True)
    assert caught.value.reason is Reason.WRONG_ID


ERRORS = {
    -32601: Reason.RPC_ERROR,
    -32000: Reason.RPC_ERROR,
    0: Reason.RPC_ERROR,
    10**30: Reason.RPC_ERROR,
    -32020: Reason.RPC_ERROR,
    -32021: Reason.RPC_ERROR,
    -32022: Reason.VERSION_UNSUPPORTED,
    -32042: Reason.INPUT_REQUIRED,
}


@pytest.mark.parametrize(("code", "reason"), ERRORS.items())
def test_an_error_is_told_with_its_code_and_words(code: int, reason: Reason) -> None:
    with pytest.raises(Failure) as caught:
        result(answer(id=1, error={"code": code, "message": "so it is", "data": {"deep": [1, None]}}))
    failure = caught.value
    assert (failure.reason, failure.message) == (reason, f"error {code}: so it is")
    assert (failure.evidence.rpc_code, failure.evidence.detail) == (code, '{"deep": [1, null]}')


def test_the_words_of_an_error_are_capped() -> None:
    with pytest.raises(Failure) as caught:
        result(answer(id=1, error={"code": 1, "message": "x" * 10_000, "data": ["y" * 10_000]}))
    assert len(caught.value.message) < 250
    assert len(caught.value.evidence.detail or "") <= 200


@pytest.mark.parametrize("value", [None, True, 1, "text", [], ["x" * 100_000]], ids=lambda value: repr(value)[:20])
def test_a_result_that_is_no_object_is_a_bad_result(value: Any) -> None:
    with pytest.raises(Failure) as caught:
        result(answer(id=1, result=value))
    assert caught.value.reason is Reason.BAD_RESULT
    assert (caught.value.evidence.pointer, caught.value.evidence.expected) == ("/result", "object")
    assert len(caught.value.evidence.seen or "") <= 200


MODERN = {"method": "tools/call", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}}
HANDSHAKE = {"method": "tools/call", "params": {}}


def test_a_request_of_the_server_is_told_from_a_notification_and_an_answer() -> None:
    ping = decode(answer(id="s1", method="ping"), limit=LIMIT)
    assert is_server_request(ping)
    assert not is_answer(ping)
    news = decode(answer(method="notifications/message"), limit=LIMIT)
    assert not is_server_request(news)
    assert not is_answer(news)
    assert is_answer(decode(answer(id=1, result={}), limit=LIMIT))


@pytest.mark.parametrize("request_id", [0, 7, "s1", "", 1.5])
def test_a_ping_is_answered_with_its_own_id(request_id: Any) -> None:
    ping = decode(answer(id=request_id, method="ping"), limit=LIMIT)
    assert reply_to(ping, amid=HANDSHAKE) == {"jsonrpc": "2.0", "id": request_id, "result": {}}


def test_anything_else_a_server_asks_for_is_not_supported() -> None:
    asked = decode(answer(id=3, method="sampling/createMessage", params={}), limit=LIMIT)
    assert reply_to(asked, amid=HANDSHAKE)["error"] == {
        "code": -32601,
        "message": "sampling/createMessage is not supported by this client",
    }
    long = decode(answer(id=3, method="x" * 1_000_000), limit=LIMIT)
    assert len(encode(reply_to(long, amid=HANDSHAKE))) < 400


def test_in_the_modern_era_a_server_does_not_ask() -> None:
    with pytest.raises(Failure) as caught:
        reply_to(decode(answer(id=3, method="ping"), limit=LIMIT), amid=MODERN)
    assert caught.value.reason is Reason.MALFORMED_MESSAGE
    assert caught.value.message == "the server asked 'ping' before it answered, which this revision does not allow"


def test_what_is_sent_is_utf_8_even_where_json_allows_what_utf_8_does_not() -> None:
    assert encode({"text": "ä"}) == '{"text":"ä"}'.encode()
    half = json.loads('"\\ud800"')
    assert encode({"text": half}) == b'{"text":"\\ud800"}'
    assert json.loads(encode({"text": half})) == {"text": half}
