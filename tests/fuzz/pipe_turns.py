"""What is done to the lines, the streams and the life of a process that speaks MCP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.fuzz.choices import Choices
from tests.fuzz.messages import answers
from tests.fuzz.odd_values import secret, text
from tests.peers.protocol import Era, Message, reply


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a process does about one message."""

    output: bytes = b""
    error: bytes = b""
    then: str = "go on"
    """`go on`, `exit`, `close output`, `close input` or `hang`."""
    status: int = 0
    """With which it exits; below zero, the signal that it dies of."""


_JUNK: Final = (
    b"", b"\n", b"\r\n\r\n", b"Listening on stdio\n", b"\x1b[2J\x1b[H\n", b"\xff\xfe\n", b"{}\n", b"[1]\n",
    b"{\"jsonrpc\":\"2.0\"}\n", b"\x00\n", b" \n" * 300, b"x" * 70_000 + b"\n", b"null\n", b'"\n',
    b"Content-Length: 5\r\n\r\n{}\n",
)  # fmt: skip


def written(c: Choices, message: Message, era: Era) -> Written:
    """Without numbers: the good answer on a line."""
    lines = answers(c, message, reply(message, era))
    end = c.pick(b"\r\n", b"\n\n", b"\n \n", b"\r", b"") if c.one_in(12) else b"\n"
    output = b"".join(line.replace(b"\n", b" ") + end for line in lines)
    if c.one_in(10):
        junk = c.pick(*_JUNK) if not c.one_in(4) else text(c).encode(errors="surrogatepass") + b"\n"
        output = junk + output if c.one_in(2) else output + junk
    error = b""
    if c.one_in(4):
        said = secret(c) if c.one_in(3) else text(c)
        error = said.encode(errors="surrogatepass") + c.pick(b"\n", b"")
        error *= 1 if c.one_in(2) else c.pick(1, 3, 200)
    then = c.pick("exit", "exit", "close output", "close input", "hang") if c.one_in(8) else "go on"
    return Written(output=output, error=error[:200_000], then=then, status=c.pick(0, 1, 1, 2, 127, 255, -9, -11, -15))
