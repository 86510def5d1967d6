"""Runs an example server and calls it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
SERVERS: Final = sorted(path.stem for path in EXAMPLES.glob("*_server.py"))
HEADERS: Final = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
}


class Example:
    """One that runs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def call(self, tool: str, /, **arguments: object) -> dict[str, Any]:
        """The result of a tool call."""
        params = {"name": tool, "arguments": arguments}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        request = urllib.request.Request(f"{self.url}/mcp", body, HEADERS)
        with urllib.request.urlopen(request, timeout=30) as answer:
            result: dict[str, Any] = json.load(answer)["result"]
        return result

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            self.page()
        except urllib.error.URLError:
            return False
        return True

    def page(self) -> str:
        """Its metrics."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def samples(self) -> Mapping[tuple[str, str], float]:
        """Sums of its samples by name and outcome, and by tool."""
        sums: dict[tuple[str, str], float] = {}
        for family in text_string_to_metric_families(self.page()):
            for sample in family.samples:
                tool = sample.labels.get("tool") or sample.labels.get("tool_name") or ""
                outcome = sample.labels.get("outcome") or sample.labels.get("status") or ""
                key = f"{sample.name} {outcome}".rstrip(), tool
                sums[key] = sums.get(key, 0.0) + sample.value
        return sums


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def running(name: str, folder: Path) -> Iterator[Example]:
    """The example of this name, with its state and its log in a folder."""
    port = free_port()
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), str(folder / "state.db"), str(port)]
    with serving(command, port=port, log=folder / "log") as example:
        yield example


@contextmanager
def serving(command: Sequence[str], *, port: int, log: Path) -> Iterator[Example]:
    """The server that a command starts on a port."""
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        example, late = Example(port), time.monotonic() + 60
        try:
            while not example.is_up():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < late, "it did not come up"
                time.sleep(0.1)
            yield example
        finally:
            process.terminate()
