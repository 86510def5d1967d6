"""A small server on the official SDK: typed tools, resources and prompts, in both protocol eras.

python -m tests.real.sdk_server stdio
python -m tests.real.sdk_server http FD [--events]     serves the listening socket FD at /mcp
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from typing import Annotated, Literal

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

READ_ONLY = ToolAnnotations(read_only_hint=True)

server = MCPServer("sdk-server", version="1.0.0", instructions="Answers small questions.", log_level="ERROR")
notes: list[str] = []


class Day(BaseModel):
    day: int
    sky: Literal["clear", "cloudy"]
    degrees: float


class Forecast(BaseModel):
    city: str
    days: list[Day]
    warning: str | None = None


@server.tool(annotations=READ_ONLY)
def add(a: int = 2, b: int = 3) -> int:
    """Add two numbers."""
    return a + b


@server.tool(annotations=READ_ONLY)
def forecast(city: Literal["Berlin", "Lima"], days: Annotated[int, Field(ge=1, le=7)] = 3) -> Forecast:
    """Say what the weather will be."""
    sky: tuple[Literal["clear", "cloudy"], ...] = ("clear", "cloudy")
    return Forecast(city=city, days=[Day(day=i, sky=sky[i % 2], degrees=20.5 + i) for i in range(days)])


@server.tool(annotations=READ_ONLY)
def count_words(text: str) -> dict[str, int]:
    """Count each word of a text."""
    words = text.split()
    return {word: words.count(word) for word in words}


@server.tool(annotations=READ_ONLY, structured_output=False)
def list_notes() -> str:
    """Read all notes, a line each."""
    return "\n".join(notes) or "no notes"


@server.tool()
def write_note(text: str) -> str:
    """Keep a note."""
    notes.append(text)
    return f"kept as note {len(notes)}"


@server.resource("sdk://motto", mime_type="text/plain")
def motto() -> str:
    """What this server lives by."""
    return "Be exact."


@server.resource("sdk://squares/{number}", mime_type="application/json")
def square(number: str) -> str:
    """The square of a number."""
    return f'{{"square": {int(number) ** 2}}}'


@server.prompt()
def review(language: str, tone: str = "kind") -> str:
    """Ask for a review."""
    return f"Review this {language} code in a {tone} tone."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    how = parser.add_subparsers(dest="transport", required=True)
    how.add_parser("stdio")
    http = how.add_parser("http")
    http.add_argument("fd", type=int)
    http.add_argument("--events", action="store_true", help="answer with event streams instead of JSON")
    arguments = parser.parse_args()
    if arguments.transport == "stdio":
        server.run("stdio")
        return
    app = server.streamable_http_app(json_response=not arguments.events)
    config = uvicorn.Config(app, log_level="error", access_log=False)
    asyncio.run(uvicorn.Server(config).serve(sockets=[socket.socket(fileno=arguments.fd)]))


if __name__ == "__main__":
    main()
