"""What is done to HTTP and to event streams: a head, a body and an end, drawn for one request."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.fuzz.choices import Choices
from tests.fuzz.odd_values import secret, text
from tests.peers.wire import EVENTS, JSON, chunk

Ending = str
"""`keep`, `close`, `reset` or `hang`: what becomes of the connection when all is said."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Bytes as they leave, piece by piece, and the end of the connection."""

    pieces: tuple[bytes, ...]
    ending: Ending = "keep"


def one_line(text: str) -> bytes:
    """A text as a header can hold it, though not every text may stand there."""
    return text.replace("\r", "").replace("\n", "").encode("utf-8", "surrogatepass")


_TYPES: Final = (
    "application/json; charset=utf-8", "application/json;charset=latin-1", "APPLICATION/JSON",
    "application/json, text/html", "text/event-stream", "text/event-stream; charset=utf-8", "text/html", "text/plain",
    "", "x", "application/problem+json", "application/json-rpc", "*/*", ";", "multipart/mixed; boundary=x",
    "application/octet-stream", "application/json\x00",
)  # fmt: skip

_STATUSES: Final = (
    200, 200, 200, 200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 400, 401, 401, 402, 403, 404, 405,
    406, 407, 408, 409, 410, 413, 415, 418, 421, 422, 426, 429, 431, 451, 500, 501, 502, 503, 504, 507, 511, 520, 599,
    600, 999, 100, 101, 103, 99, 0,
)  # fmt: skip

_CHALLENGES: Final = (
    "Bearer", 'Bearer realm="x"', 'Bearer resource_metadata="http://127.0.0.1:9/.well-known"', "Basic", "Negotiate",
    "Digest qop=", 'Bearer error="invalid_token", error_description="\x1b[31m"', "Bearer " + "x" * 5000, ",,,",
    'Bearer scope="a b c', "=",
)  # fmt: skip

_LOCATIONS: Final = (
    "/elsewhere", "http://127.0.0.1:9/mcp", "https://127.0.0.1:9/mcp?a=b#c", "//127.0.0.1:9/",
    "http://u:p@127.0.0.1:9/", "", "?x", "http://[", "http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:x/",
    "javascript:alert(1)", "file:///etc/passwd", "\\\\x", "http://a..b/", "http://" + "a" * 3000, "http://é/",
    "http://127.0.0.1:9/" + "x" * 3000, "http:///", "HTTP://127.0.0.1:9/%zz",
)  # fmt: skip

_SESSIONS: Final = ("s", "", " ", "a b", "é", "x" * 5000, "\x00", "\x7f", "../../x", "s,t", "\t", "***", "0")


def _header(c: Choices) -> tuple[bytes, bytes]:
    """One more header, often one that means something."""
    if c.one_in(4):
        return c.pick(
            b"X-Note", b"Set-Cookie", b"Content-Type", b"Mcp-Session-Id", b"WWW-Authenticate", b"Location"
        ), one_line(secret(c))
    name = c.pick(
        *(
            "WWW-Authenticate",
            "Location",
            "Mcp-Session-Id",
            "Retry-After",
            "Content-Encoding",
            "Content-Length",
            "Transfer-Encoding",
        ),
        *(
            "Connection",
            "Set-Cookie",
            "X-Note",
            "Date",
            "Content-Range",
            "Trailer",
            "Upgrade",
            "Link",
            "Keep-Alive",
            "",
            "X Y",
            "X\x00",
        ),
    )
    odd: dict[str, tuple[Any, ...]] = {
        "WWW-Authenticate": _CHALLENGES,
        "Location": _LOCATIONS,
        "Mcp-Session-Id": _SESSIONS,
        "Retry-After": ("0", "-1", "x", "1e999", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT", ""),
        "Content-Encoding": (
            "gzip",
            "deflate",
            "br",
            "zstd",
            "identity",
            "gzip, gzip",
            "x-gzip",
            "",
            "GZIP",
            "x" * 500,
        ),
        "Content-Length": ("0", "-1", "1e3", "99999999999999999999", "5, 5", "", "x", "+5", "0x10", " 3"),
        "Transfer-Encoding": ("chunked", "gzip, chunked", "identity", "Chunked", "xchunked", "chunked, chunked", ""),
        "Connection": ("close", "keep-alive", "upgrade", "x", ""),
    }
    return name.encode(), one_line(c.pick(*odd[name]) if name in odd else text(c))


def spoken(c: Choices, messages: list[bytes], *, status: int, as_events: bool) -> Spoken:
    """The messages as an answer of HTTP. Without numbers: JSON where there is one message, with a good status."""
    if c.one_in(30):
        return _no_http(c)
    events = as_events or len(messages) > 1 or c.one_in(4)
    body = b"".join(event(c, message) for message in messages) if events else b"".join(messages)
    status = c.pick(*_STATUSES) if c.one_in(6) else status
    kind = (
        one_line(secret(c) if c.one_in(4) else c.pick(*_TYPES))
        if c.one_in(10)
        else (EVENTS if events else JSON).encode()
    )
    headers: list[tuple[bytes, bytes]] = [(b"Content-Type", kind)] if kind or not c.one_in(2) else []
    headers += c.some(_header, most=3) if c.one_in(4) else []
    if c.one_in(60):
        headers += [(b"X-%d" % number, b"x" * c.pick(10, 900)) for number in range(120)]
    if c.one_in(16):
        body, encoding = _encoded(c, body)
        headers.append((b"Content-Encoding", encoding))
    told = any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers)
    framing = c.pick("length", "chunked") if not told else "as told"
    if c.one_in(12):
        framing = c.pick("until closed", "too short", "too long", "bad chunks", "as told")
    pieces, ending = _framed(c, framing, body, headers)
    phrase = one_line(secret(c) if c.one_in(5) else text(c)) if c.one_in(8) else b"OK"
    version = c.pick(b"HTTP/1.0", b"HTTP/2", b"HTTP/1.2", b"http/1.1", b"ICY") if c.one_in(50) else b"HTTP/1.1"
    first = b"%s %s %s\r\n" % (
        version,
        b"%03d" % status if not c.one_in(60) else c.pick(b"", b"abc", b"2000", b"-1"),
        phrase,
    )
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n" * c.pick(1, 3, 400) if c.one_in(40) else b""
    return Spoken(pieces=_in_pieces(c, interim + first + lines + b"\r\n", *pieces), ending=_ending(c, ending))


