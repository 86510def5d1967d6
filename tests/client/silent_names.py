"""Probes by name where the name server says nothing: `python -m tests.client.silent_names FOLDER`.

Run it in namespaces of its own (`unshare --map-root-user --mount --net`): it takes port 53 there, and puts its own
resolv.conf in the place of the system's. Nobody else sees either. Prints what came of it as JSON.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.assertions.ticking import ticking
from tests.peers.http_peer import http_peer
from tests.running import run_document

SILENT: Final = 20
WELL: Final = 6
TIMEOUT: Final = 2
_UP: Final = 0x1
_SIOCSIFFLAGS: Final = 0x8914
RESOLV_CONF: Final = "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n"


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", _UP, b""))


def silent_server(asked: list[str]) -> None:
    """A name server that reads questions and answers none."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def listen() -> None:
        while True:
            question = server.recv(4096)
            asked.append(question[13 : 13 + question[12]].decode("latin-1"))

    threading.Thread(target=listen, daemon=True).start()


def document(urls: Mapping[str, str]) -> dict[str, Any]:
    return {
        "targets": {name: {"url": url, "protocol": "modern"} for name, url in urls.items()},
        "probes": {name: {"target": name, "kind": "handshake", "timeout": f"{TIMEOUT}s"} for name in urls},
    }


async def probed(folder: Path) -> dict[str, Any]:
    async with http_peer() as peer:
        well = {f"well{number}": peer.url for number in range(WELL)}
        silent = {f"silent{number}": f"http://silent{number}.example:9/mcp" for number in range(SILENT)}
        await run_document(document(well), folder)  # what is imported at first use is not measured
        began = time.monotonic()
        async with ticking() as ticks:
            outcomes = await run_document(document(silent | well), folder)
    results = {each.probe: {"reason": each.reason, "message": each.message} for each in outcomes}
    return {"results": results, "took": time.monotonic() - began, "still": ticks.longest}


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "resolv.conf").write_text(RESOLV_CONF)
    subprocess.run(["mount", "--bind", folder / "resolv.conf", "/etc/resolv.conf"], check=True)
    loopback_up()
    asked: list[str] = []
    silent_server(asked)
    print(json.dumps({**asyncio.run(probed(folder)), "asked": sorted(set(asked))}))


if __name__ == "__main__":
    main()
