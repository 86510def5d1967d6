"""Servers of strangers on one port: they answer as MCP servers do, unless a status is set for their path. They count
what they are asked, and by whom."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.peers.protocol import reply
from tests.peers.threaded import say, threaded


@dataclass
class Strangers:
    """`refusals` has the status and the headers that are answered at a path."""

    url: str = ""
    refusals: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    """Requests by path."""
    agents: set[str] = field(default_factory=set)


@contextmanager
def strangers() -> Iterator[Strangers]:
    """They listen on a free port of loopback."""
    there = Strangers()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            there.asked[self.path] += 1
            there.agents.add(self.headers["User-Agent"])
            status, headers = there.refusals.get(self.path, (200, {}))
            answer = reply(json.loads(body), "modern") or {} if status == 200 else {}
            say(self, status, json.dumps(answer).encode(), **headers)

        def log_message(self, *_: object) -> None:
            """Nothing: tests read the counts."""

    with threaded(Handler) as there.url:
        yield there
