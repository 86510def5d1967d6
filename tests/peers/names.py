"""A name server that hangs, seen through the system's resolver."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from prober.client.http import resolver
from prober.client.http.resolver import Resolver


class NameServer:
    """Stands in for the system's resolver. `*.hangs` are answered, with an error, when `answer` is set; `*.well` at
    once, with an address; all other names are looked up for real."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.asked: list[str] = []
        self.recovered = False
        self._real = socket.getaddrinfo

    def __call__(self, host: bytes, port: int | None, **more: int) -> list[object]:
        name = host.decode()
        if not name.endswith((".hangs", ".well")) or more["flags"] & socket.AI_NUMERICHOST:
            return list(self._real(host, port, **more))
        self.asked.append(name)
        if name.endswith(".hangs"):
            self.answer.wait(30)
            if not self.recovered:
                raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return list(self._real("127.0.0.1", port, **more))


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """It answers in place of the system's resolver, to a prober that has asked for no name yet."""
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server)
    monkeypatch.setattr(resolver, "_resolver", Resolver())
    yield server
    server.answer.set()
