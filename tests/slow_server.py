"""A stdio server that is slow: python -I -S slow_server.py [START_CPU] [LEAVE] [deaf]

It burns START_CPU seconds of processor time before it reads anything, and takes LEAVE seconds to exit at the end of its
standard input; `deaf` ignores SIGTERM. Handshake era, no tools. Standard library only, so that nothing else is slow.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "slow", "version": "1"},
}


def command(*, start: float = 0.0, leave: float = 0.0, deaf: bool = False) -> list[str]:
    """The command of a target."""
    words = [sys.executable, "-I", "-S", str(Path(__file__)), str(start), str(leave)]
    return [*words, "deaf"] if deaf else words


def main(start: str, leave: str, *deaf: str) -> None:
    end = time.process_time() + float(start)
    while time.process_time() < end:
        pass
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        message = json.loads(line)
        said: dict[str, Any] = {"error": {"code": -32601, "message": "no such method"}}
        if message["method"] == "initialize":
            said = {"result": INITIALIZED}
        elif message["method"] == "tools/list":
            said = {"result": {"tools": []}}
        if "id" in message:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **said}), flush=True)
    time.sleep(float(leave))


if __name__ == "__main__":
    main(*sys.argv[1:])
