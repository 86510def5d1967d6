"""The metadata and headers of a request in either protocol era.

`modern` (2026-07-28): stateless; every request carries version, client and capabilities in `_meta`, and over HTTP
repeats method and name in headers. `handshake` (2024-11-05 to 2025-11-25): `initialize` carries them once.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    for path, token in _annotations(input_schema):
        value = _at(arguments, path)
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


def _at(arguments: Any, path: Sequence[str]) -> Any:
    for name in path:
        arguments = arguments.get(name) if isinstance(arguments, Mapping) else None
    return arguments


def _annotations(input_schema: Mapping[str, Any]) -> Iterator[tuple[Sequence[str], str]]:
    """Path and header token of every annotated property. Raises ValueError for the first that is invalid."""
    seen: set[str] = set()
    for properties, schema in _schemas(input_schema):
        if "x-mcp-header" not in schema:
            continue
        token, path = schema["x-mcp-header"], _path(properties)
        where = cap(".".join(path), 50)
        if not path:
            raise ValueError("one is not on a property, reached through properties alone")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise ValueError(f"that of {where!r} is not a header name")
        if schema.get("type") not in _MIRRORED_TYPES:
            raise ValueError(f"{where!r} is not a string, integer or boolean")
        if token.lower() in seen:
            raise ValueError(f"{token!r} is there twice")
        seen.add(token.lower())
        yield path, token


_Properties = tuple["_Properties", str] | tuple[()] | None
"""Property names from the root to a schema, as a linked list, last name first; None behind any other keyword."""


def _path(properties: _Properties) -> list[str]:
    path = []
    while properties:
        properties, name = properties
        path.append(name)
    return path[::-1]


def _schemas(root: Mapping[str, Any]) -> Iterator[tuple[_Properties, Mapping[str, Any]]]:
    """The schema and all its subschemas; references are not followed. Raises ValueError for too many."""
    yield (), root
    open_schemas = [_subschemas((), root)]
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


def _subschemas(properties: _Properties, schema: Mapping[str, Any]) -> Iterator[tuple[_Properties, Mapping[str, Any]]]:
    """The direct subschemas. Keywords whose values are data, such as `default` and `enum`, are skipped."""
    for keyword, value in schema.items():
        inner: Iterator[tuple[_Properties, Any]] = iter(())
        if keyword == "properties" and isinstance(value, dict):
            inner = ((None if properties is None else (properties, name), each) for name, each in value.items())
        elif keyword in _HOLD_MAPPING and isinstance(value, dict):
            inner = ((None, each) for each in value.values())
        elif keyword in _HOLD_LIST and isinstance(value, list):
            inner = ((None, each) for each in value)
        elif keyword in _HOLD_ONE:
            inner = iter([(None, value)])
        for path, each in inner:
            if isinstance(each, dict):
                yield path, each


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
