"""Doubles of the services that Alertmanager tells: they take every POST and keep it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Receivers:
    """What has been told so far, the earliest first: the path and the JSON of each request."""

    url: str
    told: list[tuple[str, Any]] = field(default_factory=list)

    def told_at(self, path: str) -> list[Any]:
        """The documents that came to a path."""
        return [document for place, document in self.told if place == path]


@contextmanager
def receivers() -> Iterator[Receivers]:
    """A server on loopback for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.told.append((self.path, json.loads(body)))
            self.send_response(202)  # as PagerDuty answers; Slack and webhooks take any success
            self.end_headers()

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
