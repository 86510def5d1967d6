"""What goes around a request in either protocol era.

`modern` (2026-07-28): stateless; every request says version, client and capabilities in `_meta`, and over HTTP
repeats method and name in headers. `handshake` (2024-11-05 to 2025-11-25): said once, in `initialize`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prober import __version__

CLIENT_INFO: Final = {"name": "mcp-prober", "version": __version__}

_META: Final = "io.modelcontextprotocol/"
SERVER_INFO_META: Final = _META + "serverInfo"

_NAME_PARAM: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Methods whose header `Mcp-Name` repeats a parameter."""

_PLAIN: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_WRAPPED: Final = re.compile(r"=\?base64\?.*\?=", re.DOTALL)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""A header name by RFC 9110 section 5.6.2. The annotation is the server's text: anything else is passed over."""


def modern_params(params: Mapping[str, Any], version: str) -> dict[str, Any]:
    meta = {
        _META + "protocolVersion": version,
        _META + "clientInfo": CLIENT_INFO,
        _META + "clientCapabilities": {},
    }
    return {**params, "_meta": {**params.get("_meta", {}), **meta}}


def modern_headers(
    method: str, params: Mapping[str, Any], version: str, input_schema: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """`input_schema` is the called tool's: its `x-mcp-header` annotations mirror arguments into headers."""
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": method}
    if method in _NAME_PARAM:
        headers["Mcp-Name"] = _header_value(params[_NAME_PARAM[method]])
    for token, value in _mirrored(input_schema or {}, params.get("arguments", {})):
        headers[f"Mcp-Param-{token}"] = _header_value(value)
    return headers


def handshake_headers(version: str | None) -> dict[str, str]:
    """`version` is the negotiated one; None before that."""
    return {"MCP-Protocol-Version": version} if version else {}


def _header_value(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if _PLAIN.fullmatch(text) and not _WRAPPED.fullmatch(text):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _mirrored(schema: Mapping[str, Any], arguments: Any) -> Iterator[tuple[str, Any]]:
    """Pairs of header token and argument for every annotated property that the arguments have."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not isinstance(arguments, Mapping):
        return
    for name, below in properties.items():
        value = arguments.get(name)
        if value is None or not isinstance(below, Mapping):
            continue
        token = below.get("x-mcp-header")
        if isinstance(token, str) and _TOKEN.fullmatch(token) and isinstance(value, str | int):
            yield token, value
        yield from _mirrored(below, value)
