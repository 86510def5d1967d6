"""Servers on one port that note when each of them is asked to run a tool. They answer well unless told to fail."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

from tests.peers.protocol import reply
from tests.peers.threaded import say, threaded


@dataclass
class Counted:
    """`called` has the times by path, on the clock of `time.monotonic`."""

    url: str = ""
    broken: bool = False
    called: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def since(self, moment: float) -> dict[str, list[float]]:
        return {path: [each for each in times if each >= moment] for path, times in sorted(self.called.items())}

    def gaps(self, begin: float, end: float) -> dict[str, float]:
        """The longest time without a call, by path."""
        return {
            path: max(
                after - before for before, after in pairwise([begin, *(t for t in times if begin < t < end), end])
            )
            for path, times in sorted(self.called.items())
        }


@contextmanager
def counted() -> Iterator[Counted]:
    """They listen on a free port of loopback."""
    there = Counted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if message.get("method") == "tools/call":
                there.called[self.path].append(time.monotonic())
            status = 500 if there.broken else 200
            say(self, status, json.dumps(reply(message, "modern") or {}).encode())

        def log_message(self, *_: object) -> None:
            """Nothing: tests read the times."""

    with threaded(Handler) as there.url:
        yield there
