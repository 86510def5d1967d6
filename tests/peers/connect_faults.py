"""What goes wrong before a server says its first word: `FAULTS`, name to fault.

An act is a context in which things are as bad as its name says; it yields a target in the words of the configuration.
Its folder is for files that the target names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from prober.outcome import Reason
from tests.peers import ports, tls
from tests.peers.fault import Fault
from tests.peers.http_peer import Script, http_peer
from tests.peers.protocol import Era, Place
from tests.peers.token_peer import TOKEN_ACTS, token_peer

Target = dict[str, Any]
Setting = Callable[[Era, Path], AbstractAsyncContextManager[Target]]

CONNECT: Final = frozenset({Place("modern", "connect"), Place("handshake", "connect")})


def _at(port: int, scheme: str = "http") -> Target:
    return {"url": f"{scheme}://127.0.0.1:{port}/mcp"}


def address(url: str) -> Setting:
    """A URL behind which nothing of ours is."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        yield {"url": url}

    return setting


@asynccontextmanager
async def closed_port(era: Era, folder: Path) -> AsyncIterator[Target]:
    with ports.closed_port() as port:
        yield _at(port)


@asynccontextmanager
async def slow_to_accept(era: Era, folder: Path) -> AsyncIterator[Target]:
    async with ports.slow_to_accept(Script(era=era), seconds=0.2) as peer:
        yield {"url": peer.url}


def port_of(kind: Callable[[], AbstractAsyncContextManager[int]], *, scheme: str = "http") -> Setting:
    """One of the ports of `ports`, as the target itself."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        async with kind() as port:
            yield _at(port, scheme)

    return setting


def certificate(name: str, *, trusted: bool = True, shown: bool = False) -> Setting:
    """A good peer behind the certificate `name`; `trusted` and `shown` say what the client brings along."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        files: dict[str, str] = {"ca_file": str(tls.write_authority(folder))} if trusted else {}
        if shown:
            client, key = tls.write_client_certificate(folder)
            files |= {"client_certificate": str(client), "client_key": str(key)}
        async with http_peer(Script(era=era), tls=tls.server_context(name)) as peer:
            yield {"url": peer.url} | ({"tls": files} if files else {})

    return setting


@asynccontextmanager
async def client_certificate_wanted(era: Era, folder: Path) -> AsyncIterator[Target]:
    async with ports.refusing_handshake(tls.server_context("wants_client_certificate")) as port:
        yield _at(port, "https") | {"tls": {"ca_file": str(tls.write_authority(folder))}}


def other_scheme(*, encrypted: bool) -> Setting:
    """A good peer spoken to in TLS where it is plain, and in plain where it is `encrypted`."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        async with http_peer(Script(era=era), tls=tls.server_context("good") if encrypted else None) as peer:
            own, other = ("https", "http") if encrypted else ("http", "https")
            yield {"url": peer.url.replace(own, other, 1)}

    return setting


def behind(proxy: Callable[[], AbstractAsyncContextManager[int]]) -> Setting:
    """A good TLS peer that is reached through a proxy."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        async with certificate("good")(era, folder) as target, proxy() as port:
            yield target | {"proxy": f"http://127.0.0.1:{port}"}

    return setting


@asynccontextmanager
async def _no_proxy() -> AsyncIterator[int]:
    with ports.closed_port() as port:
        yield port


