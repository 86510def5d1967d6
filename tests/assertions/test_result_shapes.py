"""The shapes of results are those of the official SDK, and a little stricter where the specification is."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pytest
from mcp_types.methods import SERVER_RESULTS, validate_server_result
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, KNOWN_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from prober.assertions.json_schema.schema import first_mismatch
from prober.assertions.mismatch import Mismatch
from prober.assertions.result_shapes import Shape, era_of, versions
from prober.json_values.size import size_of
from tests.assertions import generate_shapes
from tests.assertions.ticking import PROMISE, SLOWDOWN

META = {"example.test/x": 1}
ANNOTATIONS = {"audience": ["user"], "priority": 0.5, "lastModified": "2026-01-01T00:00:00Z"}
ICON = {"src": "https://a.test/i.png", "mimeType": "image/png", "sizes": ["48x48"], "theme": "dark"}
CONTENT = [
    {"type": "text", "text": "hello", "annotations": ANNOTATIONS, "_meta": META},
    {"type": "image", "data": "aGk=", "mimeType": "image/png"},
    {"type": "audio", "data": "aGk=", "mimeType": "audio/wav"},
    {"type": "resource_link", "uri": "file:///a", "name": "a", "title": "A", "size": 3, "icons": [ICON]},
    {"type": "resource", "resource": {"uri": "file:///a", "text": "x", "mimeType": "text/plain"}},
    {"type": "resource", "resource": {"uri": "file:///a", "blob": "aGk="}},
]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
TOOL = {
    "name": "t",
    "title": "T",
    "description": "d",
    "inputSchema": SCHEMA,
    "outputSchema": SCHEMA,
    "annotations": {"readOnlyHint": True, "destructiveHint": False, "title": "x"},
    "icons": [ICON],
    "_meta": META,
}
SHARED: dict[str, Any] = {
    "tools/list": {"tools": [TOOL], "nextCursor": "c", "_meta": META},
    "tools/call": {"content": CONTENT, "structuredContent": {"a": [1, None]}, "isError": False, "_meta": META},
    "resources/list": {
        "resources": [
            {"uri": "file:///a", "name": "a", "mimeType": "a/b", "size": 4, "annotations": ANNOTATIONS, "icons": [ICON]}
        ]
    },
    "resources/templates/list": {"resourceTemplates": [{"uriTemplate": "file:///{a}", "name": "a", "mimeType": "a/b"}]},
    "resources/read": {"contents": [{"uri": "file:///a", "text": "x"}, {"uri": "file:///b", "blob": "aGk="}]},
    "prompts/list": {"prompts": [{"name": "p", "arguments": [{"name": "a", "required": True}], "title": "t"}]},
    "prompts/get": {"description": "d", "messages": [{"role": "user", "content": content} for content in CONTENT]},
}
CAPABILITIES = {
    "tools": {"listChanged": True},
    "resources": {"subscribe": True},
    "prompts": {},
    "experimental": {"a": {}},
}
HANDSHAKE: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": CAPABILITIES,
        "serverInfo": {"name": "s", "version": "1", "title": "S", "icons": [ICON]},
        "instructions": "i",
    },
    "ping": {},
    **SHARED,
}
CACHING = {"ttlMs": 5, "cacheScope": "public"}
MODERN: dict[str, Any] = {
    method: {**result, "resultType": "complete"} | (CACHING if method not in {"tools/call", "prompts/get"} else {})
    for method, result in {
        **SHARED,
        "server/discover": {
            "supportedVersions": ["2026-07-28"],
            "capabilities": {**CAPABILITIES, "extensions": {"a.test/b": {"x": [1]}}},
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "a", "version": "1"}},
        },
    }.items()
}
RESULTS = [
    *((version, method) for version in ("2024-11-05", "2025-11-25") for method in HANDSHAKE),
    *(("2026-07-28", method) for method in MODERN),
]


def check_result(method: str, version: str, result: Any) -> Mismatch | None:
    """How a result is not of its shape, by both implementations."""
    arm = Shape(method=method, version=version).arm_of(result)
    if isinstance(arm, Mismatch):
        return arm
    found = first_mismatch(arm, result)
    assert arm.fits(result, size_of(result)) is (found is None)
    return found


GONE = object()
SPOILT = [GONE, None, 0, 1, 1.5, -1, True, "x", "", [], {}, [1], {"a": 1}, "true", "1"]


def good(version: str, method: str) -> Any:
    return (MODERN if version == "2026-07-28" else HANDSHAKE)[method]


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Where something can be spoilt."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (key,)
        yield from ((key, *place) for place in places(inner))


def spoil(result: Any, place: tuple[str | int, ...], value: Any) -> Any:
    spoilt = copy.deepcopy(result)
    inner = spoilt
    for key in place[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return spoilt


@cache
def sdk_type(version: str, method: str) -> TypeAdapter[Any]:
    """The SDK's type of a complete result."""
    kind: Any = SERVER_RESULTS[method, version]
    return TypeAdapter(get_args(kind)[0] if get_args(kind) else kind)


def sdk_accepts(version: str, method: str, result: Any) -> bool:
    """What the SDK says if it does not turn values of one type into another."""
    try:
        sdk_type(version, method).validate_python(result, strict=True, by_name=False)
    except ValidationError:
        return False
    return True


def test_the_file_is_what_the_sdk_makes_of_it() -> None:
    assert generate_shapes.FILE.read_text() == generate_shapes.text()


