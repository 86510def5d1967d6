"""What goes wrong in the first hour, by real exchanges: situation, reason, message, next step."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason, Situation
from prober.report.next_step import next_step
from tests.peers import connect_faults, ports, tls
from tests.peers.http_acts import silence, status_with_error
from tests.peers.http_peer import Script, http_peer
from tests.peers.legacy_peer import legacy_peer
from tests.peers.listener import listening
from tests.peers.protocol import RpcError
from tests.peers.wire import read_request, response, send

Target = dict[str, Any]
Setting = Callable[[Path], AbstractAsyncContextManager[Target]]
CALL: Final = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}}


def known(name: str) -> Setting:
    """A setting of the faults that concern the connection."""
    return lambda folder: connect_faults.FAULTS[name].act("handshake", folder)


@asynccontextmanager
async def unsure_of_its_sessions(folder: Path) -> AsyncIterator[Target]:
    """A server whose proxy drops the header of sessions."""
    missing = status_with_error(400, RpcError(-32000, "Bad Request: Missing session ID"))
    async with http_peer(Script(era="handshake", faults={"initialized": missing})) as peer:
        yield {"url": peer.url, "protocol": "handshake"}


def answering(
    status: int,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    path: str = "/mcp",
    encrypted: bool = False,
    **settings: Any,
) -> Setting:
    """A server that has one answer to everything. `encrypted` is whether it speaks TLS, as its URL then says."""

    @asynccontextmanager
    async def setting(folder: Path) -> AsyncIterator[Target]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await read_request(reader, connection=0):
                await send(writer, response(status, headers, body))

        async with listening(serve, tls=tls.server_context("good") if encrypted else None) as port:
            trusted = {"tls": {"ca_file": str(tls.write_authority(folder))}} if encrypted else {}
            scheme = "https" if encrypted else "http"
            yield {"url": f"{scheme}://127.0.0.1:{port}{path}", **trusted, **settings}

    return setting


def command(*words: str, **settings: Any) -> Setting:
    @asynccontextmanager
    async def setting(folder: Path) -> AsyncIterator[Target]:
        yield {"command": list(words), **settings}

    return setting


def printing(*lines: str) -> Setting:
    """A Python program that prints to its standard output, and then waits."""
    return command(
        sys.executable, "-c", "\n".join([f"print({line!r}, flush=True)" for line in lines] + ["input()"] * 9)
    )


@asynccontextmanager
async def alert(folder: Path) -> AsyncIterator[Target]:
    """A port that answers plain HTTP with an alert of TLS, as OpenSSL's own server does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await send(writer, b"\x15\x03\x01\x00\x02\x02\x0a")

    async with listening(serve) as port:
        yield {"url": f"http://127.0.0.1:{port}/mcp"}


def rpc_error(code: int, message: str) -> Setting:
    @asynccontextmanager
    async def setting(folder: Path) -> AsyncIterator[Target]:
        act = status_with_error(200, RpcError(code, message))
        async with http_peer(Script(era="handshake", faults={"call": act})) as peer:
            yield {"url": peer.url}

    return setting


@asynccontextmanager
async def well_behaved(folder: Path) -> AsyncIterator[Target]:
    async with http_peer(Script(era="handshake")) as peer:
        yield {"url": peer.url}


@asynccontextmanager
async def not_executable(folder: Path) -> AsyncIterator[Target]:
    (folder / "server.py").write_text("import notes")
    yield {"command": [str(folder / "server.py")]}


@asynccontextmanager
async def legacy_as_streamable(folder: Path) -> AsyncIterator[Target]:
    async with legacy_peer() as peer:
        yield {"url": peer.url}


@asynccontextmanager
async def streamable_as_legacy(folder: Path) -> AsyncIterator[Target]:
    async with http_peer(Script(era="handshake")) as peer:
        yield {"url": peer.url, "transport": "sse"}


