"""The table for a log, a pipe or a file: one line per probe, worst first, easy to read, grep and cut into fields.

    fail  reference  workflow-state  call       12 ms  schema_mismatch at tools/call: /steps: type: expected …
      detail: …
    pass  reference  handshake       handshake  3 ms

The line of a probe begins with its verdict; its details follow, indented. No line depends on a terminal's width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TextIO

from prober.outcome import Outcome
from prober.report.details import all_notes, as_lines, headline, table_row
from prober.report.summary import Summary, worst_first
from prober.report.tty import writable


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    stream.writelines(writable(text, stream) + "\n" for text in lines(outcomes, verbose=verbose))
    stream.write(f"{Summary.of(outcomes, started_at=started_at)}\n")


def lines(outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[str]:
    """The lines of the table, without the counts at its end."""
    ordered = worst_first(outcomes)
    rows = [table_row(outcome) for outcome in ordered]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for outcome, row in zip(ordered, rows, strict=True):
        padded = [field.ljust(width) for field, width in zip(row, widths, strict=True)]
        yield "  ".join([*padded, headline(outcome)]).rstrip()
        yield from (f"  {text}".rstrip() for text in as_lines(all_notes(outcome, verbose=verbose)))
