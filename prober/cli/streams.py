"""The standard streams of our own process: one that was closed is made up for, one that takes no more is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Output(FileIO):
    """Standard output or standard error, which remembers why it could not be written."""

    error: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.error = error
            raise


def watched() -> Sequence[Output]:
    """The outputs of this process, which print through what is returned from here on.

    A stream that was closed, such as by `>&-`, leads nowhere instead. They are opened in the order of their numbers, so
    that each gets its own: the next file that is opened would have it otherwise, and children would write into that.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as we live
    outputs = []
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
            setattr(sys, f"__{name}__", stream)  # else it would be closed
        output = Output(stream.fileno(), "w", closefd=False)
        printing = TextIOWrapper(
            output if stream.write_through else BufferedWriter(output),  # as PYTHONUNBUFFERED asks for
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, printing)
        outputs.append(output)
    return outputs


def why_unwritten(outputs: Sequence[Output]) -> OSError | None:
    """Print what is left; why not all was printed, None also where the reader had enough, as `head` has."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    why: OSError | None = None
    for output in outputs:
        if output.error is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, output.fileno())  # the interpreter prints what is left when it ends, and would complain
            os.close(nowhere)
            why = why or output.error
    return None if isinstance(why, BrokenPipeError) else why
