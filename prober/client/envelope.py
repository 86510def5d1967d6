"""The metadata and headers of a request in either protocol era.

`modern` (2026-07-28): stateless; every request carries version, client and capabilities in `_meta`, and over HTTP
repeats method and name in headers. `handshake` (2024-11-05 to 2025-11-25): `initialize` carries them once.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from prober import __version__
from prober.client.jsonrpc import VERSION_META
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Reason

CLIENT_INFO: Final = {"name": "mcp-prober", "version": __version__}

_META: Final = "io.modelcontextprotocol/"
SERVER_INFO_META: Final = _META + "serverInfo"
TASKS: Final = _META + "tasks"
"""The extension by which a call may be answered by a task."""

_NAME_PARAM: Final = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/cancel": "taskId",
}
"""The parameter that the header `Mcp-Name` repeats, by method."""

_PLAIN_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_ENCODED_VALUE: Final = re.compile(r"=\?base64\?.*\?=", re.DOTALL)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""A header name (RFC 9110 section 5.6.2) of a reasonable length."""

_MIRRORED_TYPES: Final = ("string", "integer", "boolean")
_HOLD_MAPPING: Final = frozenset({"patternProperties", "dependentSchemas", "$defs", "definitions"})
_HOLD_LIST: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_HOLD_ONE: Final = frozenset(
    {"items", "contains", "propertyNames", "additionalProperties", "unevaluatedItems", "unevaluatedProperties"}
    | {"not", "if", "then", "else", "contentSchema"}
)
"""Keywords of JSON Schema whose values hold subschemas."""

_MAX_SCHEMAS: Final = 20_000
"""More than any tool has, and few enough to be read in a few milliseconds."""
_MAX_MIRRORED: Final = 1_000
"""Likewise of annotations: no request has room for so many headers."""
_NAME_SHOWN: Final = 50


def modern_params(params: Mapping[str, Any], version: str, *, extensions: Iterable[str] = ()) -> dict[str, Any]:
    """`extensions` are those that the client declares for this request."""
    declared: dict[str, Any] = {name: {} for name in extensions}
    meta = {
        VERSION_META: version,
        _META + "clientInfo": CLIENT_INFO,
        _META + "clientCapabilities": {"extensions": declared} if declared else {},
    }
    return {**params, "_meta": {**params.get("_meta", {}), **meta}}


def initialize_params(version: str) -> dict[str, Any]:
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT_INFO}


def initialize(version: str, *, request_id: int) -> dict[str, Any]:
    """The request that begins a session of the handshake era."""
    return {"jsonrpc": "2.0", "id": request_id, "method": "initialize", "params": initialize_params(version)}


def joined(params: Mapping[str, Any], traceparent: str) -> dict[str, Any]:
    """The parameters with what lets the server's own spans join: SEP-414, the same in both eras."""
    return {**params, "_meta": {**params.get("_meta", {}), "traceparent": traceparent}}


def is_task(result: Mapping[str, Any], *, modern: bool) -> bool:
    """Whether a result is the promise of one."""
    return result.get("resultType") == "task" if modern else isinstance(result.get("task"), dict)


def modern_headers(method: str, params: Mapping[str, Any], version: str) -> dict[str, str]:
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": method}
    if method in _NAME_PARAM:
        headers["Mcp-Name"] = _header_value(params[_NAME_PARAM[method]])
    return headers


def parameter_headers(input_schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, str]:
    """`Mcp-Param-…` for every argument whose schema has an `x-mcp-header`.

    Raises ValueError for an annotation that breaks the specification: clients must then drop the whole tool.
    """
    headers: dict[str, str] = {}
    for token, value in _annotations(input_schema, arguments):
        if isinstance(value, str | int | float):
            headers[f"Mcp-Param-{token}"] = _header_value(value)
    return headers


def handshake_headers(version: str | None) -> dict[str, str]:
    """`version` is None before the negotiation."""
    return {"MCP-Protocol-Version": version} if version else {}


