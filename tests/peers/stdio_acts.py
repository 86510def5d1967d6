"""Ways to misbehave as a child process. Standard library only, so that the process starts fast."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from tests.peers.messages import Spoil, dump
from tests.peers.protocol import Message

LIFETIME: Final = 60.0
"""Seconds after which a process that hangs ends all the same, should nobody have ended it."""

DRIP: Final = 0.02
MEGABYTE: Final = 1024 * 1024
LOG: Final = dump({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "…"}})


@dataclass(frozen=True, kw_only=True)
class StdioCall:
    """One message that waits for its answer; both are empty when standard input has ended."""

    request: Message
    good: Message | None
    record: Path

    def note(self, **facts: Any) -> None:
        """Tell the test, in a file that it reads."""
        with self.record.open("a") as file:
            file.write(json.dumps(facts) + "\n")


Act = Callable[[StdioCall], None]


def say(data: bytes) -> None:
    """Bytes to standard output, at once."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def well(call: StdioCall) -> None:
    """Behave well."""
    if call.good is not None:
        say(dump(call.good) + b"\n")


def spoilt(spoil: Spoil) -> Act:
    """A bad message on a line."""
    return lambda call: say(spoil(call.request, call.good or {}) + b"\n")


def preceded(data: bytes) -> Act:
    """The good answer after these bytes."""

    def act(call: StdioCall) -> None:
        say(data)
        well(call)

    return act


def exits(code: int) -> Act:
    """End, with a last word on standard error."""

    def act(call: StdioCall) -> None:
        print("fatal: the disk is full", file=sys.stderr, flush=True)
        os._exit(code)

    return act


def killed(call: StdioCall) -> None:
    """Die of a signal."""
    os.kill(os.getpid(), signal.SIGKILL)


def passes_over(call: StdioCall) -> None:
    """Say nothing to this message, and go on to the next."""


def silence(call: StdioCall) -> NoReturn:
    """Never answer, and never read on."""
    time.sleep(LIFETIME)
    os._exit(9)


def closes_stdout(call: StdioCall) -> NoReturn:
    """Close standard output and live on."""
    sys.stdout.buffer.flush()
    os.close(1)
    silence(call)


def ends_with_crlf(call: StdioCall) -> None:
    """The good answer with the line ending of another world."""
    if call.good is not None:
        say(dump(call.good) + b"\r\n")


def unfinished(call: StdioCall) -> NoReturn:
    """The good answer without its line break."""
    say(dump(call.good))
    silence(call)


def drips(call: StdioCall) -> NoReturn:
    """A line that grows by a byte at a time and never ends."""
    for _ in range(int(LIFETIME / DRIP)):
        say(b" ")
        time.sleep(DRIP)
    os._exit(9)


def endless_line(call: StdioCall) -> NoReturn:
    """A line without an end, as fast as it is read."""
    deadline = time.monotonic() + LIFETIME
    while time.monotonic() < deadline:
        say(b"x" * 65536)
    os._exit(9)


def large_line(size: int) -> Act:
    """One line of `size` bytes."""

    def act(call: StdioCall) -> None:
        for _ in range(size // MEGABYTE):
            say(b"x" * MEGABYTE)
        say(b"\n")

    return act


def log_flood(size: int) -> Act:
    """The good answer, once `size` bytes of standard error have been read."""

    def act(call: StdioCall) -> None:
        for _ in range(size // 1024):
            sys.stderr.buffer.write(b"still starting" + b"." * 1009 + b"\n")
        sys.stderr.buffer.flush()
        well(call)

    return act


def slowly(seconds: float) -> Act:
    """The good answer, late."""

    def act(call: StdioCall) -> None:
        time.sleep(seconds)
        well(call)

    return act


def ignores_end(call: StdioCall) -> NoReturn:
    """Live on after the end of standard input."""
    silence(call)


def ignores_end_and_sigterm(call: StdioCall) -> NoReturn:
    """Live on after the end of standard input, and after SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    call.note(deaf=True)
    silence(call)


def leaves_a_child(call: StdioCall) -> None:
    """End, but leave a process behind that holds standard output open."""
    child = subprocess.Popen([sys.executable, "-S", "-c", f"import time; time.sleep({LIFETIME})"])
    call.note(child=child.pid)
    os._exit(0)
