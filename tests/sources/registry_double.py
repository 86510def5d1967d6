"""A registry that speaks v0.1 of its API: pages, `updated_since`, deleted servers; and one that misbehaves.

Shapes from the OpenAPI document of the official registry. `Registry.fault` is an act instead of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.peers.threaded import say, threaded

OFFICIAL = "io.modelcontextprotocol.registry/official"


@dataclass
class Registry:
    """Servers by name: their URLs, their status, and when they changed."""

    url: str = ""
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    fault: Callable[[BaseHTTPRequestHandler], None] | None = None
    now: int = 0

    def put(self, name: str, *urls: str, kind: str = "streamable-http", status: str = "active") -> None:
        """A server is registered, or changed."""
        self.now += 1
        self.servers[name] = {
            "server": {
                "name": name,
                "description": "a server",
                "version": "1.0.0",
                "remotes": [{"type": kind, "url": url} for url in urls],
            },
            "_meta": {
                OFFICIAL: {
                    "status": status,
                    "isLatest": True,
                    "publishedAt": "2026-01-01T00:00:00Z",
                    "updatedAt": f"2026-02-01T{self.now // 3600:02}:{self.now // 60 % 60:02}:{self.now % 60:02}Z",
                }
            },
        }

    def page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        since = query.get("updated_since", [""])[0]
        deleted = "include_deleted" in query
        names = sorted(
            name
            for name, entry in self.servers.items()
            if entry["_meta"][OFFICIAL]["updatedAt"] >= since
            and (deleted or entry["_meta"][OFFICIAL]["status"] != "deleted")
        )
        after = query.get("cursor", [""])[0]
        limit = int(query.get("limit", ["30"])[0])
        left = [name for name in names if name > after]
        metadata: dict[str, Any] = {"count": len(left[:limit])}
        if len(left) > limit:
            metadata["nextCursor"] = left[limit - 1]
        return {"servers": [self.servers[name] for name in left[:limit]], "metadata": metadata}


@contextmanager
def serving() -> Iterator[Registry]:
    """A registry on a free port of loopback."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            registry.agents.add(self.headers["User-Agent"])
            if registry.fault is not None:
                registry.fault(self)
                return
            parts = urlsplit(self.path)
            assert parts.path == "/v0.1/servers", parts.path
            query = parse_qs(parts.query)
            registry.queries.append(query)
            say(self, 200, json.dumps(registry.page(query)).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing: tests read what was asked from `queries`."""

    with threaded(Handler) as registry.url:
        yield registry
