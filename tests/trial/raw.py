"""A conversation with a server in plain JSON: handshake era, one request. It shares no code with the prober.

Over stdio a process is started and ended; over HTTP and HTTP+SSE httpx sends what the specification says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import Any, Final, Protocol
from urllib.parse import urljoin

import httpx

from tests.trial.servers import Started

SECONDS: Final = 20.0
_VERSION: Final = "2025-11-25"
_HEADERS: Final = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": _VERSION}
_HELLO: Final = {
    "protocolVersion": _VERSION,
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}


class NoAnswerError(Exception):
    """No answer came; the message says what came instead."""


class _Wire(Protocol):
    def send(self, message: Mapping[str, Any]) -> None: ...
    def receive(self, request_id: int) -> dict[str, Any]: ...


def ask(server: Started, method: str, params: Mapping[str, Any], *, cwd: str) -> dict[str, Any]:
    """The whole JSON-RPC response to one request after a handshake. Raises NoAnswerError."""
    with _wire(server, cwd) as wire:
        wire.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _HELLO})
        answer = wire.receive(1)
        if method == "initialize" or "error" in answer:
            return answer
        wire.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        wire.send({"jsonrpc": "2.0", "id": 2, "method": method, "params": params})
        return wire.receive(2)


def printed(server: Started, *, cwd: str) -> str | None:
    """The first line on standard output that is no JSON; None if the server's answer comes without one."""
    process = _Process(server, cwd)
    try:
        process.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _HELLO})
        process.receive(1)
    except NoAnswerError:
        pass  # what was printed before is asked for, whatever came after
    finally:
        process.end()
    return process.noise


def overheard(server: Started, *, cwd: str) -> dict[str, Any] | None:
    """The answer to another client's request that a session gets which asked nothing; None if it gets none."""
    with _wire(server, cwd) as listener, _wire(server, cwd) as other:
        other.send({"jsonrpc": "2.0", "id": 77, "method": "initialize", "params": _HELLO})
        other.receive(77)
        try:
            return listener.receive(77)
        except (NoAnswerError, httpx.HTTPError):
            return None


@contextmanager
def _wire(server: Started, cwd: str) -> Iterator[_Wire]:
    if server.url is None:
        process = _Process(server, cwd)
        try:
            yield process
        finally:
            process.end()
        return
    with httpx.Client(timeout=SECONDS, headers=_HEADERS) as client:
        if server.sse:
            with client.stream("GET", server.url) as stream:
                yield _EventStream(client, server.url, _events(stream.iter_lines()))
        else:
            yield _Posts(client, server.url)


class _Process:
    def __init__(self, server: Started, cwd: str):
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._lines: Queue[str | None] = Queue()
        self.noise: str | None = None
        """The first line that is no JSON."""
        self._process = subprocess.Popen(
            server.command,
            cwd=cwd,
            env={**environment, **server.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError as problem:
            raise NoAnswerError(f"the process does not read: {problem}") from None

    def receive(self, request_id: int) -> dict[str, Any]:
        while True:
            try:
                line = self._lines.get(timeout=SECONDS)
            except Empty:
                raise NoAnswerError(f"nothing for {SECONDS:.0f} s") from None
            if line is None:
                raise NoAnswerError(f"the process ended with status {self._process.wait(SECONDS)}")
            if (message := _response(line, request_id)) is not None:
                return message
            if self.noise is None and not _is_json(line):
                self.noise = line.strip()

    def end(self) -> None:
        with suppress(ProcessLookupError):  # it ended by itself, and so did its group
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue


class _Posts:
    """Streamable HTTP: the answer to a request comes with its POST."""

    def __init__(self, client: httpx.Client, url: str):
        self._client = client
        self._url = url
        self._texts: list[str] = []
        self._session: dict[str, str] = {}

    def send(self, message: Mapping[str, Any]) -> None:
        answer = self._client.post(self._url, json=message, headers=self._session)
        if (session := answer.headers.get("Mcp-Session-Id")) is not None:
            self._session = {"Mcp-Session-Id": session}
        if "event-stream" in answer.headers.get("Content-Type", ""):
            self._texts += [data for _, data in _events(iter(answer.text.splitlines()))]
        else:
            self._texts.append(answer.text)
        if answer.is_error:
            raise NoAnswerError(f"HTTP {answer.status_code}: {answer.text[:200]}")

    def receive(self, request_id: int) -> dict[str, Any]:
        for text in self._texts:
            if (message := _response(text, request_id)) is not None:
                return message
        raise NoAnswerError("no answer to the request in its body")


class _EventStream:
    """HTTP+SSE: all answers come over the stream that the first event gave an address for."""

    def __init__(self, client: httpx.Client, url: str, events: Iterator[tuple[str, str]]):
        self._client = client
        self._events = events
        self._address = next((urljoin(url, data) for name, data in events if name == "endpoint"), url)

    def send(self, message: Mapping[str, Any]) -> None:
        self._client.post(self._address, json=message).raise_for_status()

    def receive(self, request_id: int) -> dict[str, Any]:
        for _, data in self._events:
            if (message := _response(data, request_id)) is not None:
                return message
        raise NoAnswerError("the stream ended")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _response(text: str, request_id: int) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if isinstance(message, dict) and message.get("id") == request_id and "method" not in message:
        return message
    return None


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name, data = "message", list[str]()
    for line in lines:
        key, _, value = line.partition(":")
        if key == "event":
            name = value.strip()
        elif key == "data":
            data.append(value.removeprefix(" "))
        elif line == "" and data:
            yield name, "\n".join(data)
            name, data = "message", []
    if data:
        yield name, "\n".join(data)
