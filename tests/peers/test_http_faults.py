"""Each HTTP fault does on the wire what its name says: seen by a client that only moves bytes."""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.peers.http_faults import FAULTS
from tests.peers.http_peer import Script, http_peer
from tests.peers.messages import MESSAGE_FAULTS
from tests.peers.protocol import Place
from tests.peers.raw_client import End, exchange, headers, http, message

OK: Final = rb"HTTP/1\.1 200 OK\r\n"
STREAM: Final = OK + rb"(?s:.*)text/event-stream(?s:.*)\r\n\r\n"
ERROR: Final = rb'(?s:.*)application/json(?s:.*)"error":\{"code":-32'

SEEN: Final[dict[str, tuple[bytes, End]]] = {
    "http_400": (rb"HTTP/1\.1 400 ", "kept"),
    "http_401": (rb"HTTP/1\.1 401 ", "kept"),
    "http_403": (rb"HTTP/1\.1 403 ", "kept"),
    "http_404": (rb"HTTP/1\.1 404 ", "kept"),
    "http_404_in_session": (rb"HTTP/1\.1 404 ", "kept"),
    "http_405": (rb"HTTP/1\.1 405 ", "kept"),
    "http_421": (rb"HTTP/1\.1 421 ", "kept"),
    "http_429": (rb"HTTP/1\.1 429 (?s:.*)Retry-After: 60", "kept"),
    "http_499": (rb"HTTP/1\.1 499 Unknown", "kept"),
    "http_500": (rb"HTTP/1\.1 500 ", "kept"),
    "http_502": (rb"HTTP/1\.1 502 ", "kept"),
    "http_503": (rb"HTTP/1\.1 503 ", "kept"),
    "http_504": (rb"HTTP/1\.1 504 ", "kept"),
    "http_400_with_error": (rb"HTTP/1\.1 400 " + ERROR, "kept"),
    "http_401_with_error": (rb"HTTP/1\.1 401 " + ERROR, "kept"),
    "http_403_with_error": (rb"HTTP/1\.1 403 " + ERROR, "kept"),
    "http_404_with_error": (rb"HTTP/1\.1 404 " + ERROR + rb"601", "kept"),
    "http_404_with_error_in_session": (rb"HTTP/1\.1 404 " + ERROR + rb"001", "kept"),
    "http_429_with_error": (rb"HTTP/1\.1 429 " + ERROR, "kept"),
    "http_500_with_error": (rb"HTTP/1\.1 500 " + ERROR, "kept"),
    "http_503_with_error": (rb"HTTP/1\.1 503 " + ERROR, "kept"),
    "http_400_unsupported_version": (rb'HTTP/1\.1 400 (?s:.*)-32022(?s:.*)"supported":\["2099', "kept"),
    "delete_404": (rb"HTTP/1\.1 404 ", "kept"),
    "delete_405": (rb"HTTP/1\.1 405 ", "kept"),
    "redirect_301": (rb"HTTP/1\.1 301 (?s:.*)Location: http://127.0.0.1:\d+/elsewhere", "kept"),
    "redirect_302": (rb"HTTP/1\.1 302 (?s:.*)Location: http://127.0.0.1:\d+/elsewhere", "kept"),
    "redirect_307": (rb"HTTP/1\.1 307 (?s:.*)Location: http://127.0.0.1:\d+/elsewhere", "kept"),
    "redirect_308": (rb"HTTP/1\.1 308 (?s:.*)Location: http://127.0.0.1:\d+/elsewhere", "kept"),
    "redirect_302_elsewhere": (rb"HTTP/1\.1 302 (?s:.*)Location: http://127.0.0.2:9/mcp", "kept"),
    "redirect_307_elsewhere": (rb"HTTP/1\.1 307 (?s:.*)Location: http://127.0.0.2:9/mcp", "kept"),
    "html": (OK + rb"(?s:.*)Content-Type: text/html; charset=utf-8(?s:.*)<!doctype html>", "kept"),
    "plain_text": (OK + rb'(?s:.*)Content-Type: text/plain(?s:.*)"result"', "kept"),
    "no_content_type": (OK + rb"(?is:(?!.*content-type).*)<!doctype html>", "kept"),
    "html_called_json": (OK + rb"(?s:.*)application/json(?s:.*)<!doctype html>", "kept"),
    "http_202": (rb"HTTP/1\.1 202 (?s:.*)Content-Length: 0", "kept"),
    "http_204": (rb"HTTP/1\.1 204 No Content\r\n(?!Content-Length)", "kept"),
    "empty_json": (OK + rb"Content-Length: 0\r\nContent-Type: application/json", "kept"),
    "json_with_charset": (OK + rb'(?s:.*)Application/JSON; charset=utf-8(?s:.*)"result"', "kept"),
    "gzip": (OK + rb"(?s:.*)Content-Encoding: gzip(?s:.*)\r\n\r\n\x1f\x8b", "kept"),
    "bad_gzip": (OK + rb"(?s:.*)Content-Encoding: gzip(?s:.*)\r\n\r\nno gzip", "kept"),
    "cut_off_gzip": (OK + rb"(?s:.*)Content-Encoding: gzip(?s:.*)\r\n\r\n\x1f\x8b", "kept"),
    "unknown_encoding": (OK + rb"(?s:.*)Content-Encoding: x-rot13", "kept"),
    "gzip_bomb": (OK + rb"(?s:.*)Content-Encoding: gzip(?s:.*)\r\n\r\n\x1f\x8b", "kept"),
    "body_of_50_mb": (OK + rb"(?s:.*)Content-Length: 52428800", "flood"),
    "endless_body": (OK + rb"(?s:.*)Transfer-Encoding: chunked", "flood"),
    "silence": (rb"$", "silent"),
    "head_then_silence": (OK + rb"(?s:.*)Content-Length: 100\r\n\r\n$", "silent"),
    "head_drip": (rb"H", "silent"),
    "body_drip": (OK + rb"(?s:.*)\r\n\r\n ", "silent"),
    "closed": (rb"$", "closed"),
    "reset": (rb"$", "reset"),
    "reset_in_body": (OK + rb'(?s:.*)\r\n\r\n\{"jsonrpc":$', "reset"),
    "cut_off": (OK + rb"(?s:.*)Content-Length: 10000\r\n(?s:.*)\}$", "closed"),
    "cut_off_in_chunk": (OK + rb"(?s:.*)chunked(?s:.*)(?!0\r\n\r\n).{5}$", "closed"),
    "cut_off_in_head": (OK + rb"Content-Type: applica$", "closed"),
    "ssh_banner": (rb"SSH-2\.0-OpenSSH_9\.9\r\n$", "closed"),
    "bad_status_line": (rb"HTTP/1\.1 fine\r\n\r\n$", "closed"),
    "bad_header_line": (OK + rb"no header\r\n\r\n$", "closed"),
    "bad_chunk_size": (OK + rb"(?s:.*)chunked(?s:.*)\r\n\r\nmany\r\n", "closed"),
    "huge_header": (OK + rb"X-Huge: x{300000}\r\n\r\n$", "closed"),
    "too_slow": (OK + rb'(?s:.*)"result"', "kept"),
    "second_opinion_fails": (rb"HTTP/1\.1 500 ", "kept"),
    "stream_silent": (STREAM + rb"$", "silent"),
    "stream_of_comments": (STREAM + rb".*\r\n: still here\n\n\r\n", "silent"),
    "stream_of_notifications": (STREAM + rb'(?s:.*)data: .*"notifications/message"', "silent"),
    "stream_drip": (STREAM + rb"6\r\ndata: \r\n1\r\n \r\n", "silent"),
    "stream_flood": (STREAM + rb"(?s:.*)(?:notifications/message(?s:.*)){9}", "flood"),
    "stream_unfinished": (STREAM + rb'(?s:.*)"result"(?s:.*)\}\r\n$', "silent"),
    "stream_unfinished_then_closed": (STREAM + rb'(?s:.*)"result"(?s:.*)\}\n\r\n0\r\n\r\n', "kept"),
    "stream_empty": (STREAM + rb"0\r\n\r\n", "kept"),
    "stream_of_one_comment": (STREAM + rb".\r\n: bye\n\n\r\n0\r\n\r\n", "kept"),
    "stream_ends_after_notification": (STREAM + rb"(?s:.*)notifications/message.*\n\n\r\n0\r\n\r\n", "kept"),
    "stream_asks_to_be_resumed": (STREAM + rb".*\r\nid: 1\nretry: 0\ndata:\n\n\r\n0\r\n\r\n", "kept"),
    "stream_of_another_event": (STREAM + rb'.*\r\nevent: news\ndata: \{"answer":42\}\n\n\r\n0\r\n\r\n', "kept"),
    "stream_reset": (STREAM + rb".*\r\n: hello\n\n\r\n$", "reset"),
    "stream_cut_off": (STREAM + rb".*\r\n: hello\n\n\r\n$", "closed"),
    "event_too_large": (STREAM + rb"(?s:.*)x{1572864}\r\n2\r\n\n\n\r\n$", "silent"),
    "line_too_large": (STREAM + rb"(?s:.*)x{1572864}\r\n$", "silent"),
    "stream_asks_ping_first": (STREAM + rb'(?s:.*)"id":"server-7","method":"ping"', "silent"),
    "stream_asks_sampling_first": (STREAM + rb'(?s:.*)"method":"sampling/createMessage"', "silent"),
    "stream_notifies_first": (STREAM + rb'(?s:.*)(?:notifications/message(?s:.*)){3}"result"', "kept"),
    "stream_primed": (STREAM + rb'.*\r\nid: 1\nretry: 100\ndata:\n\n(?s:.*)"result"', "kept"),
    "stream_with_byte_order_mark": (STREAM + rb'.*\r\n\xef\xbb\xbf: hello(?s:.*)"result"', "kept"),
    "stream_of_many_lines": (STREAM + rb'(?s:.*)\ndata:  "result": \{\r\n', "kept"),
    "stream_byte_by_byte": (STREAM + rb"1\r\ne\r\n1\r\nv\r\n1\r\ne\r\n", "kept"),
    "dead_session_400": (rb"HTTP/1\.1 400 ", "kept"),
    "get_404": (rb"HTTP/1\.1 404 ", "kept"),
    "unknown_method_answered": (OK + rb'(?s:.*)"result"', "kept"),
    "headers_unchecked": (OK + rb'(?s:.*)"result"', "kept"),
    "origin_unchecked": (OK + rb'(?s:.*)"result"', "kept"),
    "cached_for_all": (OK + rb'(?s:.*)"cacheScope":"public"', "kept"),
    "open_to_everybody": (OK + rb'(?s:.*)"result"', "kept"),
    "http_403_to_strangers": (rb"HTTP/1\.1 403 ", "kept"),
    "no_resource_metadata": (rb"HTTP/1\.1 401 (?s:.*)WWW-Authenticate: Bearer\r\n", "kept"),
    "stream_cut": (STREAM + rb"0\r\n\r\n", "kept"),
    "stream_kept_open": (STREAM + rb"$", "silent"),
    "stream_left_open": (STREAM + rb'(?s:.*)"result"(?s:.*)\n\n\r\n$', "silent"),
}


