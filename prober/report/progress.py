"""The progress line of a running pass: `3 of 12 done, 1 failed, waiting for: notes/search, …`.

It is for a person at a terminal; nothing is written to any other stream.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self, TextIO

from prober.outcome import Outcome, Verdict
from prober.report.tty import columns, is_terminal
from prober.report.untrusted import line

_ERASE: Final = "\r\x1b[2K"


class Progress:
    """Draws the line again at each event and erases it at the end, so that the report begins on an empty line.

    `total` is the number of probes in the pass.
    """

    def __init__(self, *, total: int, stream: TextIO):
        self._total = total
        self._stream = stream
        self._visible = is_terminal(stream)
        self._running: dict[tuple[str, str], None] = {}
        self._done = 0
        self._failed = 0

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._visible:
            self._write(_ERASE)

    def started(self, *, target: str, probe: str) -> None:
        self._running[target, probe] = None
        self._draw()

    def finished(self, outcome: Outcome) -> None:
        self._running.pop((outcome.target, outcome.probe), None)
        self._done += 1
        self._failed += outcome.verdict is Verdict.FAIL
        self._draw()

    def text(self, width: int) -> str:
        """The line in at most `width` columns; the probes that have run longest come first."""
        text = f"{self._done} of {self._total} done"
        if self._failed:
            text += f", {self._failed} failed"
        if self._running:
            names = ", ".join(line(f"{target}/{probe}") for target, probe in self._running)
            text += f", waiting for: {names}"
        return text if len(text) <= width else text[: max(width - 1, 0)] + "…"

    def _draw(self) -> None:
        if self._visible:
            self._write(_ERASE + self.text(columns(self._stream) - 1))  # the last column would wrap on some terminals

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
