"""Each message fault makes of a good answer what its name says."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from tests.peers.messages import DEPTH, MESSAGE_FAULTS
from tests.peers.protocol import Message, Place, reply
from tests.peers.raw_client import message

MADE: Final = {
    "not_json": rb"oops, no JSON$",
    "truncated_json": rb'\{"jsonrpc":"2\.0","id":7,"result":.*[^}]$',
    "bad_utf8": rb'\{.*"note":"\xff\xfe"\}$',
    "nested_too_deep": rb'\{.*"deep":\[{%d}\]{%d}\}$' % (DEPTH, DEPTH),
    "not_a_number": rb'\{.*"ratio":NaN\}$',
    "json_text": rb'"ok"$',
    "other_json": rb'\{"status":"ok"\}$',
    "batch": rb'\[\{"jsonrpc":"2\.0","id":7,"result":.*\}\]$',
    "jsonrpc_1": rb'\{"jsonrpc":"1\.0","id":7,"result"',
    "no_jsonrpc": rb'\{"id":7,"result"',
    "no_result": rb'\{"jsonrpc":"2\.0","id":7\}$',
    "result_and_error": rb'\{"jsonrpc":"2\.0","id":7,"result":.*,"error":\{"code":-32603',
    "text_error_code": rb'\{"jsonrpc":"2\.0","id":7,"error":\{"code":"E1"',
    "error_is_text": rb'\{"jsonrpc":"2\.0","id":7,"error":"no"\}$',
    "wrong_id": rb'\{"jsonrpc":"2\.0","id":4711,"result"',
    "text_id": rb'\{"jsonrpc":"2\.0","id":"7","result"',
    "null_id": rb'\{"jsonrpc":"2\.0","id":null,"result"',
    "no_id": rb'\{"jsonrpc":"2\.0","result"',
    "rpc_error": rb'\{"jsonrpc":"2\.0","id":7,"error":\{"code":-32603,"message":"Internal error"\}\}$',
    "rpc_error_with_data": rb'\{"jsonrpc":"2\.0","id":7,"error":.*"data":\{"retryable":true\}\}\}$',
    "unsupported_version": rb'.*"code":-32022,.*"data":\{"supported":\["2099-01-01"\],"requested":"2026-07-28"\}',
    "null_result": rb'\{"jsonrpc":"2\.0","id":7,"result":null\}$',
    "text_result": rb'\{"jsonrpc":"2\.0","id":7,"result":"done"\}$',
    "bad_result": rb'(?!.*"(?:content|contents|messages|tools|capabilities)":).*"result":\{',
    "content_is_text": rb'.*"content":"hi"',
    "unknown_content_type": rb'.*"content":\[\{"type":"hologram"\}\]',
    "no_result_type": rb'(?!.*resultType).*"result":\{',
    "unknown_result_type": rb'.*"resultType":"task"',
    "input_required": rb'.*"result":\{"resultType":"input_required","inputRequests":\{"name"',
    "asks_for_a_visit": rb'.*"error":\{"code":-32042,"message":"Open this address first"\}',
    "disjoint_versions": rb'.*"supportedVersions":\["2099-01-01"\]',
    "unknown_version": rb'.*"protocolVersion":"2099-01-01"',
    "same_cursor_for_ever": rb'.*"nextCursor":"again"',
    "pages_for_ever": rb'.*"nextCursor":"1"',
    "tool_missing": rb'.*"tools":\[\{"name":"forget"',
    "tool_writes": rb'.*"name":"echo".*"annotations":\{"readOnlyHint":false\}\},\{"name":"forget"',
    "tool_without_hint": rb'.*"name":"echo".*"annotations":\{\}\},\{"name":"forget"',
    "tool_error": rb'.*"isError":true',
    "output_schema_invalid": rb'.*"name":"echo".*"type":"word".*"name":"forget"',
    "output_schema_elsewhere": rb'.*"name":"echo".*"\$ref":"http://.*"name":"forget"',
    "output_schema_catastrophic": rb'.*"name":"echo".*"pattern":"\^\(a\+\)\+\$".*"name":"forget"',
    "output_schema_mismatch": rb'.*"structuredContent":\{"message":"hi","length":"two"\}',
    "structured_content_missing": rb'(?!.*structuredContent).*"content":\[',
    "schema_mismatch": rb'.*"structuredContent":\{"message":"","length":2\}',
    "expectation_failed": rb'.*"structuredContent":\{"message":"bye","length":2\}',
    "schema_that_clients_refuse": rb'.*"inputSchema":\{"type":"object","properties":\{"lines":\{"type":"array"\}\}\}',
    "contract_broken": rb'.*"inputSchema":\{"type":"object","properties":\{"text":.*"required":\["text"\]\}',
}


def test_every_message_fault_is_looked_at() -> None:
    assert set(MADE) == set(MESSAGE_FAULTS)


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name, fault in MESSAGE_FAULTS.items() for place in sorted(fault.where)],
    ids=str,
)
def test_a_message_is_spoilt_as_its_name_says_and_stays_on_one_line(name: str, place: Place) -> None:
    request, good = _good(place)
    made = MESSAGE_FAULTS[name].act(request, good)
    assert re.match(MADE[name], made), made[:500]
    assert b"\n" not in made
    assert good == _good(place)[1], "the good answer was changed in place"


def _good(place: Place) -> tuple[Message, Message]:
    request = message(place.step, place.era)
    good = reply(request, place.era)
    assert good is not None
    return request, good


def test_pages_for_ever_never_hand_out_the_same_cursor_twice() -> None:
    request, good = _good(Place("modern", "list"))
    cursors = set()
    for _ in range(5):
        listing: Any = json.loads(MESSAGE_FAULTS["pages_for_ever"].act(request, good))
        cursor = listing["result"]["nextCursor"]
        request["params"]["cursor"] = cursor
        cursors.add(cursor)
    assert len(cursors) == 5