def test_every_fault_of_its_own_is_looked_at() -> None:
    of_messages = set(MESSAGE_FAULTS) | {f"{name}_in_event" for name in MESSAGE_FAULTS}
    assert set(SEEN) == set(FAULTS) - of_messages


@pytest.mark.parametrize("name", SEEN)
async def test_a_fault_is_seen_on_the_wire_as_its_name_says(name: str) -> None:
    fault = FAULTS[name]
    pattern, end = SEEN[name]
    era, step = min(fault.where, key=_most_telling)
    async with http_peer(Script(era=era, faults={step: fault.act})) as peer:
        port = urlsplit(peer.url).port or 0
        session = await _session(port) if era == "handshake" and step != "initialize" else None
        if name == "dead_session_400":
            session = "gone"
        request = (
            http(
                "DELETE" if step == "close" else "GET",
                "/mcp",
                {"Mcp-Session-Id": session or "", "Accept": "text/event-stream"},
            )
            if step == "close" or (step == "listen" and era == "handshake")
            else http("POST", "/mcp", headers(step, era, session), message(step, era))
        )
        seen = await exchange(port, request, within=0.2 if end == "silent" else 5)
    assert re.match(pattern, seen.data), seen.data[:500]
    assert seen.end == end


def _most_telling(place: Place) -> tuple[bool, Place]:
    return place.step != "call", place


