"""Computes the geometry of the small charts: strips of days, lines of response times, bars of phases.

The values hold only numbers and our own words; the templates write the elements, the style sheet colours them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from prober.history import Day
from prober.outcome import Phase
from prober.report.formatting import counted, duration, percent

DAYS: Final = 90
PITCH: Final = 4
"""Width of a day in a strip, with the gap after it."""
STRIP_HEIGHT: Final = 28
_MIN_FAILED_HEIGHT: Final = 5.0
"""Least height of the failures of a day: one failed run in a thousand must be visible."""
SPARK_WIDTH: Final = 120
SPARK_HEIGHT: Final = 28
_MARGIN: Final = 2.0
PHASE_WIDTH: Final = 160


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line of an SVG path and its CSS class."""

    look: str
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a strip."""

    title: str
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, kw_only=True)
class Strip:
    """The last days of a target, the oldest first."""

    label: str
    bars: tuple[Bar, ...]
    width: int = DAYS * PITCH
    height: int = STRIP_HEIGHT


@dataclass(frozen=True, kw_only=True)
class Spark:
    """Response times as a line, with the area below it."""

    label: str
    by: str
    """The stretch of time of a point: `hour`, `minute`."""
    line: str
    area: str
    least: str
    most: str
    latest: str
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One phase of a run."""

    phase: str
    x: float
    width: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Phases:
    """The phases of a run as one bar."""

    label: str
    pieces: tuple[Piece, ...]
    width: int = PHASE_WIDTH


def strip_of(days: Sequence[Day], today: date) -> Strip:
    """Days without a run may be missing from `days`; the strip shows them empty."""
    by_date = {day.day: day for day in days}
    shown = [today - timedelta(days=DAYS - 1 - index) for index in range(DAYS)]
    *before, now = [(index * PITCH + PITCH / 2, on, by_date.get(on)) for index, on in enumerate(shown)]
    bars = (*(_past_bar(*each) for each in before), _bar(*now))
    return Strip(label=_strip_label([by_date[on] for on in shown if on in by_date]), bars=bars)


def spark_of(seconds: Sequence[float | None], *, by: str) -> Spark | None:
    """A line through points that are an hour or a minute apart; None in `seconds` is a gap. None for fewer than two
    points."""
    measured = [value for value in seconds if value is not None]
    if len(measured) < 2:
        return None
    least, most = min(measured), max(measured)
    step = (SPARK_WIDTH - 2 * _MARGIN) / (len(seconds) - 1)
    room = SPARK_HEIGHT - 2 * _MARGIN
    scale = room / most if most else 0.0
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(seconds):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((_MARGIN + index * step, SPARK_HEIGHT - _MARGIN - value * scale))
    drawn = [run for run in runs if run]
    summary = f"{duration(least)} to {duration(most)}, last {duration(measured[-1])}"
    return Spark(
        label=f"Response time by the {by}: {summary}",
        by=by,
        line="".join(_line(run) for run in drawn),
        area="".join(f"{_line(run)}V{SPARK_HEIGHT}H{run[0][0]:.1f}z" for run in drawn if len(run) > 1),
        least=duration(least),
        most=duration(most),
        latest=duration(measured[-1]),
    )


def phases_of(phases: Mapping[Phase, float]) -> Phases | None:
    """Phases in the order of an exchange, as shares of their sum; None where no time was measured."""
    known = [(phase, phases[phase]) for phase in Phase if phases.get(phase, 0.0) > 0]
    total = sum(seconds for _, seconds in known)
    if not total:
        return None
    pieces, left = [], 0.0
    for phase, seconds in known:
        width = seconds / total * PHASE_WIDTH
        pieces.append(Piece(phase=phase.value, x=round(left, 2), width=round(width, 2), text=duration(seconds)))
        left += width
    return Phases(label=", ".join(f"{piece.phase} {piece.text}" for piece in pieces), pieces=tuple(pieces))


def _line(points: Sequence[tuple[float, float]]) -> str:
    first, *rest = [f"{x:.1f} {y:.1f}" for x, y in points]
    return f"M{first}" + ("L" + " ".join(rest) if rest else "h.01")  # a single point becomes a dot


@lru_cache(maxsize=8_192)
def _past_bar(x: float, on: date, day: Day | None) -> Bar:
    """Kept, for on a refresh only the bars of today have changed; those would fill the cache and never be found."""
    return _bar(x, on, day)


def _bar(x: float, on: date, day: Day | None) -> Bar:
    label = _date_label(on)
    if day is None or not day.runs:
        return Bar(f"{label}: no runs", (Stroke("none", f"M{x:g} {STRIP_HEIGHT}v-3"),))
    strokes, bottom = [], float(STRIP_HEIGHT)
    for look, height in _heights(day):
        strokes.append(Stroke(look, f"M{x:g} {bottom:g}v-{height:g}"))
        bottom = round(bottom - height, 1)
    return Bar(f"{label}: {_day_summary(day)}", tuple(strokes))


@lru_cache(maxsize=2 * DAYS)
def _date_label(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b %Y}"


def _heights(day: Day) -> list[tuple[str, float]]:
    """From the bottom up: passed, unknown, failed."""
    failed = max(day.failed / day.runs * STRIP_HEIGHT, _MIN_FAILED_HEIGHT) if day.failed else 0.0
    unknown = max(day.unknown / day.runs * STRIP_HEIGHT, 1.0) if day.unknown else 0.0
    unknown = min(unknown, STRIP_HEIGHT - failed)
    passed = max(STRIP_HEIGHT - failed - unknown, 0.0) if day.passed else 0.0
    parts = (("pass", passed), ("unknown", unknown), ("fail", failed))
    return [(look, round(height, 1)) for look, height in parts if height >= 0.5]


def _day_summary(day: Day) -> str:
    if not day.failed and not day.unknown:
        return f"all of {counted(day.runs, 'run')} passed"
    parts = [percent(day.uptime) + " passed"] if day.uptime is not None else []
    parts += [f"{count:,} {word}" for count, word in ((day.failed, "failed"), (day.unknown, "unknown")) if count]
    return f"{', '.join(parts)} of {counted(day.runs, 'run')}"


def _strip_label(days: Sequence[Day]) -> str:
    """The strip in one sentence, for screen readers."""
    with_runs = [day for day in days if day.runs]
    failed = [day for day in days if day.failed]
    if not with_runs:
        return f"Last {DAYS} days: no runs"
    period = f"{DAYS} days" if len(with_runs) == DAYS else f"{DAYS} days, {len(with_runs)} with runs"
    if not failed:
        return f"Last {period}: no failures"
    worst = min(failed, key=lambda day: day.uptime or 0.0)
    return (
        f"Last {period}: failures on {counted(len(failed), 'day')}, "
        f"the worst {worst.day.day} {worst.day:%b} ({percent(worst.uptime or 0.0)} passed)"
    )
