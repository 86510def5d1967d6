"""What an HTTP answer that is no MCP message says of the target's URL, transport and credentials.

Sources: the words of nginx, Apache, Go and Node for plain HTTP on a TLS port; the answers of the official SDKs' servers
to the other transport (405 or 404 to a POST on `/sse`; 400, 405 or 406 to a GET on `/mcp`).
"""

from __future__ import annotations

import re
from typing import Final

from prober.client.exchange import ExchangeRecorder
from prober.outcome import Situation

_PLAIN_ON_TLS: Final = re.compile(
    rb"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|plain HTTP to an SSL-enabled",
    re.IGNORECASE,
)
_CERTIFICATE: Final = re.compile(rb"No required SSL certificate was sent|SSL certificate error", re.IGNORECASE)

Known = tuple[Situation | None, str | None]
"""The situation, and the address to write."""


def of_status(recorder: ExchangeRecorder, body: bytes, *, of_mcp: bool) -> Known:
    """The situation of an answer with an error status; `of_mcp` is whether MCP has been spoken at this path."""
    status, address = recorder.http_status, recorder.address
    if status == 400 and _PLAIN_ON_TLS.search(body):
        return Situation.PLAIN_TO_TLS_PORT, address.with_scheme("https")
    if status == 400 and _CERTIFICATE.search(body):
        return Situation.CLIENT_CERTIFICATE_WANTED, None
    if status == 401:
        return (Situation.CREDENTIALS_REFUSED if recorder.credentials else Situation.CREDENTIALS_MISSING), None
    if status == 400 and recorder.step == "notifications/initialized":
        return Situation.NEW_SESSION_REFUSED, None
    if status in (502, 504):
        return Situation.GATEWAY, None
    if status not in (400, 404, 405, 406) or (of_mcp and recorder.step != "open"):
        return None, None
    return _of_path(recorder, status)


def of_content(recorder: ExchangeRecorder, *, wants_stream: bool) -> Known:
    """The situation of a successful answer whose content type can hold no message."""
    if wants_stream and recorder.content_type == "application/json":
        return Situation.STREAMABLE_SERVER, None
    if not recorder.address.path:
        return Situation.PATH_MISSING, recorder.address.with_path("/mcp")
    return (Situation.WEB_PAGE if recorder.content_type == "text/html" else None), None


def _of_path(recorder: ExchangeRecorder, status: int) -> Known:
    address, stream = recorder.address, recorder.step == "open"
    if stream and status != 404:
        return Situation.STREAMABLE_SERVER, None
    if status in (404, 405):
        if not stream and address.path.endswith("/sse"):
            return Situation.SSE_SERVER, None
        if not address.path:
            return Situation.PATH_MISSING, address.with_path("/mcp")
    return (Situation.METHOD_REFUSED if status == 405 else None), None
