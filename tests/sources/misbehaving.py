"""Many servers on many hosts in one cheap process, of which each misbehaves as its path says: `WAYS`, twenty.

`python -m tests.sources.misbehaving HOSTS` serves on so many addresses of loopback, prints the port, and ends with its
standard input; then it prints for each host the most requests that came within a minute, as JSON. Modern era only.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from tests.daemon.crowd import Member
from tests.peers.beside import beside, until_input_ends
from tests.peers.protocol import reply

MINUTE: Final = 60.0
SLOW: Final = 3.0
"""Seconds that a slow server takes; a probe has to call that too slow, and wait for longer."""
DELAY: Final = 0.02

WAYS: Final[Mapping[str, str]] = {
    "html": "bad_content_type",
    "server-error": "server_error",
    "unavailable": "unavailable",
    "forbidden": "forbidden",
    "not-found": "not_found",
    "gone": "client_error",
    "limited": "rate_limited",
    "redirect": "redirected",
    "encoding": "bad_encoding",
    "reset": "connection_closed",
    "babble": "not_http",
    "hang": "timeout",
    "slow": "too_slow",
    "no-json": "malformed_json",
    "no-message": "malformed_message",
    "other-id": "wrong_id",
    "rpc-error": "rpc_error",
    "tool-error": "tool_error",
    "mismatch": "output_schema_mismatch",
    "wrong-value": "expectation_failed",
}
"""How servers misbehave, and the reason that says so."""
_STATUSES: Final = {
    "server-error": "500 Internal Server Error",
    "unavailable": "503 Service Unavailable",
    "forbidden": "403 Forbidden",
    "not-found": "404 Not Found",
    "gone": "410 Gone",
    "limited": "429 Too Many Requests",
    "redirect": "302 Found\r\nLocation: http://127.0.0.1:9/",
}
_SPOILED: Final[Mapping[str, Callable[[dict[str, Any]], object]]] = {
    "no-message": lambda message: message.pop("jsonrpc"),
    "other-id": lambda message: message.update(id="another"),
    "rpc-error": lambda message: (message.pop("result"), message.update(error={"code": -32603, "message": "no"})),
    "tool-error": lambda message: message["result"].update(isError=True),
    "mismatch": lambda message: message["result"]["structuredContent"].update(length=None),
    "wrong-value": lambda message: message["result"]["structuredContent"].update(length=99),
}
ASKED: defaultdict[str, list[float]] = defaultdict(list)
"""When each host got its requests."""


class Misbehaving(Member):
    """One connection; the path is `/WAY/NUMBER`, or `/ok/NUMBER`."""

    def _answer(self, path: str, body: bytes) -> None:
        assert self._transport is not None
        ASKED[self._transport.get_extra_info("sockname")[0]].append(time.monotonic())
        way = path.split("/")[1]
        message = json.loads(body)
        loop, call = asyncio.get_running_loop(), message["method"] == "tools/call"
        if way in _STATUSES:
            self._say(_STATUSES[way], "text/plain", b"")
        elif way == "html":
            self._say("200 OK", "text/html", b"<html><title>Welcome</title></html>")
        elif way == "encoding":
            self._say("200 OK\r\nContent-Encoding: gzip", "application/json", b"not compressed at all")
        elif way == "reset":
            self._transport.abort()
        elif way == "babble":
            self._transport.write(b"220 mail ready\r\n" * 3)
            self._transport.close()
        elif way == "no-json":
            self._say("200 OK", "application/json", b'{"jsonrpc": "2.0", ')
        elif way != "hang":
            answer = reply(message, "modern") or {}
            if call and way in _SPOILED:
                _SPOILED[way](answer)
            delay = SLOW if call and way == "slow" else DELAY
            loop.call_later(delay, self._say, "200 OK", "application/json", json.dumps(answer).encode())


def host(number: int) -> str:
    """An address of loopback."""
    return f"127.0.{number // 250}.{number % 250 + 1}"


@contextmanager
def misbehaving(hosts: int, most: MutableMapping[str, int]) -> Iterator[int]:
    """The port of all of them, for as long as the block lasts; then `most` is filled, by host."""
    said: list[str] = []
    try:
        with beside("tests.sources.misbehaving", str(hosts), last_words=said) as port:
            yield port
    finally:
        most.update(json.loads("".join(said) or "{}"))


async def _serve(hosts: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Misbehaving, host(0), 0, backlog=4096)]
    port = servers[0].sockets[0].getsockname()[1]
    for number in range(1, hosts):
        servers.append(await loop.create_server(Misbehaving, host(number), port, backlog=1024))
    await until_input_ends(port)
    for server in servers:
        server.close()
    most = {
        of: max(number + 1 - bisect_left(times, at - MINUTE) for number, at in enumerate(times))
        for of, times in ASKED.items()
    }
    print(json.dumps(most), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