def test_every_version_of_the_sdk_is_known() -> None:
    assert versions("handshake") == HANDSHAKE_PROTOCOL_VERSIONS
    assert versions("modern") == MODERN_PROTOCOL_VERSIONS
    assert {era_of(version) for version in KNOWN_PROTOCOL_VERSIONS} == {"handshake", "modern"}


@pytest.mark.parametrize(("version", "method"), RESULTS)
def test_a_good_result_is_good_to_the_sdk_and_to_us(version: str, method: str) -> None:
    validate_server_result(method, version, good(version, method))
    assert check_result(method, version, good(version, method)) is None


@pytest.mark.parametrize(("version", "method"), RESULTS)
def test_a_spoilt_result_is_judged_as_by_the_sdk(version: str, method: str) -> None:
    result = good(version, method)
    different = [
        (place, value)
        for place, value in itertools.product(places(result), SPOILT)
        if place != ("resultType",)
        and sdk_accepts(version, method, (spoilt := spoil(result, place, value)))
        is not (check_result(method, version, spoilt) is None)
    ]
    assert different == []


@pytest.mark.parametrize(
    ("method", "version", "result", "message"),
    [
        # Where the SDK turns one type into another, or takes anything for an unfinished result, we do not.
        (
            "tools/call",
            "2025-11-25",
            {"content": [], "isError": "true"},
            '/isError: anyOf: expected boolean or null, seen "true"',
        ),
        (
            "tools/call",
            "2026-07-28",
            {"resultType": "complete"},
            '(root): required: expected member "content", seen {"resultType": "complete"}',
        ),
        (
            "tools/call",
            "2026-07-28",
            {"resultType": "task", "content": []},
            '/resultType: enum: expected "complete" or "input_required", seen "task"',
        ),
        (
            "tools/list",
            "2026-07-28",
            {**MODERN["tools/list"], "resultType": "input_required"},
            '/resultType: enum: expected "complete", seen "input_required"',
        ),
    ],
)
def test_where_the_specification_is_stricter_than_the_sdk(method: str, version: str, result: Any, message: str) -> None:
    validate_server_result(method, version, result)
    mismatch = check_result(method, version, result)
    assert mismatch is not None
    assert mismatch.message == message


@pytest.mark.parametrize(
    ("method", "version", "result", "message"),
    [
        ("tools/call", "2025-11-25", [], "(root): type: expected object, seen []"),
        ("tools/call", "2026-07-28", None, "(root): type: expected object, seen null"),
        ("tools/call", "2026-07-28", {}, '(root): required: expected member "resultType", seen {}'),
        (
            "tools/call",
            "2026-07-28",
            {"resultType": []},
            '/resultType: enum: expected "complete" or "input_required", seen []',
        ),
        ("tools/call", "2025-06-18", {"content": None}, "/content: type: expected array, seen null"),
        (
            "tools/call",
            "2025-06-18",
            {"content": [{"type": "text"}]},
            '/content/0: required: expected member "text", seen {"type": "text"}',
        ),
        (
            "tools/call",
            "2025-06-18",
            {"content": [{"type": "video"}]},
            "/content/0/type: enum: expected one of "
            '["text", "image", "audio", "resource_link", "resource"], seen "video"',
        ),
        (
            "tools/list",
            "2025-03-26",
            {"tools": [{"name": "a", "inputSchema": {"type": "array"}}]},
            '/tools/0/inputSchema/type: const: expected "object", seen "array"',
        ),
        (
            "initialize",
            "2024-11-05",
            {**HANDSHAKE["initialize"], "serverInfo": "me"},
            '/serverInfo: type: expected object, seen "me"',
        ),
    ],
)
def test_what_is_said_of_a_bad_result(method: str, version: str, result: Any, message: str) -> None:
    mismatch = check_result(method, version, result)
    assert mismatch is not None
    assert mismatch.message == message


def test_a_server_that_asks_back_is_understood() -> None:
    asking = {"resultType": "input_required", "requestState": "s", "inputRequests": {}}
    assert check_result("tools/call", "2026-07-28", asking) is None
    assert check_result("tools/call", "2026-07-28", {**asking, "requestState": 5}) is not None


def test_a_method_that_a_version_does_not_have_is_a_mistake_of_the_caller() -> None:
    for method, version in (
        ("initialize", "2026-07-28"),
        ("server/discover", "2025-11-25"),
        ("tools/call", "2031-01-01"),
    ):
        with pytest.raises(KeyError):
            check_result(method, version, {})


def test_a_small_result_costs_a_fraction_of_a_millisecond_and_a_large_one_is_linear() -> None:
    small = {
        "content": [{"type": "text", "text": json.dumps({"a": 1})}],
        "structuredContent": {"a": 1},
        "isError": False,
    }
    large = {"content": [{"type": "text", "text": "x" * 20}] * 4_000}
    shape = Shape(method="tools/call", version="2025-11-25")
    spent = []
    for result in (small, large):
        arm = shape.arm_of(result)
        assert not isinstance(arm, Mismatch)
        rounds = []
        for _ in range(5):
            started = time.process_time()
            for _ in range(100 if result is small else 1):
                assert arm.fits(result, size_of(result))
            rounds.append((time.process_time() - started) / (100 if result is small else 1))
        spent.append(min(rounds))
    assert spent[0] < 0.0001 * SLOWDOWN
    assert spent[1] < PROMISE
