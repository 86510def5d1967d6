"""The table for a log, a pipe, a file: one line per probe, worst first, to be read, grepped and cut into fields.

    fail  reference  workflow-state  call       12 ms  schema_mismatch at tools/call: /steps: type: expected …
      detail: …
    pass  reference  handshake       handshake  3 ms

A probe's line begins with its verdict; what belongs to it follows, indented. No line depends on a terminal's width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import TextIO

from prober.outcome import Outcome
from prober.report.details import as_lines, cause, conversation, proof, warnings
from prober.report.formatting import duration
from prober.report.summary import Summary, worst_first
from prober.report.tty import writable
from prober.report.untrusted import line


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    stream.writelines(writable(text, stream) + "\n" for text in lines(outcomes, verbose=verbose))
    stream.write(f"{Summary.of(outcomes, started_at=started_at)}\n")


def lines(outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[str]:
    """The lines of the table, without the counts at its end."""
    ordered = worst_first(outcomes)
    rows = [_fields(outcome) for outcome in ordered]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for outcome, row in zip(ordered, rows, strict=True):
        padded = [field.ljust(width) for field, width in zip(row, widths, strict=True)]
        yield "  ".join([*padded, story(outcome)]).rstrip()
        told = chain(proof(outcome), warnings(outcome), conversation(outcome) if verbose else ())
        yield from (f"  {text}".rstrip() for text in as_lines(told))


def _fields(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.verdict.value,
        line(outcome.target),
        line(outcome.probe),
        line(outcome.kind),
        duration(outcome.duration_seconds),
    )


def story(outcome: Outcome) -> str:
    """Why the probe did not pass, on one line; empty for one that passed."""
    return ": ".join(filter(None, (cause(outcome), line(outcome.message))))
