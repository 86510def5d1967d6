"""Formats ages and times for the pages, and cuts texts of servers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prober.report.formatting import counted, exactly
from prober.report.untrusted import block, line

_UNITS: Final = ((86400.0 * 2, 86400.0, "day"), (3600.0 * 2, 3600.0, "h"), (60.0, 60.0, "min"))


@dataclass(frozen=True, kw_only=True)
class When:
    """A time for a `<time>` element: machine-readable, exact, and in words."""

    machine: str
    exact: str
    text: str
    clock: str
    """The exact time, as short as it is clear today: `06:03:12 UTC`, `28 Nov 06:03 UTC`, `28 Nov 2025`."""


def span(seconds: float) -> str:
    """A duration in one unit, rounded down: `8 s`, `12 min`, `90 min`, `5 h`, `3 days`."""
    for least, unit, word in _UNITS:
        if seconds >= least:
            count = int(seconds // unit)
            return counted(count, word) if word == "day" else f"{count} {word}"
    return f"{max(int(seconds), 0)} s"


def clock(moment: datetime, now: datetime) -> str:
    """`06:03:12 UTC` on the day of `now`, `28 Nov 06:03 UTC` in its year, else `28 Nov 2025`."""
    if moment.date() == now.date():
        return f"{moment:%H:%M:%S} UTC"
    day = f"{moment.day} {moment:%b}"
    return f"{day} {moment:%H:%M} UTC" if moment.year == now.year else f"{day} {moment.year}"


def since(moment: datetime, now: datetime) -> When:
    """`for 12 min`: the time since `moment`."""
    return _when(moment, now, f"for {span((now - moment).total_seconds())}")


def ago(moment: datetime, now: datetime) -> When:
    """`12 min ago`, `in 12 min` for the future, `now` within a second."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 1:
        return _when(moment, now, "now")
    return _when(moment, now, f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}")


def one_line(text: str, *, most: int) -> str:
    """Untrusted text as one line of at most `most` characters."""
    return _cut(line(text[: most * 4]), most, len(text))


def lines_within(text: str, *, most: int) -> str:
    """Untrusted text as lines of at most `most` characters together, with its full length where it is cut."""
    shown = _cut(block(text[: most * 4]).strip("\n"), most, len(text))
    return shown if len(text) <= most or not shown.endswith("…") else f"{shown}\n({len(text):,} characters in all)"


def _cut(text: str, most: int, length: int) -> str:
    return text if len(text) <= most and length <= most * 4 else text[: most - 1].rstrip() + "…"


def _when(moment: datetime, now: datetime, text: str) -> When:
    machine = moment.isoformat(timespec="seconds")
    return When(machine=machine, exact=exactly(moment), text=text, clock=clock(moment, now))
