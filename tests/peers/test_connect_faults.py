"""Each setting in which no server answers is as bad as its name says: seen by plain sockets and by ssl."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.peers.connect_faults import CONNECT, FAULTS, SPAWN_FAULTS, Target
from tests.peers.raw_client import exchange, headers, http, message
from tests.peers.wire import Request

PATIENCE: Final = 0.2
"""Seconds after which nothing is taken for silence."""


async def connect(target: Target) -> str:
    """What becomes of a TCP connection to the target."""
    url = urlsplit(target["url"])
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(url.hostname, url.port or 80)
    except TimeoutError:
        return "silence"
    except socket.gaierror:
        return "no such name"
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    writer.transport.abort()
    return "connected"


async def encrypt(target: Target) -> str:
    """What becomes of TLS with the target, and of one byte over it: the reason in OpenSSL's words."""
    url, files = urlsplit(target["url"]), target.get("tls", {})
    context = ssl.create_default_context(cafile=files.get("ca_file"))
    if "client_certificate" in files:
        context.load_cert_chain(files["client_certificate"], files["client_key"])
    try:
        async with asyncio.timeout(2 * PATIENCE):
            reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context)
            try:
                writer.write(http("GET", "/mcp"))
                return (await reader.read(9)).decode()
            finally:
                writer.transport.abort()
    except TimeoutError:
        return "silence"
    except ssl.SSLCertVerificationError as error:
        return f"verify {error.verify_code}"
    except ssl.SSLError as error:
        return error.reason or "no reason"
    except ConnectionResetError:
        return "reset"


async def speak_plainly(target: Target) -> str:
    """What a plain HTTP request brings."""
    seen = await exchange(urlsplit(target["url"]).port or 0, http("GET", "/mcp"), within=PATIENCE)
    return f"{seen.data[:9].decode('latin-1')} {seen.end}"


async def tunnel(target: Target) -> str:
    """What the target's proxy says to CONNECT."""
    proxy, url = urlsplit(target["proxy"]), urlsplit(target["url"])
    try:
        seen = await exchange(proxy.port or 0, http("CONNECT", url.netloc), within=PATIENCE)
    except ConnectionRefusedError:
        return "refused"
    return seen.data[9:12].decode() or "silence"


async def ask_token(target: Target) -> str:
    """What the token endpoint says."""
    url = urlsplit(target["auth"]["client_credentials"]["token_url"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        seen = await exchange(url.port or 0, http("POST", url.path, form), within=PATIENCE)
    except ConnectionRefusedError:
        return "refused"
    body = seen.data.partition(b"\r\n\r\n")[2].partition(b"HTTP/1.1")[0].decode()
    return f"{seen.data[9:12].decode()} {body}".strip() or "silence"


async def call(target: Target) -> str:
    """The status of a good request in the modern era."""
    request = http("POST", "/mcp", headers("discover", "modern"), message("discover", "modern"))
    seen = await exchange(urlsplit(target["url"]).port or 0, request, within=5)
    return seen.data[9:12].decode()


LOOKS: Final[dict[str, tuple[Callable[[Target], Any], str]]] = {
    "unknown_host": (connect, "no such name"),
    "closed_port": (connect, "ECONNREFUSED"),
    "unreachable": (connect, "ENETUNREACH"),
    "blackhole": (connect, "silence"),
    "slow_to_accept": (call, "200"),
    "certificate_good": (encrypt, "HTTP/1.1 "),
    "certificate_expired": (encrypt, "verify 10"),
    "certificate_not_yet_valid": (encrypt, "verify 9"),
    "certificate_for_wrong_host": (encrypt, "verify 64"),
    "certificate_of_unknown_authority": (encrypt, "verify 20"),
    "certificate_self_signed": (encrypt, "verify 18"),
    "authority_not_told": (encrypt, "verify 20"),
    "client_certificate_wanted": (encrypt, "TLSV13_ALERT_CERTIFICATE_REQUIRED"),
    "client_certificate_shown": (encrypt, "HTTP/1.1 "),
    "tls_to_plain_port": (encrypt, "WRONG_VERSION_NUMBER"),
    "plain_to_tls_port": (speak_plainly, " closed"),
    "tls_handshake_hangs": (encrypt, "silence"),
    "tls_handshake_reset": (encrypt, "reset"),
    "proxy_works": (tunnel, "200"),
    "proxy_wants_password": (tunnel, "407"),
    "proxy_cannot_reach": (tunnel, "502"),
    "proxy_hangs": (tunnel, "silence"),
    "proxy_closed": (tunnel, "refused"),
    "token_given": (
        ask_token,
        '200 {"access_token":"peer-access-token","token_type":"Bearer","expires_in":3600}',
    ),
    "token_refused": (ask_token, '400 {"error":"invalid_client","error_description":"Unknown client"}'),
    "token_http_401": (ask_token, "401 who are you?"),
    "token_http_500": (ask_token, "500 sorry"),
    "token_html": (ask_token, "200 <!doctype html><p>Please log in."),
    "token_without_token": (ask_token, '200 {"token_type":"Bearer"}'),
    "token_redirect": (ask_token, "302"),
    "token_silence": (ask_token, "silence"),
    "token_closed_port": (ask_token, "refused"),
}


def test_every_fault_is_looked_at() -> None:
    assert set(LOOKS) == set(FAULTS)
    assert all(fault.where == CONNECT for fault in FAULTS.values())


@pytest.mark.parametrize("name", LOOKS)
async def test_a_setting_is_as_bad_as_its_name_says(name: str, tmp_path: Path) -> None:
    look, expected = LOOKS[name]
    async with FAULTS[name].act("modern", tmp_path) as target:
        assert await look(target) == expected


@pytest.mark.parametrize("name", SPAWN_FAULTS)
async def test_a_command_fails_as_its_name_says(name: str, tmp_path: Path) -> None:
    expected: dict[str, object] = {
        "command_missing": FileNotFoundError,
        "file_missing": FileNotFoundError,
        "file_not_executable": PermissionError,
        "file_of_no_format": OSError,
        "exits_at_once": 3,
        "killed_at_once": -9,
        "says_nothing": subprocess.TimeoutExpired,
    }
    async with SPAWN_FAULTS[name].act("modern", tmp_path) as target:
        assert _run(target["command"]) == expected[name]


def _run(command: list[str]) -> object:
    try:
        return subprocess.run(command, timeout=PATIENCE, check=False).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error)


def test_the_step_of_a_stranger_is_none() -> None:
    stranger = Request(method="PUT", target="/mcp", headers={}, body=b"", connection=1)
    assert stranger.step is None
