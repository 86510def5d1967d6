"""Doubles of the services that Alertmanager sends to: they take every message in its wire format and keep it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A request to one of the services."""

    path: str
    document: Any
    authorization: str | None
    at: float
    """When it came, in seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Receivers:
    """All requests so far, the earliest first."""

    url: str
    posted: list[Posted] = field(default_factory=list)

    def posted_to(self, path: str) -> list[Posted]:
        """The requests to a path."""
        return [each for each in self.posted if each.path == path]

    def documents(self, path: str) -> list[Any]:
        """The documents that came to a path."""
        return [each.document for each in self.posted_to(path)]


@contextmanager
def receivers() -> Iterator[Receivers]:
    """A server on loopback for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            document, authorization = json.loads(body), self.headers["authorization"]
            seen.posted.append(Posted(path=self.path, document=document, authorization=authorization, at=time.time()))
            slack = self.path.startswith("/services/")
            self.send_response(200 if slack else 202)  # as PagerDuty answers; a webhook may answer with any success
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"ok" if slack else b"{}")

        def log_message(self, format: str, *_: object) -> None:
            """Not into the output of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        seen = Receivers(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