async def _session(port: int) -> str:
    opening = http("POST", "/mcp", headers("initialize", "handshake"), message("initialize", "handshake"))
    seen = await exchange(port, opening, within=5)
    found = re.search(rb"Mcp-Session-Id: (\S+)", seen.data)
    assert found
    return found[1].decode()


@pytest.mark.parametrize("name", ["wrong_id", "bad_utf8", "batch"])
@pytest.mark.parametrize("suffix", ["", "_in_event"])
async def test_message_faults_are_carried_as_they_are(name: str, suffix: str) -> None:
    sent = message("list", "modern")
    async with http_peer() as well_behaved:
        port = urlsplit(well_behaved.url).port or 0
        seen = await exchange(port, http("POST", "/mcp", headers("list", "modern"), sent), within=5)
        good = _body(seen.data)
    async with http_peer(Script(faults={"list": FAULTS[name + suffix].act})) as peer:
        port = urlsplit(peer.url).port or 0
        seen = await exchange(port, http("POST", "/mcp", headers("list", "modern"), sent), within=5)
    assert MESSAGE_FAULTS[name].act(sent, good) in seen.data


def _body(data: bytes) -> dict[str, object]:
    value: dict[str, object] = json.loads(data.partition(b"\r\n\r\n")[2].partition(b"HTTP/1.1 405")[0])
    return value