@asynccontextmanager
async def stream_without_endpoint(folder: Path) -> AsyncIterator[Target]:
    """A server of Streamable HTTP that opens its stream of notifications to whoever asks."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await send(writer, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        await reader.read()

    async with listening(serve) as port:
        yield {"url": f"http://127.0.0.1:{port}/mcp", "transport": "sse"}


@asynccontextmanager
async def silent_call(folder: Path) -> AsyncIterator[Target]:
    async with http_peer(Script(era="handshake", faults={"call": silence})) as peer:
        yield {"url": peer.url}


@asynccontextmanager
async def elsewhere(folder: Path) -> AsyncIterator[Target]:
    with ports.closed_port() as port:
        yield {"url": "https://notes.example/mcp", "proxy": f"http://127.0.0.1:{port}"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A situation and what is said of it. `message` and `next` are patterns; PORT in them is any number."""

    setting: Setting
    reason: Reason
    situation: Situation | None = None
    message: str
    next: str
    probe: dict[str, Any] = field(default_factory=lambda: CALL)
    timeout: str = "5s"


HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
CASES: Final = {
    "a name that nobody knows": Case(
        setting=known("unknown_host"),
        reason=Reason.DNS_FAILED,
        situation=Situation.NAME_UNKNOWN,
        message=r"the host name \S+\.invalid was not resolved: Name or service not known",
        next="Correct the host name in `url`.",
    ),
    "a port where nothing listens": Case(
        setting=known("closed_port"),
        reason=Reason.CONNECT_REFUSED,
        message="Connection refused: 127.0.0.1 port PORT",
        next="Start the server, or correct host and port in `url`.",
    ),
    "a machine that does not answer": Case(
        setting=known("blackhole"),
        reason=Reason.CONNECT_TIMEOUT,
        message="the timeout of 0.5 s passed before 127.0.0.1:PORT took the connection",
        next="Check host, port and firewall",
        timeout="500ms",
    ),
    "a proxy that is not there": Case(
        setting=elsewhere,
        reason=Reason.CONNECT_REFUSED,
        situation=Situation.PROXY_UNREACHABLE,
        message="the proxy: Connection refused: 127.0.0.1 port PORT",
        next="Correct `proxy` of the target, or start the proxy",
    ),
    "a proxy that wants a password": Case(
        setting=known("proxy_wants_password"),
        reason=Reason.PROXY_FAILED,
        message="the proxy refused the tunnel: 407 .*",
        next=r"Correct `proxy` of the target, with user and password .*\$\{PROXY_USER\}",
    ),
    "https to a plain port": Case(
        setting=known("tls_to_plain_port"),
        reason=Reason.TLS_FAILED,
        situation=Situation.TLS_TO_PLAIN_PORT,
        message="the port answered the TLS handshake with something else than TLS .*",
        next="If the port speaks plain HTTP, write `url: http://127.0.0.1:PORT/mcp`.",
    ),
    "http to a port that only closes": Case(
        setting=known("plain_to_tls_port"),
        reason=Reason.CONNECTION_CLOSED,
        message="the server closed the connection without an answer",
        next=".*If the port speaks TLS, write `url: https://…`.",
    ),
    "http to a port that answers in TLS": Case(
        setting=alert,
        reason=Reason.NOT_HTTP,
        situation=Situation.PLAIN_TO_TLS_PORT,
        message="the port answered with an alert of TLS, not with HTTP",
        next="Write `url: https://127.0.0.1:PORT/mcp`.",
    ),
    "http to the TLS port of a web server": Case(
        setting=answering(400, HTML, b"<center>The plain HTTP request was sent to HTTPS port</center>"),
        reason=Reason.CLIENT_ERROR,
        situation=Situation.PLAIN_TO_TLS_PORT,
        message="HTTP 400: Bad Request",
        next="Write `url: https://127.0.0.1:PORT/mcp`.",
    ),
    "a certificate that has expired": Case(
        setting=known("certificate_expired"),
        reason=Reason.TLS_EXPIRED,
        message=r"certificate has expired, since \d{4}-\d\d-\d\d \d\d:\d\d UTC",
        next="Renew the certificate and have the server load it.",
    ),
    "a certificate of tomorrow": Case(
        setting=known("certificate_not_yet_valid"),
        reason=Reason.TLS_EXPIRED,
        situation=Situation.CERTIFICATE_NOT_YET_VALID,
        message=r"certificate is not yet valid, but from \d{4}-\d\d-\d\d \d\d:\d\d UTC",
        next=r"Check the clock of this machine \(`date`\)",
    ),
    "a certificate for another host": Case(
        setting=known("certificate_for_wrong_host"),
        reason=Reason.TLS_HOSTNAME,
        message=".*not valid for '127.0.0.1'.*; it is for .+",
        next="Write a host name in `url` that the certificate has",
    ),
    "a certificate that signs itself": Case(
        setting=known("certificate_self_signed"),
        reason=Reason.TLS_UNTRUSTED,
        situation=Situation.CERTIFICATE_SELF_SIGNED,
        message="self.signed certificate",
        next=r"If the certificate is your own, save it to a file and write `tls: \{ca_file: FILE\}`",
    ),
    "an authority of one's own": Case(
        setting=known("authority_not_told"),
        reason=Reason.TLS_UNTRUSTED,
        message="unable to get local issuer certificate",
        next=r"If the authority is your own, write `tls: \{ca_file: FILE\}`",
    ),
    "a server that wants a certificate": Case(
        setting=known("client_certificate_wanted"),
        reason=Reason.TLS_FAILED,
        situation=Situation.CLIENT_CERTIFICATE_WANTED,
        message=".*CERTIFICATE_REQUIRED",
        next=r"Write `tls: \{client_certificate: FILE, client_key: FILE\}`",
    ),
    "401 without credentials": Case(
        setting=answering(401, {"WWW-Authenticate": 'Bearer realm="notes", error="invalid_token"'}),
        reason=Reason.UNAUTHORIZED,
        situation=Situation.CREDENTIALS_MISSING,
        message='HTTP 401: Unauthorized; WWW-Authenticate: Bearer realm="notes", error="invalid_token"',
        next=r"Write `auth: \{bearer: \$\{TOKEN\}\}` for the target, or `headers: \{NAME: \$\{KEY\}\}`",
    ),
    "401 with credentials, which the server repeats": Case(
        setting=answering(
            401, {"WWW-Authenticate": 'Bearer error="bad s3cret-token"'}, auth={"bearer": "s3cret-token"}
        ),
        reason=Reason.UNAUTHORIZED,
        situation=Situation.CREDENTIALS_REFUSED,
        message=r'HTTP 401: Unauthorized; WWW-Authenticate: Bearer error="bad \*\*\*"',
        next="Get a new token or key and set the variable that `auth` or `headers` of the target names",
    ),
    "403": Case(
        setting=answering(403),
        reason=Reason.FORBIDDEN,
        message="HTTP 403: Forbidden",
        next="Give the token's account the right that the answer names",
    ),
    "429": Case(
        setting=answering(429),
        reason=Reason.RATE_LIMITED,
        message="HTTP 429: Too Many Requests",
        next="Raise `interval` of the target's probes",
    ),
    "502": Case(
        setting=answering(502, HTML, b"<title>502 Bad Gateway</title>"),
        reason=Reason.SERVER_ERROR,
        situation=Situation.GATEWAY,
        message="HTTP 502: Bad Gateway",
        next="Start the server behind the proxy",
    ),
    "500": Case(
        setting=answering(500),
        reason=Reason.SERVER_ERROR,
        message="HTTP 500: Internal Server Error",
        next="Look in the server's log at this time",
    ),
    "503": Case(
        setting=answering(503),
        reason=Reason.UNAVAILABLE,
        message="HTTP 503: Service Unavailable",
        next="See whether an instance of the server runs",
    ),
    "a redirect to a slash": Case(
        setting=answering(307, {"Location": "/mcp/?token=geheim"}),
        reason=Reason.REDIRECTED,
        message="HTTP 307 sends clients to http://127.0.0.1:PORT/mcp/",
        next="If the address is the server's own, write it: `url: http://127.0.0.1:PORT/mcp/`.",
    ),
    "a redirect to a login page": Case(
        setting=answering(302, {"Location": "https://me:geheim@login.example/start?next=mcp"}),
        reason=Reason.REDIRECTED,
        situation=Situation.REDIRECT_ELSEWHERE,
        message="HTTP 302 sends clients to https://login.example/start",
        next="If it is the server's new home, write `url: https://login.example/start`. If it is a login page",
    ),
    "a redirect to nowhere": Case(
        setting=answering(302),
        reason=Reason.REDIRECTED,
        message="HTTP 302, and no address to go to instead",
        next="If the address is the server's own",
    ),
    "a URL without a path": Case(
        setting=answering(404, path=""),
        reason=Reason.NOT_FOUND,
        situation=Situation.PATH_MISSING,
        message="HTTP 404: Not Found",
        next="Write the path in `url`, mostly `http://127.0.0.1:PORT/mcp`; for an older server, `/sse` with "
        "`transport: sse`.",
    ),
    "a wrong path": Case(
        setting=answering(404, path="/api"),
        reason=Reason.NOT_FOUND,
        message="HTTP 404: Not Found",
        next="Correct the path in `url`. MCP servers mostly answer at `/mcp`, older ones at `/sse`",
    ),
    "a path that takes no POST": Case(
        setting=answering(405, path="/health"),
        reason=Reason.CLIENT_ERROR,
        situation=Situation.METHOD_REFUSED,
        message="HTTP 405: Method Not Allowed",
        next="Correct the path in `url`, mostly `/mcp`.",
    ),
    "a web page": Case(
        setting=answering(200, HTML, b"<title>Sign in</title>"),
        reason=Reason.BAD_CONTENT_TYPE,
        situation=Situation.WEB_PAGE,
        message="HTTP 200 with content type text/html instead of .*",
        next="Correct the path in `url`, mostly `/mcp`. If the page is a login, write `auth` or `headers`",
    ),
    "an older server asked as a new one": Case(
        setting=legacy_as_streamable,
        reason=Reason.CLIENT_ERROR,
        situation=Situation.SSE_SERVER,
        message="HTTP 405: Method Not Allowed",
        next="Write `transport: sse` for the target",
    ),
    "a new server asked as an older one": Case(
        setting=streamable_as_legacy,
        reason=Reason.CLIENT_ERROR,
        situation=Situation.STREAMABLE_SERVER,
        message="HTTP 405: Method Not Allowed",
        next="Write `transport: http` for the target",
    ),
    "a stream that names no endpoint": Case(
        setting=stream_without_endpoint,
        reason=Reason.TIMEOUT,
        situation=Situation.STREAMABLE_SERVER,
        message="the timeout of 0.5 s passed while .*the `endpoint` event of the stream.*",
        next="Write `transport: http` for the target",
        timeout="500ms",
    ),
    "a call that hangs": Case(
        setting=silent_call,
        reason=Reason.TIMEOUT,
        message="the timeout of 0.5 s passed while waiting for the first byte of the answer",
        next="If the server may take longer, raise `timeout` of the probe p.",
        timeout="500ms",
    ),
    "a token endpoint that is not there": Case(
        setting=known("token_closed_port"),
        reason=Reason.CONNECT_REFUSED,
        situation=Situation.TOKEN_ENDPOINT,
        message="Connection refused: 127.0.0.1 port PORT",
        next="Check `token_url` in `auth.client_credentials` of the target",
    ),
    "a method that the server does not know": Case(
        setting=rpc_error(-32601, "Method not found"),
        reason=Reason.RPC_ERROR,
        situation=Situation.UNKNOWN_METHOD,
        message="error -32601: Method not found",
        next="Remove the probe p if the server need not offer this part of MCP",
    ),
    "arguments that are wrong": Case(
        setting=rpc_error(-32602, "Invalid params"),
        reason=Reason.RPC_ERROR,
        situation=Situation.INVALID_ARGUMENTS,
        message="error -32602: Invalid params",
        next="Correct what the probe p sends, such as `arguments`",
    ),
    "a resource that is not there": Case(
        setting=rpc_error(-32002, "Resource not found"),
        reason=Reason.RPC_ERROR,
        situation=Situation.UNKNOWN_RESOURCE,
        message="error -32002: Resource not found",
        next="Correct `uri` of the probe p.",
    ),
    "headers that a proxy changed": Case(
        setting=rpc_error(-32020, "Header mismatch"),
        reason=Reason.RPC_ERROR,
        situation=Situation.HEADERS_CHANGED,
        message="error -32020: Header mismatch",
        next="Look at the proxy before the server",
    ),
    "a session that is refused as soon as it is there": Case(
        setting=unsure_of_its_sessions,
        reason=Reason.RPC_ERROR,
        situation=Situation.NEW_SESSION_REFUSED,
        message="HTTP 400: error -32000: Bad Request: Missing session ID",
        next="Look at what stands before the server: it has to pass on `Mcp-Session-Id`",
    ),
    "a capability that is wanted": Case(
        setting=rpc_error(-32021, "sampling is needed"),
        reason=Reason.RPC_ERROR,
        situation=Situation.CAPABILITY_WANTED,
        message="error -32021: sampling is needed",
        next="If the tool answers by a task, write `task: follow` in a probe of `kind: call`. Otherwise probe",
    ),
    "an answer that is too heavy": Case(
        setting=well_behaved,
        reason=Reason.EXPECTATION_FAILED,
        situation=Situation.TOKENS_OVER_BUDGET,
        message="the answer takes about PORT tokens, the budget is 5",
        next="Shorten descriptions and schemas of the heaviest tools, .* raise `max_tokens` of the probe p.",
        probe=CALL | {"max_tokens": 5},
    ),
    "an exception in the server": Case(
        setting=rpc_error(-32603, "Internal error"),
        reason=Reason.RPC_ERROR,
        situation=Situation.SERVER_EXCEPTION,
        message="error -32603: Internal error",
        next="Look in the server's log at this time",
    ),
    "an error of the server's own": Case(
        setting=rpc_error(-32050, "out of paper"),
        reason=Reason.RPC_ERROR,
        message="error -32050: out of paper",
        next="Read the error; its details are in the server's log at this time.",
    ),
    "a program that is not installed": Case(
        setting=command("no-such-server", "--stdio"),
        reason=Reason.SPAWN_FAILED,
        situation=Situation.PROGRAM_MISSING,
        message=r"no-such-server could not be started: No such file or directory.*",
        next="Install no-such-server, or write its whole path in `command`.",
    ),
    "a program that may not be executed": Case(
        setting=not_executable,
        reason=Reason.SPAWN_FAILED,
        situation=Situation.PROGRAM_NOT_EXECUTABLE,
        message=".*/server.py could not be started: Permission denied.*",
        next=r"Make \S+/server.py executable \(`chmod \+x`\)",
    ),
    "a folder to start in that went away": Case(
        setting=command("cat", cwd="gone"),
        reason=Reason.SPAWN_FAILED,
        situation=Situation.FOLDER_MISSING,
        message="cat could not be started: No such file or directory.*",
        next="Correct `cwd` of the target",
    ),
    "a process that exits": Case(
        setting=command("sh", "-c", "echo 'NOTES_TOKEN is not set' >&2; exit 3"),
        reason=Reason.PROCESS_EXITED,
        message=".*3.*",
        next="Read the server's standard error in the evidence",
    ),
    "text on standard output": Case(
        setting=printing("Notes server 1.0 is ready"),
        reason=Reason.MALFORMED_JSON,
        situation=Situation.TEXT_ON_STDOUT,
        message="the server prints to stdout; log to stderr: 'Notes server 1.0 is ready' is no message",
        next="Have the server log to standard error",
    ),
    "a server that does not start": Case(
        setting=command("sleep", "60", startup_timeout="500ms"),
        reason=Reason.TIMEOUT,
        situation=Situation.SLOW_START,
        message="the server wrote nothing for 0.5 s after its start, the startup_timeout of the target",
        next="If the server needs longer to start, raise `startup_timeout` of the target t.",
    ),
}