def _header_value(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if _PLAIN_VALUE.fullmatch(text) and not _ENCODED_VALUE.fullmatch(text):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="


def _annotations(input_schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Header token and argument of every annotated property. Raises ValueError for the first that is invalid."""
    seen: set[str] = set()
    for place, schema in _schemas(input_schema, arguments):
        if "x-mcp-header" not in schema:
            continue
        token = schema["x-mcp-header"]
        if place is None or place[0] is None:
            raise ValueError("one is not on a property, reached through properties alone")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise ValueError(f"that of {_where(place)!r} is not a header name")
        if schema.get("type") not in _MIRRORED_TYPES:
            raise ValueError(f"{_where(place)!r} is not a string, integer or boolean")
        if token.lower() in seen:
            raise ValueError(f"{token!r} is there twice")
        if len(seen) == _MAX_MIRRORED:
            raise ValueError(f"there are more than {_MAX_MIRRORED} of them")
        seen.add(token.lower())
        yield token, place[2]


_Place = tuple["_Place | None", str, Any]
"""A schema that is reached through properties alone: the place above it, None for the root; its own name; and its part
of the arguments, None where they have none. A path of names for each would cost their number times their length."""


def _below(place: _Place, name: str) -> _Place:
    value = place[2]
    return place, name, value.get(name) if value is not None and isinstance(value, Mapping) else None


def _where(place: _Place | None) -> str:
    """The property names that lead to a place, for people."""
    names = []
    while place is not None and place[0] is not None:
        names.append(cap(place[1], _NAME_SHOWN))
        place = place[0]
    return cap(".".join(reversed(names)), _NAME_SHOWN)


_Found = tuple[_Place | None, Mapping[str, Any]]
"""A schema and its place; None behind any other keyword than `properties`."""


def _schemas(root: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[_Found]:
    """The schema and all its subschemas; references are not followed. Raises ValueError for too many."""
    top: _Place = (None, "", arguments)
    yield top, root
    open_schemas = [_subschemas(top, root)]
    count = 1
    while open_schemas:
        inner = next(open_schemas[-1], None)
        if inner is None:
            open_schemas.pop()
            continue
        count += 1
        if count > _MAX_SCHEMAS:
            raise ValueError(f"there are more than {_MAX_SCHEMAS} schemas to look for them in")
        yield inner
        open_schemas.append(_subschemas(*inner))


def _subschemas(place: _Place | None, schema: Mapping[str, Any]) -> Iterator[_Found]:
    """The direct subschemas. Keywords whose values are data, such as `default` and `enum`, are skipped."""
    for keyword, value in schema.items():
        inner: Iterator[tuple[_Place | None, Any]] = iter(())
        if keyword == "properties" and isinstance(value, dict):
            inner = ((None if place is None else _below(place, name), each) for name, each in value.items())
        elif keyword in _HOLD_MAPPING and isinstance(value, dict):
            inner = ((None, each) for each in value.values())
        elif keyword in _HOLD_LIST and isinstance(value, list):
            inner = ((None, each) for each in value)
        elif keyword in _HOLD_ONE:
            inner = iter([(None, value)])
        for where, each in inner:
            if isinstance(each, dict):
                yield where, each


def mirrored(input_schema: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, str]:
    """Headers for the arguments that the tool wants in headers as well."""
    try:
        return parameter_headers(input_schema, params.get("arguments", {}))
    except ValueError as problem:
        raise Failure(
            Reason.BAD_RESULT,
            f"clients must drop this tool, its x-mcp-header annotations are invalid: {problem}",
            step="tools/list",
            evidence=Evidence(pointer="/inputSchema", keyword="x-mcp-header"),
        ) from None


def server_info(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    meta = result.get("_meta")
    info = meta.get(SERVER_INFO_META) if isinstance(meta, dict) else None
    return info if isinstance(info, dict) else None
