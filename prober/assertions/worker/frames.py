"""What both ends of a worker's pipes need: frames, and the bounds that a worker puts on itself."""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, Final

LENGTH: Final = struct.Struct(">I")


def frame(content: bytes) -> bytes:
    """The content with its length before it."""
    return LENGTH.pack(len(content)) + content


def read_frame(stream: BinaryIO) -> bytes:
    """One frame. Raises EOFError where the input ends."""
    (length,) = LENGTH.unpack(_read(stream, LENGTH.size))
    return _read(stream, length)


def _read(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def serve(replies: Callable[[Callable[[], bytes]], Iterator[bytes]]) -> None:
    """Be a worker: tell the standard output that this process is ready, then write the replies to it.

    `replies` gets what reads the next frame of the standard input. It is over when the replies or the input end, or
    nobody reads.
    """
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    stdout.write(frame(b"ready"))
    stdout.flush()
    with suppress(EOFError, BrokenPipeError):
        for reply in replies(lambda: read_frame(stdin)):
            stdout.write(frame(reply))
            stdout.flush()


def limit_process(*, memory: int, stack: int | None = None) -> None:
    """Limit what this process may take, in bytes of address space and of stack, as far as the system lets it."""
    limits = [(resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)]
    if stack is not None:
        limits.append((resource.RLIMIT_STACK, stack))
    for kind, most in limits:
        with suppress(OSError, ValueError):
            _, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