def token(name: str) -> Setting:
    """A good peer, and a token endpoint that behaves as `name` of `TOKEN_ACTS`."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        async with http_peer(Script(era=era)) as peer, token_peer(TOKEN_ACTS[name]) as endpoint:
            yield {"url": peer.url, "auth": credentials(endpoint.url)}

    return setting


@asynccontextmanager
async def no_token_endpoint(era: Era, folder: Path) -> AsyncIterator[Target]:
    with ports.closed_port() as port:
        async with http_peer(Script(era=era)) as peer:
            yield {"url": peer.url, "auth": credentials(f"http://127.0.0.1:{port}/token")}


def credentials(token_url: str) -> dict[str, Any]:
    """`auth:` of a target whose tokens come from `token_url`."""
    return {"client_credentials": {"token_url": token_url, "client_id": "prober", "client_secret": "open sesame"}}


FAULTS: Final[Mapping[str, Fault[Setting]]] = {
    "unknown_host": Fault(act=address(f"http://{ports.UNKNOWN_HOST}/mcp"), reason=Reason.DNS_FAILED, where=CONNECT),
    "closed_port": Fault(act=closed_port, reason=Reason.CONNECT_REFUSED, where=CONNECT),
    "unreachable": Fault(act=address(f"http://{ports.UNREACHABLE}:9/mcp"), reason=Reason.CONNECT_FAILED, where=CONNECT),
    "blackhole": Fault(act=port_of(ports.blackhole), reason=Reason.CONNECT_TIMEOUT, where=CONNECT),
    "slow_to_accept": Fault(act=slow_to_accept, reason=None, where=CONNECT),
    "certificate_good": Fault(act=certificate("good"), reason=None, where=CONNECT),
    "certificate_expired": Fault(act=certificate("expired"), reason=Reason.TLS_EXPIRED, where=CONNECT),
    "certificate_not_yet_valid": Fault(act=certificate("not_yet_valid"), reason=Reason.TLS_EXPIRED, where=CONNECT),
    "certificate_for_wrong_host": Fault(act=certificate("wrong_host"), reason=Reason.TLS_HOSTNAME, where=CONNECT),
    "certificate_of_unknown_authority": Fault(
        act=certificate("unknown_authority"), reason=Reason.TLS_UNTRUSTED, where=CONNECT
    ),
    "certificate_self_signed": Fault(act=certificate("self_signed"), reason=Reason.TLS_UNTRUSTED, where=CONNECT),
    "authority_not_told": Fault(act=certificate("good", trusted=False), reason=Reason.TLS_UNTRUSTED, where=CONNECT),
    "client_certificate_wanted": Fault(act=client_certificate_wanted, reason=Reason.TLS_FAILED, where=CONNECT),
    "client_certificate_shown": Fault(
        act=certificate("wants_client_certificate", shown=True), reason=None, where=CONNECT
    ),
    "tls_to_plain_port": Fault(act=other_scheme(encrypted=False), reason=Reason.TLS_FAILED, where=CONNECT),
    "plain_to_tls_port": Fault(act=other_scheme(encrypted=True), reason=Reason.CONNECTION_CLOSED, where=CONNECT),
    "tls_handshake_hangs": Fault(act=port_of(ports.mute, scheme="https"), reason=Reason.TIMEOUT, where=CONNECT),
    "tls_handshake_reset": Fault(
        act=port_of(ports.hanging_up, scheme="https"), reason=Reason.TLS_FAILED, where=CONNECT
    ),
    "proxy_works": Fault(act=behind(ports.tunnelling_proxy), reason=None, where=CONNECT),
    "proxy_wants_password": Fault(
        act=behind(lambda: ports.refusing_proxy(407)), reason=Reason.PROXY_FAILED, where=CONNECT
    ),
    "proxy_cannot_reach": Fault(
        act=behind(lambda: ports.refusing_proxy(502)), reason=Reason.PROXY_FAILED, where=CONNECT
    ),
    "proxy_hangs": Fault(act=behind(ports.mute), reason=Reason.TIMEOUT, where=CONNECT),
    "proxy_closed": Fault(act=behind(_no_proxy), reason=Reason.CONNECT_REFUSED, where=CONNECT),
    "token_given": Fault(act=token("given"), reason=None, where=CONNECT),
    "token_refused": Fault(act=token("refused"), reason=Reason.TOKEN_FAILED, where=CONNECT),
    "token_http_401": Fault(act=token("http_401"), reason=Reason.TOKEN_FAILED, where=CONNECT),
    "token_http_500": Fault(act=token("http_500"), reason=Reason.TOKEN_FAILED, where=CONNECT),
    "token_html": Fault(act=token("html"), reason=Reason.TOKEN_FAILED, where=CONNECT),
    "token_without_token": Fault(act=token("without_token"), reason=Reason.TOKEN_FAILED, where=CONNECT),
    "token_redirect": Fault(act=token("redirect"), reason=Reason.TOKEN_FAILED, where=CONNECT),
    "token_silence": Fault(act=token("silence"), reason=Reason.TIMEOUT, where=CONNECT),
    "token_closed_port": Fault(act=no_token_endpoint, reason=Reason.CONNECT_REFUSED, where=CONNECT),
}


def command(*words: str) -> Setting:
    """A command that is no server."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        yield {"command": list(words)}

    return setting


def file(content: str, mode: int) -> Setting:
    """A file that is called as if it were a program."""

    @asynccontextmanager
    async def setting(era: Era, folder: Path) -> AsyncIterator[Target]:
        path = folder / "server"
        path.write_text(content)
        path.chmod(mode)
        yield {"command": [str(path)]}

    return setting


SPAWN_FAULTS: Final[Mapping[str, Fault[Setting]]] = {
    "command_missing": Fault(act=command("no-such-mcp-server"), reason=Reason.SPAWN_FAILED, where=CONNECT),
    "file_missing": Fault(act=command("/nonexistent/server"), reason=Reason.SPAWN_FAILED, where=CONNECT),
    "file_not_executable": Fault(act=file("#!/bin/sh\n", 0o644), reason=Reason.SPAWN_FAILED, where=CONNECT),
    "file_of_no_format": Fault(act=file("just text\n", 0o755), reason=Reason.SPAWN_FAILED, where=CONNECT),
    "exits_at_once": Fault(act=command("/bin/sh", "-c", "exit 3"), reason=Reason.PROCESS_EXITED, where=CONNECT),
    "killed_at_once": Fault(act=command("/bin/sh", "-c", "kill -9 $$"), reason=Reason.PROCESS_EXITED, where=CONNECT),
    "says_nothing": Fault(act=command("/bin/sleep", "60"), reason=Reason.TIMEOUT, where=CONNECT),
}
