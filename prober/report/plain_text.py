"""The table for a log, a pipe or a file: one line per probe, worst first, easy to read, grep and cut into fields.

    fail  reference  workflow-state  call       12 ms  schema_mismatch at tools/call: /steps: type: expected …
      detail: …
      next: …
    fail  reference  steps           call       11 ms  schema_mismatch at tools/call: the same as workflow-state
    pass  reference  handshake       handshake  3 ms

The line of a probe begins with its verdict; its details follow, indented. Failures that are alike have their details
once. No line depends on a terminal's width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TextIO

from prober.outcome import Outcome
from prober.report.details import all_notes, as_lines, cause, headline, table_row
from prober.report.grouping import alike
from prober.report.summary import Summary, worst_first
from prober.report.tty import writable
from prober.report.untrusted import line


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    stream.writelines(writable(text, stream) + "\n" for text in lines(outcomes, verbose=verbose))
    stream.write(f"{Summary.of(outcomes, started_at=started_at)}\n")


def lines(outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[str]:
    """The lines of the table, without the counts at its end."""
    ordered = worst_first(outcomes)
    widths = [max(map(len, column)) for column in zip(*map(table_row, ordered), strict=True)]

    def row(outcome: Outcome, words: str) -> str:
        padded = [field.ljust(width) for field, width in zip(table_row(outcome), widths, strict=True)]
        return "  ".join([*padded, words]).rstrip()

    for first, *others in [[each] for each in ordered] if verbose else alike(ordered):
        yield row(first, headline(first))
        yield from (f"  {text}".rstrip() for text in as_lines(all_notes(first, verbose=verbose)))
        yield from (row(other, f"{cause(other)}: the same as {line(first.probe)}") for other in others)
