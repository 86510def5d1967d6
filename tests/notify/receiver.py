"""Somebody who is notified: an HTTP server in a thread, because Apprise sends from one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prober.config.fields.secret import Secret


class Receiver:
    """What came in, and what is answered: `statuses` first, then 200. While `held` is set, nothing is answered."""

    def __init__(self, port: int):
        self.port = port
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.statuses: list[int] = []
        self.holding = False
        self.let_go = threading.Event()

    @property
    def url(self) -> Secret:
        """As Apprise wants it, with a secret in its path."""
        return Secret(f"json://127.0.0.1:{self.port}/hook/s3cr3t-t0ken")

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.bodies]


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.paths.append(self.path)
            if received.holding:
                received.let_go.wait(30)
            status = received.statuses.pop(0) if received.statuses else 200
            if status == 200:
                received.bodies.append(json.loads(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield received
    finally:
        received.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