def _framed(c: Choices, framing: str, body: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[list[bytes], Ending]:
    """The body as it is sent; the headers that announce it are added."""
    match framing:
        case "length":
            headers.append((b"Content-Length", b"%d" % len(body)))
            return [body], "keep"
        case "chunked":
            headers.append((b"Transfer-Encoding", b"chunked"))
            cut = int(len(body) * c.share())
            parts = [chunk(part) for part in (body[:cut], body[cut:]) if part]
            return [*parts, b"0\r\n\r\n"], "keep"
        case "too short":
            headers.append((b"Content-Length", b"%d" % (len(body) + c.pick(1, 10_000))))
            return [body], c.pick("close", "reset", "hang")
        case "too long":
            headers.append((b"Content-Length", b"%d" % (len(body) // 2)))
            return [body], "keep"
        case "bad chunks":
            headers.append((b"Transfer-Encoding", b"chunked"))
            size = c.pick(b"zz", b"-1", b"ffffffffffffffffff", b"", b"5;x=" + b"y" * 3000, b" 5", b"0x5")
            return [chunk(body) if body else b"", size + b"\r\n" + body[:5] + b"\r\n"], c.pick("close", "hang")
        case _:
            return [body], "close"


def _encoded(c: Choices, body: bytes) -> tuple[bytes, bytes]:
    """Compressed well, or almost so."""
    match c.pick("gzip", "deflate", "raw", "cut", "tail", "bomb", "unpacked"):
        case "gzip":
            return gzip.compress(body, 1), b"gzip"
        case "deflate":
            return zlib.compress(body, 1), b"deflate"
        case "raw":
            return zlib.compress(body, 1)[2:-4], b"deflate"
        case "cut":
            return gzip.compress(body, 1)[:-9], b"gzip"
        case "tail":
            return gzip.compress(body, 1) + c.pick(b"x", b"\x00" * 5000), b"gzip"
        case "bomb":
            return _BOMB, b"gzip"
        case _:
            return body, c.pick(b"gzip", b"deflate", b"br")


_BOMB: Final = gzip.compress(bytes(20_000_000), 9)


def _in_pieces(c: Choices, *pieces: bytes) -> tuple[bytes, ...]:
    """All at once, for the most part."""
    whole = b"".join(pieces)
    if not c.one_in(8):
        return (whole,)
    cut = int(len(whole) * c.share())
    some = [whole[:cut], whole[cut:]]
    if c.one_in(3):
        some = [whole[at : at + 1] for at in range(min(len(whole), 40))] + [whole[40:]]
    return tuple(piece for piece in some if piece)


def _ending(c: Choices, ending: Ending) -> Ending:
    return c.pick("close", "reset", "hang") if c.one_in(30) else ending


def _no_http(c: Choices) -> Spoken:
    """Something else than HTTP, or only the beginning of it."""
    data = c.pick(
        *(
            b"",
            b"\x15\x03\x01\x00\x02\x02\x46",
            b"SSH-2.0-x\r\n",
            b"HTTP/1.1 200 OK\r\nContent-",
            b"HTTP/1.1\r\n\r\n",
            b"\x00" * 500,
        ),
        *(
            b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"x" * 200_000,
            b"HTTP/1.1 200 OK\r\n folded\r\n\r\n",
            b"HTTP/1.1 200 OK\nX: y\n\n{}",
        ),
        *(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\r\n" * 300,
        ),
        *(
            b"HTTP/1.1 200 \xff\xfe\r\n\r\n",
            b"220 mail\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
            secret(c).encode(errors="replace"),
        ),
    )
    return Spoken(pieces=(data,), ending=c.pick("close", "reset", "hang"))


def event(c: Choices, data: bytes) -> bytes:
    """One Server-Sent Event, well or oddly written."""
    if not c.one_in(5):
        return b"event: message\ndata: %s\n\n" % data.replace(b"\n", b"\ndata: ")
    kind = one_line(text(c)) if c.one_in(3) else c.pick(b"message", b"", b"ping", b"error", b"endpoint", b"Message")
    end = c.pick(b"\n", b"\r\n", b"\r")
    extra: Callable[[Choices], bytes] = lambda c: c.pick(  # noqa: E731
        *(
            b": comment",
            b"id: 1",
            b"retry: 1",
            b"retry: x",
            b"data",
            b"data:",
            b"event",
            b"id: \x00",
            b":",
            b"x: y",
            b"\xff",
            b"data : x",
        ),
    )
    lines = [
        *c.some(extra, most=2),
        b"event: " + kind,
        c.pick(b"data: ", b"data:") + data.replace(b"\n", end + b"data: "),
    ]
    if c.one_in(8):
        lines.insert(0, b"data: " + b"x" * c.pick(10, 30_000))
    blank = end if not c.one_in(8) else b""
    return (b"\xef\xbb\xbf" if c.one_in(8) else b"") + end.join(lines) + end + blank
