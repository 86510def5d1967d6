"""A server that answers its every connection with a flood: python flooder.py

It reads a line of standard input, a JSON array of two texts in hexadecimal: what it says first and what it says again
and again, as fast as it is read. Then it writes its port to standard output. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys


def main() -> None:
    first, again = (bytes.fromhex(text) for text in json.loads(sys.stdin.readline()))
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(first)
                while True:
                    connection.sendall(again)


if __name__ == "__main__":
    main()
