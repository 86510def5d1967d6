"""The envelope of either era, held against the functions with which the official SDK reads and writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from mcp.shared.inbound import (
    MCP_PARAM_HEADER_PREFIX,
    InboundModernRoute,
    classify_inbound_request,
    decode_header_value,
    encode_header_value,
    find_duplicated_routing_header,
    find_invalid_x_mcp_header,
    mcp_param_headers,
    validate_mcp_param_headers,
    x_mcp_header_map,
)

from prober.client.envelope import CLIENT_INFO, handshake_headers, modern_headers, modern_params, parameter_headers
from tests.assertions.ticking import PROMISE, ticking

VERSION: Final = "2026-07-28"

TEXTS: Final = (
    "plain",
    "two words",
    "get_weather",
    "file:///projects/myapp/config.json",
    "peer://items/1?x=%20#y",
    "",
    " ",
    " padded",
    "padded ",
    "\ttab",
    "in\tside",
    "line\nbreak",
    "Evil: header\r\nX: y",
    "\x00",
    "\x7f",
    "ä",
    "世界",
    "🦆",
    "=?base64?literal?=",
    "=?base64??=",
    "=?base64?",
    "=?BASE64?literal?=",
    "a=?base64?x?=",
    "=?base64?two\nlines?=",
    "x" * 5000,
    "~!@#$%^&*()_+`-={}|[]\\:\";'<>?,./",
)

REQUESTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("server/discover", {}),
    ("tools/list", {}),
    ("tools/list", {"cursor": "ä"}),
    *(("tools/call", {"name": text, "arguments": {}}) for text in TEXTS),
    *(("prompts/get", {"name": text, "arguments": {}}) for text in TEXTS),
    *(("resources/read", {"uri": text}) for text in TEXTS),
)


@pytest.mark.parametrize(("method", "params"), REQUESTS, ids=lambda value: repr(value)[:40])
def test_the_sdk_takes_every_request_as_one_of_the_modern_era(method: str, params: dict[str, Any]) -> None:
    headers = modern_headers(method, params, VERSION)
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": modern_params(params, VERSION)}
    route = classify_inbound_request(
        json.loads(json.dumps(body)), headers={name.lower(): value for name, value in headers.items()}
    )
    assert route == InboundModernRoute(protocol_version=VERSION, client_info=CLIENT_INFO, client_capabilities={})
    assert find_duplicated_routing_header(headers.items()) is None
    assert all(value.isascii() and value == value.strip() for value in headers.values())
    assert not any(character < " " for value in headers.values() for character in value)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text)[:30])
def test_a_text_in_a_header_is_what_the_sdk_would_write_or_reads_the_same(text: str) -> None:
    ours = modern_headers("tools/call", {"name": text}, VERSION)["Mcp-Name"]
    assert decode_header_value(ours) == text
    assert ours == encode_header_value(text) or not text or "\n" in text  # both forms are allowed for these


def test_the_metadata_of_the_caller_stays_beside_ours() -> None:
    params = modern_params({"name": "x", "_meta": {"progressToken": 7}}, VERSION)
    assert params["_meta"]["progressToken"] == 7
    assert params["_meta"]["io.modelcontextprotocol/protocolVersion"] == VERSION
    assert params["name"] == "x"


def test_in_the_handshake_era_only_the_negotiated_version_is_told() -> None:
    assert handshake_headers(None) == {}
    assert handshake_headers("2025-11-25") == {"MCP-Protocol-Version": "2025-11-25"}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def mirrored(kind: str, header: Any = "Region") -> dict[str, Any]:
    return {"type": kind, "x-mcp-header": header}


VALID: Final[tuple[tuple[str, dict[str, Any], dict[str, Any]], ...]] = (
    ("text", schema(region=mirrored("string")), {"region": "us-west1"}),
    *((f"text {text!r:.20}", schema(region=mirrored("string")), {"region": text}) for text in TEXTS),
    ("number", schema(n=mirrored("integer")), {"n": -7}),
    ("zero", schema(n=mirrored("integer")), {"n": 0}),
    ("whole float", schema(n=mirrored("integer")), {"n": 42.0}),
    ("true", schema(flag=mirrored("boolean")), {"flag": True}),
    ("false", schema(flag=mirrored("boolean")), {"flag": False}),
    ("null", schema(region=mirrored("string")), {"region": None}),
    ("absent", schema(region=mirrored("string")), {}),
    ("not a scalar", schema(region=mirrored("string")), {"region": ["x"]}),
    (
        "several",
        schema(a=mirrored("string", "A"), b=mirrored("integer", "B"), c={"type": "string"}),
        {"a": "x", "b": 2, "c": "z"},
    ),
    (
        "nested",
        schema(where=schema(region=mirrored("string"), at=schema(n=mirrored("integer", "N")))),
        {"where": {"region": "eu", "at": {"n": 3}}},
    ),
    ("nested and absent", schema(where=schema(region=mirrored("string"))), {"where": None}),
    ("nested in a text", schema(where=schema(region=mirrored("string"))), {"where": "here"}),
    ("a name of the annotation's", schema(**{"x-mcp-header": {"type": "string"}}), {"x-mcp-header": "x"}),
    ("all signs of a token", schema(region=mirrored("string", "!#$%&'*+-.^_`|~09azAZ")), {"region": "x"}),
    (
        "an annotation in data",
        schema(region={"type": "string", "default": mirrored("string"), "enum": [mirrored("string")]}),
        {"region": "x"},
    ),
    ("no properties", {"type": "object"}, {"region": "x"}),
    ("properties of no kind", {"type": "object", "properties": []}, {"region": "x"}),
)


@pytest.mark.parametrize(("input_schema", "arguments"), [row[1:] for row in VALID], ids=[row[0] for row in VALID])
def test_arguments_are_mirrored_as_the_sdk_does_and_expects(
    input_schema: dict[str, Any], arguments: dict[str, Any]
) -> None:
    assert find_invalid_x_mcp_header(input_schema) is None
    headers = parameter_headers(input_schema, arguments)
    assert validate_mcp_param_headers(input_schema, arguments, headers) is None
    theirs = mcp_param_headers(x_mcp_header_map(input_schema), arguments)
    assert _decoded(headers) == _decoded(theirs)


def _decoded(headers: Mapping[str, str]) -> dict[str, str | None]:
    assert all(name.startswith(MCP_PARAM_HEADER_PREFIX) for name in headers)
    return {name: decode_header_value(value) for name, value in headers.items()}


INVALID: Final[dict[str, dict[str, Any]]] = {
    "empty": schema(a=mirrored("string", "")),
    "with a space": schema(a=mirrored("string", "a b")),
    "with a colon": schema(a=mirrored("string", "a:b")),
    "with a line break": schema(a=mirrored("string", "a\r\nEvil: x")),
    "with a line end": schema(a=mirrored("string", "a\n")),
    "not ascii": schema(a=mirrored("string", "ä")),
    "a number": schema(a=mirrored("string", 7)),
    "null": schema(a=mirrored("string", None)),
    "on a number": schema(a=mirrored("number")),
    "on an object": schema(a=mirrored("object")),
    "on an array": schema(a=mirrored("array")),
    "on null": schema(a=mirrored("null")),
    "on several types": schema(a={"type": ["string", "null"], "x-mcp-header": "A"}),
    "on no type": schema(a={"x-mcp-header": "A"}),
    "twice": schema(a=mirrored("string", "Region"), b=mirrored("string", "region")),
    "twice, nested": schema(a=mirrored("string", "Region"), b=schema(c=mirrored("string", "Region"))),
    "on the root": {"type": "object", "x-mcp-header": "A"},
    "in items": schema(a={"type": "array", "items": mirrored("string")}),
    "below items": schema(a={"type": "array", "items": schema(b=mirrored("string"))}),
    "in anyOf": schema(a={"anyOf": [mirrored("string")]}),
    "in allOf of the root": {"allOf": [schema(a=mirrored("string"))]},
    "in then": {"if": {}, "then": schema(a=mirrored("string"))},
    "in not": schema(a={"not": mirrored("string")}),
    "in prefixItems": schema(a={"prefixItems": [mirrored("string")]}),
    "in patternProperties": {"patternProperties": {"^a": mirrored("string")}},
    "in additionalProperties": {"additionalProperties": mirrored("string")},
    "in $defs": {"$defs": {"a": mirrored("string")}},
    "in definitions": {"definitions": {"a": mirrored("string")}},
    "in dependentSchemas": {"dependentSchemas": {"a": schema(b=mirrored("string"))}},
}


@pytest.mark.parametrize("input_schema", INVALID.values(), ids=INVALID)
def test_an_annotation_that_the_sdk_finds_invalid_is_invalid_here(input_schema: dict[str, Any]) -> None:
    assert find_invalid_x_mcp_header(input_schema) is not None
    with pytest.raises(ValueError, match=r"one is not|is not a header name|is not a string|is there twice"):
        parameter_headers(input_schema, {"a": "x"})


def test_a_name_that_no_header_can_have_is_invalid() -> None:
    with pytest.raises(ValueError, match="is not a header name"):
        parameter_headers(schema(a=mirrored("string", "x" * 101)), {"a": "x"})


def test_a_schema_may_be_deep() -> None:
    deep: dict[str, Any] = mirrored("string")
    for _ in range(10_000):
        deep = {"properties": {"a": deep}}
    assert parameter_headers(deep, {}) == {}


def test_an_invalid_annotation_is_told_by_the_names_that_lead_to_it() -> None:
    with pytest.raises(ValueError, match=re.escape("'where.at.n' is not a string, integer or boolean")):
        parameter_headers(schema(where=schema(at=schema(n=mirrored("number")))), {})
    with pytest.raises(ValueError, match=re.escape(f"that of '{'n' * 49}…' is not a header name")):
        parameter_headers(schema(**{"n" * 1_000_000: schema(a=mirrored("string", ""))}), {})


def annotated(count: int) -> dict[str, Any]:
    return schema(**{f"p{i}": mirrored("string", f"h{i}") for i in range(count)})


def test_more_annotations_than_a_request_has_room_for_are_invalid() -> None:
    assert len(parameter_headers(annotated(1000), {f"p{i}": "x" for i in range(1000)})) == 1000
    with pytest.raises(ValueError, match="more than 1000 of them"):
        parameter_headers(annotated(1001), {})


@pytest.mark.parametrize("above", [["n" * 1_000_000], ["a"] * 9_000], ids=["a long name", "many names"])
async def test_the_names_above_annotations_are_not_read_for_each_of_them(above: list[str]) -> None:
    deep = annotated(1000)
    for name in above:
        deep = schema(**{name: deep})
    async with ticking() as ticks:
        assert parameter_headers(deep, {}) == {}
    assert ticks.longest < 2 * PROMISE


async def test_a_schema_of_a_size_that_nobody_needs_is_invalid_before_it_costs_time() -> None:
    deep = schema(**{f"p{i}": {"type": "string"} for i in range(200_000)})
    for _ in range(500):
        deep = schema(a=deep)
    async with ticking() as ticks:
        with pytest.raises(ValueError, match="more than 20000 schemas"):
            parameter_headers(deep, {})
    assert ticks.longest < 2 * PROMISE
