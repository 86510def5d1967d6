"""Every way a Streamable HTTP server misbehaves here: `FAULTS`, name to fault.

Message faults come twice: as a JSON body, and (`…_in_event`) as the data of an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from tests.peers import http_acts as http
from tests.peers import sse_acts as sse
from tests.peers.fault import Fault
from tests.peers.http_peer import Act, well
from tests.peers.messages import CALL, DISCOVER, INITIALIZE, MESSAGE_FAULTS, MODERN_ASKED, dump
from tests.peers.protocol import (
    ASKED,
    IN_USE,
    MODERN,
    NARROW,
    SENT,
    VERSION,
    Place,
    RpcError,
    of_era,
    unsupported_version,
)
from tests.peers.wire import event

LISTEN: Final = frozenset({Place("modern", "listen"), Place("handshake", "listen")})
CLOSE: Final = frozenset({Place("handshake", "close")})
POSTED: Final = SENT - CLOSE
IN_SESSION: Final = of_era(IN_USE, "handshake")
OUT_OF_SESSION: Final = ASKED - IN_SESSION

MEGABYTE: Final = 1024 * 1024
ELSEWHERE: Final = "http://127.0.0.2:9/mcp"
GONE: Final = RpcError(-32601, "Method not found")
INTERNAL: Final = RpcError(-32603, "Internal error")
_SLOW_CALL: Final = {"latency": {"fail": "100ms"}}
_SECOND_OPINION: Final = {"kind": "handshake", "second_opinion": True}

_STATUSES: Final[Mapping[str, Fault[Act]]] = {
    "http_400": Fault(act=http.status(400), reason=Reason.CLIENT_ERROR, where=SENT),
    "http_401": Fault(act=http.status(401), reason=Reason.UNAUTHORIZED, where=SENT),
    "http_403": Fault(act=http.status(403), reason=Reason.FORBIDDEN, where=SENT),
    "http_404": Fault(act=http.status(404), reason=Reason.NOT_FOUND, where=OUT_OF_SESSION),
    "http_404_in_session": Fault(
        act=http.status(404), reason=Reason.SESSION_LOST, where=IN_SESSION | {Place("handshake", "initialized")}
    ),
    "http_405": Fault(act=http.status(405), reason=Reason.CLIENT_ERROR, where=POSTED),
    "http_421": Fault(act=http.status(421), reason=Reason.CLIENT_ERROR, where=SENT),
    "http_429": Fault(act=http.status(429, headers={"Retry-After": "60"}), reason=Reason.RATE_LIMITED, where=SENT),
    "http_499": Fault(act=http.status(499), reason=Reason.CLIENT_ERROR, where=SENT),
    "http_500": Fault(act=http.status(500), reason=Reason.SERVER_ERROR, where=SENT),
    "http_502": Fault(act=http.status(502), reason=Reason.SERVER_ERROR, where=SENT),
    "http_503": Fault(act=http.status(503, headers={"Retry-After": "60"}), reason=Reason.UNAVAILABLE, where=SENT),
    "http_504": Fault(act=http.status(504), reason=Reason.SERVER_ERROR, where=SENT),
    "http_400_with_error": Fault(act=http.status_with_error(400, INTERNAL), reason=Reason.RPC_ERROR, where=ASKED),
    "http_401_with_error": Fault(act=http.status_with_error(401, INTERNAL), reason=Reason.UNAUTHORIZED, where=ASKED),
    "http_403_with_error": Fault(act=http.status_with_error(403, INTERNAL), reason=Reason.FORBIDDEN, where=ASKED),
    "http_404_with_error": Fault(act=http.status_with_error(404, GONE), reason=Reason.RPC_ERROR, where=OUT_OF_SESSION),
    "http_404_with_error_in_session": Fault(
        act=http.status_with_error(404, RpcError(-32001, "Session not found")),
        reason=Reason.SESSION_LOST,
        where=IN_SESSION,
    ),
    "http_429_with_error": Fault(act=http.status_with_error(429, INTERNAL), reason=Reason.RATE_LIMITED, where=ASKED),
    "http_500_with_error": Fault(act=http.status_with_error(500, INTERNAL), reason=Reason.SERVER_ERROR, where=ASKED),
    "http_503_with_error": Fault(act=http.status_with_error(503, INTERNAL), reason=Reason.UNAVAILABLE, where=ASKED),
    "http_400_unsupported_version": Fault(
        act=http.status_with_error(400, unsupported_version(MODERN, ["2099-01-01"])),
        reason=Reason.VERSION_UNSUPPORTED,
        where=MODERN_ASKED,
    ),
    "delete_404": Fault(act=http.status(404), reason=None, where=CLOSE),
    "delete_405": Fault(act=http.status(405), reason=None, where=CLOSE),
    "redirect_301": Fault(act=http.redirect(301), reason=Reason.REDIRECTED, where=SENT),
    "redirect_302": Fault(act=http.redirect(302), reason=Reason.REDIRECTED, where=SENT),
    "redirect_307": Fault(act=http.redirect(307), reason=Reason.REDIRECTED, where=SENT),
    "redirect_308": Fault(act=http.redirect(308), reason=Reason.REDIRECTED, where=SENT),
    "redirect_302_elsewhere": Fault(act=http.redirect(302, to=ELSEWHERE), reason=Reason.REDIRECTED, where=SENT),
    "redirect_307_elsewhere": Fault(act=http.redirect(307, to=ELSEWHERE), reason=Reason.REDIRECTED, where=SENT),
}

_CONTENT: Final[Mapping[str, Fault[Act]]] = {
    "html": Fault(act=http.page("text/html; charset=utf-8"), reason=Reason.BAD_CONTENT_TYPE, where=ASKED),
    "plain_text": Fault(act=http.typed("text/plain"), reason=Reason.BAD_CONTENT_TYPE, where=ASKED),
    "no_content_type": Fault(act=http.page(None), reason=Reason.BAD_CONTENT_TYPE, where=ASKED),
    "html_called_json": Fault(act=http.page("application/json"), reason=Reason.MALFORMED_JSON, where=ASKED),
    "http_202": Fault(act=http.empty(202), reason=Reason.NO_RESPONSE, where=ASKED),
    "http_204": Fault(act=http.empty(204), reason=Reason.NO_RESPONSE, where=ASKED),
    "empty_json": Fault(
        act=http.empty(200, content_type="application/json"), reason=Reason.MALFORMED_JSON, where=ASKED
    ),
    "json_with_charset": Fault(act=http.typed("Application/JSON; charset=utf-8"), reason=None, where=ASKED),
    "gzip": Fault(act=http.encoded("gzip"), reason=None, where=ASKED),
    "bad_gzip": Fault(act=http.encoded("gzip", b"no gzip at all"), reason=Reason.BAD_ENCODING, where=ASKED),
    "cut_off_gzip": Fault(act=http.cut_off_in_gzip, reason=Reason.BAD_ENCODING, where=ASKED),
    "unknown_encoding": Fault(act=http.encoded("x-rot13", b"{}"), reason=Reason.BAD_ENCODING, where=ASKED),
    "gzip_bomb": Fault(act=http.gzip_bomb, reason=Reason.TOO_LARGE, where=ASKED),
    "body_of_50_mb": Fault(act=http.large_body(50 * MEGABYTE), reason=Reason.TOO_LARGE, where=ASKED),
    "endless_body": Fault(act=http.endless_body, reason=Reason.TOO_LARGE, where=ASKED),
}

_CONNECTION: Final[Mapping[str, Fault[Act]]] = {
    "silence": Fault(act=http.silence, reason=Reason.TIMEOUT, where=SENT),
    "head_then_silence": Fault(act=http.head_then_silence, reason=Reason.TIMEOUT, where=ASKED),
    "head_drip": Fault(act=http.head_drip, reason=Reason.TIMEOUT, where=SENT),
    "body_drip": Fault(act=http.body_drip, reason=Reason.TIMEOUT, where=ASKED),
    "closed": Fault(act=http.close, reason=Reason.CONNECTION_CLOSED, where=SENT),
    "reset": Fault(act=http.reset_at_once, reason=Reason.CONNECTION_RESET, where=SENT),
    "reset_in_body": Fault(act=http.reset_in_body, reason=Reason.CONNECTION_RESET, where=ASKED),
    "cut_off": Fault(act=http.cut_off, reason=Reason.CONNECTION_CLOSED, where=ASKED),
    "cut_off_in_chunk": Fault(act=http.cut_off_in_chunk, reason=Reason.CONNECTION_CLOSED, where=ASKED),
    "cut_off_in_head": Fault(act=http.cut_off_in_head, reason=Reason.CONNECTION_CLOSED, where=SENT),
    "ssh_banner": Fault(act=http.raw(b"SSH-2.0-OpenSSH_9.9\r\n"), reason=Reason.NOT_HTTP, where=SENT),
    "bad_status_line": Fault(act=http.raw(b"HTTP/1.1 fine\r\n\r\n"), reason=Reason.NOT_HTTP, where=SENT),
    "bad_header_line": Fault(act=http.raw(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"), reason=Reason.NOT_HTTP, where=SENT),
    "bad_chunk_size": Fault(act=http.bad_chunk_size, reason=Reason.NOT_HTTP, where=ASKED),
    "huge_header": Fault(
        act=http.raw(b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 300_000 + b"\r\n\r\n"),
        reason=Reason.TOO_LARGE,
        where=SENT,
    ),
    "too_slow": Fault(act=http.slowly(0.3), reason=Reason.TOO_SLOW, where=CALL, probe=_SLOW_CALL),
    "second_opinion_fails": Fault(
        act=http.status(500),
        reason=Reason.SECOND_OPINION_FAILED,
        where=DISCOVER | INITIALIZE,
        probe=_SECOND_OPINION,
        after=1,
    ),
}

_OF_THE_TRANSPORT: Final[Mapping[str, Fault[Act]]] = {
    "dead_session_400": Fault(
        act=http.when(http.in_dead_session, http.status(400)),
        reason=Reason.DEAD_SESSION,
        where=frozenset({Place("handshake", "ping")}),
    ),
    "get_404": Fault(
        act=http.status(404),
        reason=Reason.HTTP_RULE_BROKEN,
        where=frozenset({Place("handshake", "listen")}),
        probe={"kind": "session"},
    ),
    "unknown_method_answered": Fault(
        act=http.empty_result, reason=Reason.HTTP_RULE_BROKEN, where=frozenset(Place(era, "unknown") for era in VERSION)
    ),
    "headers_unchecked": Fault(
        act=http.obliging,
        reason=Reason.HEADERS_UNCHECKED,
        where=DISCOVER | {Place("handshake", "ping")},
        probe={"kind": "session", "skip": ["dead-session"]},
    ),
    "origin_unchecked": Fault(
        act=http.obliging,
        reason=Reason.ORIGIN_UNCHECKED,
        where=DISCOVER | {Place("handshake", "ping")},
        probe={"kind": "http"},
    ),
    "cached_for_all": Fault(
        act=http.cached_for_all,
        reason=Reason.CACHE_LEAK,
        where=frozenset({Place("modern", "list")}),
        probe={"as": {"headers": {http.CALLER: "somebody-else"}}},
    ),
}

_STREAM: Final[Mapping[str, Fault[Act]]] = {
    "stream_silent": Fault(act=sse.silent, reason=Reason.TIMEOUT, where=ASKED),
    "stream_of_comments": Fault(act=sse.every_now_and_then(b": still here\n\n"), reason=Reason.TIMEOUT, where=ASKED),
    "stream_of_notifications": Fault(
        act=sse.every_now_and_then(event(sse.PROGRESS)), reason=Reason.TIMEOUT, where=ASKED
    ),
    "stream_drip": Fault(act=sse.drip, reason=Reason.TIMEOUT, where=ASKED),
    "stream_flood": Fault(act=sse.flood, reason=Reason.TOO_LARGE, where=ASKED),
    "stream_unfinished": Fault(act=sse.unfinished_then_silent, reason=Reason.TIMEOUT, where=ASKED),
    "stream_unfinished_then_closed": Fault(act=sse.unfinished_then_closed, reason=Reason.STREAM_ENDED, where=ASKED),
    "stream_empty": Fault(act=sse.stream(), reason=Reason.STREAM_ENDED, where=ASKED),
    "stream_of_one_comment": Fault(act=sse.stream(b": bye\n\n"), reason=Reason.STREAM_ENDED, where=ASKED),
    "stream_ends_after_notification": Fault(
        act=sse.stream(event(sse.PROGRESS)), reason=Reason.STREAM_ENDED, where=ASKED
    ),
    "stream_asks_to_be_resumed": Fault(
        act=sse.stream(b"id: 1\nretry: 0\ndata:\n\n"), reason=Reason.STREAM_ENDED, where=ASKED
    ),
    "stream_of_another_event": Fault(
        act=sse.stream(event(dump({"answer": 42}), kind="news")), reason=Reason.STREAM_ENDED, where=ASKED
    ),
    "stream_reset": Fault(act=sse.reset_in_stream, reason=Reason.CONNECTION_RESET, where=ASKED),
    "stream_cut_off": Fault(act=sse.cut_off_in_stream, reason=Reason.CONNECTION_CLOSED, where=ASKED),
    "event_too_large": Fault(
        act=sse.large_event(MEGABYTE * 3 // 2, finished=True), reason=Reason.TOO_LARGE, where=ASKED
    ),
    "line_too_large": Fault(
        act=sse.large_event(MEGABYTE * 3 // 2, finished=False), reason=Reason.TOO_LARGE, where=ASKED
    ),
    "stream_asks_ping_first": Fault(act=sse.asked_first("ping"), reason=None, where=IN_SESSION),
    "stream_asks_sampling_first": Fault(
        act=sse.asked_first("sampling/createMessage", sse.SAMPLING), reason=None, where=IN_SESSION
    ),
    "stream_notifies_first": Fault(act=sse.preceded(event(sse.PROGRESS) * 3), reason=None, where=ASKED),
    "stream_primed": Fault(act=sse.preceded(b"id: 1\nretry: 100\ndata:\n\n"), reason=None, where=ASKED),
    "stream_with_byte_order_mark": Fault(act=sse.preceded(b"\xef\xbb\xbf: hello\n\n"), reason=None, where=ASKED),
    "stream_of_many_lines": Fault(act=sse.many_lines, reason=None, where=ASKED),
    "stream_byte_by_byte": Fault(act=sse.byte_by_byte, reason=None, where=ASKED),
    "stream_left_open": Fault(act=sse.left_open, reason=None, where=ASKED),
}

_AUTH: Final[Mapping[str, Fault[Act]]] = {
    name: Fault(act=act, reason=reason, where=DISCOVER | INITIALIZE, probe={"kind": "auth"})
    for name, act, reason in (
        ("open_to_everybody", well, Reason.AUTH_NOT_ENFORCED),
        ("http_403_to_strangers", http.status(403), Reason.AUTH_CHALLENGE_WRONG),
        ("no_resource_metadata", http.status(401, headers={"WWW-Authenticate": "Bearer"}), Reason.AUTH_METADATA_BROKEN),
    )
}

_LISTENED: Final[Mapping[str, Fault[Act]]] = {
    "stream_cut": Fault(act=sse.listened(b""), reason=Reason.STREAM_CUT, where=LISTEN),
    "stream_kept_open": Fault(act=sse.listened(b"", ends=False), reason=None, where=LISTEN),
}

FAULTS: Final[Mapping[str, Fault[Act]]] = {
    **_STATUSES,
    **_LISTENED,
    **_AUTH,
    **_CONTENT,
    **_CONNECTION,
    **_OF_THE_TRANSPORT,
    **_STREAM,
    **{name: fault.doing(http.spoilt(fault.act)) for name, fault in MESSAGE_FAULTS.items()},
    **{
        f"{name}_in_event": fault.at(NARROW).doing(sse.spoilt_event(fault.act))
        for name, fault in MESSAGE_FAULTS.items()
    },
}
