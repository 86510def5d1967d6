"""A stdio server that does something between two runs: python -I -S restless_server.py

Its one tool `whoami` answers with the number of its process and how often it was called. Its argument `then` is what
happens after the answer, `before` what happens first. Handshake era. Standard library only, so that it starts fast.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-I", "-S", str(Path(__file__))]

INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "restless", "version": "1"},
}
TOOL = {"name": "whoami", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}
NOTIFICATION = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 100}}
ALIVE = {"jsonrpc": "2.0", "id": "are you there", "method": "ping"}
FLOOD = 20.0
"""Seconds after which a flood ends, should nobody have ended it."""

calls = 0
pongs = 0


def say(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def flood(write: Callable[[bytes], int], data: bytes) -> None:
    def forever() -> None:
        end = time.monotonic() + FLOOD
        while time.monotonic() < end:
            write(data)

    threading.Thread(target=forever, daemon=True).start()


def dies() -> None:
    print("fatal: the disk is full", file=sys.stderr, flush=True)
    os._exit(3)


ACTS: dict[str, Callable[[], Any]] = {
    "dies": dies,
    "leaves": lambda: os._exit(0),
    "prints": lambda: print("Listening", flush=True),
    "answers nothing": lambda: say({"jsonrpc": "2.0", "id": 4711, "result": {}}),
    "closes its output": lambda: os.close(1),
    "pings": lambda: say(ALIVE),
    "complains": lambda: print("cache is cold", file=sys.stderr, flush=True),
    "floods stdout": lambda: flood(lambda data: os.write(1, data), (json.dumps(NOTIFICATION) + "\n").encode() * 16),
    "floods stderr": lambda: flood(lambda data: os.write(2, data), b"still here " * 1000),
    "hangs": lambda: time.sleep(FLOOD),
    "is slow": lambda: time.sleep(0.3),
}


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    global calls
    if method == "initialize":
        return {"result": INITIALIZED}
    if method == "tools/list":
        return {"result": {"tools": [TOOL]}}
    if method == "tools/call":
        calls += 1
        if act := params["arguments"].get("before"):
            ACTS[act]()
        known = {"pid": os.getpid(), "calls": calls, "pongs": pongs}
        return {"result": {"content": [], "structuredContent": known}}
    return {"error": {"code": -32601, "message": "no such method"}}


def main() -> None:
    global pongs
    for line in sys.stdin:
        message = json.loads(line)
        if "method" not in message:
            pongs += message.get("id") == ALIVE["id"]
        elif "id" in message:
            params = message.get("params", {})
            say({"jsonrpc": "2.0", "id": message["id"], **answer(message["method"], params)})
            if act := params.get("arguments", {}).get("then"):
                ACTS[act]()


if __name__ == "__main__":
    main()
