"""The table for a person at a terminal: a row per probe, worst first, with its details beneath.

Failures of one target that are alike stand together, with their details once beneath them. The columns fill the width
of the terminal. A reason that does not fit beside the columns goes beneath them, so that nothing is cut off at any
width. Texts of servers become `Text`, so their markup has no effect. Colours are the terminal's own palette, which its
owner has made readable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from prober.outcome import Outcome, Verdict
from prober.report.details import all_notes, cause, table_row
from prober.report.formatting import duration
from prober.report.grouping import alike
from prober.report.summary import NOTHING_RAN, Summary, worst_first
from prober.report.tty import columns
from prober.report.untrusted import block

_MARK: Final = {Verdict.PASS: "✓ pass", Verdict.FAIL: "✗ fail", Verdict.UNKNOWN: "? unknown"}
_STYLE: Final = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNKNOWN: "bold yellow"}
_HEADINGS: Final = ("", "target", "probe", "kind", "time")
_DIM: Final = "dim"
_LABEL_STYLE: Final = {"warning": "yellow", "next": "bold cyan"}
_GAP: Final = "  "
_LABEL_WIDTH: Final = len("expected")
"""Columns of the longest label, so that all texts begin in one column."""
_MIN_WIDTH: Final = 8
"""Least columns of a name, or of the text beside a label: below 50 columns the lines overflow instead."""


def write(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, stream: TextIO) -> None:
    console = Console(file=stream, width=columns(stream), markup=False, emoji=False, highlight=False)
    render(outcomes, started_at=started_at, verbose=verbose, console=console)


def render(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, console: Console) -> None:
    """Like `write`, for a console with a given width and colours."""
    for text in _lines(worst_first(outcomes), started_at=started_at, verbose=verbose, console=console):
        text.rstrip()  # trailing blanks would be copied, and would wrap in a narrower window
        console.print(text, soft_wrap=True)


def _lines(outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool, console: Console) -> Iterator[Text]:
    if not outcomes:
        yield Text(NOTHING_RAN)
        return
    layout = _Layout.fitting(outcomes, console.width)
    summary = Summary.of(outcomes, started_at=started_at)
    reason = Text("reason" if summary.failed or summary.unknown else "", _DIM)
    yield from layout.row([Text(word, _DIM) for word in _HEADINGS], reason, console)
    for group in [[each] for each in outcomes] if verbose else alike(outcomes):
        for outcome in group:
            yield from _row(outcome, layout, console)
        yield from _details(group[0], layout, verbose=verbose, console=console)
        if group[0].verdict is not Verdict.PASS:
            yield Text()
    if summary.passed:
        yield Text()
    yield from _summary(summary, verbose=verbose)


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Widths of verdict, target, probe, kind and time, and whether the reason fits beside them."""

    widths: tuple[int, ...]
    reason_beside: bool

    @classmethod
    def fitting(cls, outcomes: Sequence[Outcome], width: int) -> _Layout:
        rows = [_HEADINGS, *(_cells(outcome) for outcome in outcomes)]
        verdict, target, probe, kind, took = (max(map(len, column)) for column in zip(*rows, strict=True))
        available = width - verdict - kind - took - 4 * len(_GAP)
        if target + probe > available:
            target = min(target, max(available * target // (target + probe), _MIN_WIDTH))
            probe = min(probe, max(available - target, _MIN_WIDTH))
        widths = (verdict, target, probe, kind, took)
        reason = max(_reason(outcome).cell_len for outcome in outcomes)
        return cls(widths=widths, reason_beside=sum(widths) + 5 * len(_GAP) + reason <= width)

    def row(self, cells: Sequence[Text], reason: Text, console: Console) -> Iterator[Text]:
        cells[-1].pad_left(self.widths[-1] - cells[-1].cell_len)
        if self.reason_beside:
            return _side_by_side([*cells, reason], [*self.widths, reason.cell_len], console)
        return _side_by_side(cells, self.widths, console)


def _cells(outcome: Outcome) -> tuple[str, ...]:
    return (_MARK[outcome.verdict], *table_row(outcome)[1:])


def _row(outcome: Outcome, layout: _Layout, console: Console) -> Iterator[Text]:
    styles = (_STYLE[outcome.verdict], "", "" if outcome.verdict is Verdict.PASS else "bold", "", "")
    cells = [Text(text, style) for text, style in zip(_cells(outcome), styles, strict=True)]
    return layout.row(cells, _reason(outcome), console)


def _reason(outcome: Outcome) -> Text:
    return Text(cause(outcome), _STYLE[outcome.verdict])


def _details(outcome: Outcome, layout: _Layout, *, verbose: bool, console: Console) -> Iterator[Text]:
    available = max(console.width - len(_GAP), _MIN_WIDTH)
    reason = Text() if layout.reason_beside else _reason(outcome)
    for text in filter(None, (reason, Text(block(outcome.message)))):
        yield from (Text(_GAP) + wrapped for wrapped in _wrap(text, available, console))
    widths = (_LABEL_WIDTH, max(available - _LABEL_WIDTH - len(_GAP), _MIN_WIDTH))
    for note in all_notes(outcome, verbose=verbose):
        label = Text(note.label, _LABEL_STYLE.get(note.label, _DIM))
        yield from (Text(_GAP) + wrapped for wrapped in _side_by_side([label, Text(note.text)], widths, console))


def _side_by_side(cells: Sequence[Text], widths: Sequence[int], console: Console) -> Iterator[Text]:
    """Cells as the lines of one row, each wrapped in its own width."""
    for parts in zip_longest(*(_wrap(cell, width, console) for cell, width in zip(cells, widths, strict=True))):
        row = Text()
        for part, width in zip(parts, widths, strict=True):
            cell = part or Text()
            row.append_text(cell).append(" " * (width - cell.cell_len) + _GAP)
        yield row


def _wrap(text: Text, width: int, console: Console) -> list[Text]:
    if text.cell_len <= width and "\n" not in text.plain:
        return [text]
    return list(text.wrap(console, width, overflow="fold"))


def _summary(summary: Summary, *, verbose: bool) -> Iterator[Text]:
    counts = (
        (summary.passed, "passed", Verdict.PASS),
        (summary.failed, "failed", Verdict.FAIL),
        (summary.unknown, "unknown", Verdict.UNKNOWN),
    )
    words = [Text(f"{count} {word}", _STYLE[verdict] if count else _DIM) for count, word, verdict in counts]
    yield Text(", ").join(words) + Text(f" in {duration(summary.duration_seconds)}")
    if (summary.failed or summary.unknown) and not verbose:
        yield Text("--verbose shows the exchange", _DIM)