async def ran(case: Case, folder: Path) -> Outcome:
    async with case.setting(folder) as target:
        if target.get("cwd") == "gone":
            (folder / "gone").mkdir()
            target = {**target, "cwd": str(folder / "gone")}
        document = {"targets": {"t": target}, "probes": {"p": {"target": "t", "timeout": case.timeout, **case.probe}}}
        file = folder / "probes.yaml"
        file.write_text(json.dumps(document))
        config = load([file], environ={})
        if "cwd" in target:
            os.rmdir(target["cwd"])  # noqa: PTH106 - a folder that is missing when the file is read is a mistake in the file
        [outcome] = await run_pass(config, list(config.probes.values()))
    return outcome


@pytest.mark.parametrize("name", CASES)
async def test_a_failure_says_what_was_seen_and_what_to_do(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    outcome = await ran(case, tmp_path)
    said = f"{outcome.reason}: {outcome.message}\nnext: {next_step(outcome)}"
    assert outcome.reason is case.reason, said
    assert outcome.evidence[0].situation == case.situation, said
    assert re.fullmatch(case.message.replace("PORT", r"\d+"), outcome.message), said
    assert re.match(case.next.replace("PORT", r"\d+"), next_step(outcome)), said
    assert "geheim" not in str(outcome)


def test_every_situation_is_shown_by_an_exchange() -> None:
    shown = {case.situation for case in CASES.values()}
    assert set(Situation) - shown == ELSEWHERE


ELSEWHERE: Final = {Situation.NAME_SERVER_SILENT, Situation.NO_LEAVE}
"""Shown in tests/client and tests/engine: a name server that is silent, and a process that does not leave."""
