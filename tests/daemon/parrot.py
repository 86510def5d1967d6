"""A server that throws back what it was told in confidence: all request headers, or its environment, wherever it can.

    http://…/WHERE                             `parrot()` serves them, in threads of the test
    python -m tests.daemon.parrot WHERE        the same on standard input and output, about its environment

WHERE is a name of PLACES, or `http-error`, `html`, `redirect`, `header`, `token`, `well` for what only HTTP has.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.peers.protocol import META, Message, reply

Spread = Callable[[Message, str], None]


def _error(answer: Message, told: str) -> None:
    answer.pop("result", None)
    answer["error"] = {"code": -32603, "message": f"cannot do that for {told}", "data": {"you": told}}


def _tool_error(answer: Message, told: str) -> None:
    if "content" in answer.get("result", {}):
        answer["result"] |= {"content": [{"type": "text", "text": f"no: {told}"}], "isError": True}
        answer["result"].pop("structuredContent", None)


def _structured(answer: Message, told: str) -> None:
    if "structuredContent" in answer.get("result", {}):
        answer["result"]["structuredContent"] = {"message": told, "length": 1, told: told}
        answer["result"]["content"] = [{"type": "text", "text": told}]


def _name(answer: Message, told: str) -> None:
    answer.setdefault("result", {}).setdefault("_meta", {})[META + "serverInfo"] = {"name": told, "version": told}


def _tools(answer: Message, told: str) -> None:
    for tool in answer.get("result", {}).get("tools", []):
        tool |= {"name": told, "description": told}


def _id(answer: Message, told: str) -> None:
    answer["id"] = told


def _schema(answer: Message, told: str) -> None:
    for tool in answer.get("result", {}).get("tools", []):
        tool["outputSchema"] = {"type": "object", "required": [told], "properties": {told: {"const": told}}}


def _not_json(answer: Message, told: str) -> None:
    """What is no message at all is quoted as it came."""
    answer["jsonrpc"] = told


PLACES: Final[dict[str, Spread]] = {
    "error": _error,
    "tool-error": _tool_error,
    "structured": _structured,
    "name": _name,
    "tools": _tools,
    "id": _id,
    "schema": _schema,
    "not-json-rpc": _not_json,
}


def answered(message: Message, where: str, told: str) -> Message | None:
    answer = reply(message, "modern")
    if answer is not None and where in PLACES:
        PLACES[where](answer, told)
    return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        told = "; ".join([*(f"{name}: {value}" for name, value in self.headers.items()), self.path])
        where = self.path.strip("/").partition("?")[0]
        if where == "http-error":
            self._say(500, "text/plain", f"who are you? {told}")
        elif where == "html":
            self._say(200, "text/html", f"<title>{told}</title>")
        elif where == "redirect":
            self._say(302, "text/plain", told, Location=f"https://example.org/?{told.replace(' ', '%20')}")
        elif where == "header":
            self._say(401, f"text/{told}", "no", **{"WWW-Authenticate": f'Basic realm="{told}"', "Retry-After": told})
        elif where.startswith("well"):
            self._say(200, "text/plain", told)
        elif where == "token":
            self._say(400, "application/json", json.dumps({"error": body.decode(), "error_description": told}))
        else:
            self._say(200, "application/json", json.dumps(answered(json.loads(body), where, told)))

    def _say(self, status: int, content_type: str, text: str, **headers: str) -> None:
        data = text.encode()
        self.send_response_only(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody is told."""


@contextmanager
def parrot() -> Iterator[str]:
    """The URL of one, for as long as the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def main(where: str) -> None:
    told = "; ".join(f"{name}={value}" for name, value in os.environ.items())
    for line in sys.stdin:
        answer = answered(json.loads(line), where, told)
        print(told, file=sys.stderr, flush=True)
        if where == "junk":
            print(told, flush=True)
        if answer is not None:
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
