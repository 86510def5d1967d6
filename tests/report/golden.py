"""Every report of the fixed pass, as committed under `golden/`; `python -m tests.report.golden` writes them anew."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from prober.outcome import Outcome
from prober.report import REPORTS
from prober.report.terminal import render
from tests.report.outcomes import ALIKE, EVERYTHING, HOSTILE, PASSED, STARTED_AT

FOLDER: Final = Path(__file__).with_name("golden")


def report(name: str, outcomes: Sequence[Outcome], *, verbose: bool = False) -> str:
    """A report as it goes into a file."""
    stream = io.StringIO()
    REPORTS[name](outcomes, started_at=STARTED_AT, verbose=verbose, stream=stream)
    return stream.getvalue()


def on_screen(outcomes: Sequence[Outcome], *, width: int, verbose: bool = False, colour: bool = False) -> str:
    """The table as it goes to a terminal of that width."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        height=25,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
    )
    render(outcomes, started_at=STARTED_AT, verbose=verbose, console=console)
    return stream.getvalue()


GOLDEN: Final[Mapping[str, Callable[[], str]]] = {
    "table.txt": partial(report, "table", EVERYTHING),
    "table-verbose.txt": partial(report, "table", EVERYTHING, verbose=True),
    "table-empty.txt": partial(report, "table", ()),
    "table-hostile.txt": partial(report, "table", (HOSTILE,), verbose=True),
    "terminal-60.txt": partial(on_screen, EVERYTHING, width=60),
    "terminal-80.txt": partial(on_screen, EVERYTHING, width=80),
    "terminal-120-verbose.txt": partial(on_screen, EVERYTHING, width=120, verbose=True),
    "terminal-120-colour.txt": partial(on_screen, EVERYTHING, width=120, colour=True),
    "terminal-80-passed.txt": partial(on_screen, PASSED, width=80),
    "terminal-60-hostile.txt": partial(on_screen, (HOSTILE,), width=60, verbose=True),
    "table-alike.txt": partial(report, "table", (*ALIKE, *PASSED)),
    "terminal-80-alike.txt": partial(on_screen, (*ALIKE, *PASSED), width=80),
    "terminal-120-alike.txt": partial(on_screen, (*ALIKE, *PASSED), width=120),
    "terminal-empty.txt": partial(on_screen, (), width=80),
    "run.json": partial(report, "json", EVERYTHING),
    "run-verbose.json": partial(report, "json", EVERYTHING, verbose=True),
    "run-empty.json": partial(report, "json", ()),
    "junit.xml": partial(report, "junit", EVERYTHING),
    "junit-verbose.xml": partial(report, "junit", EVERYTHING, verbose=True),
    "junit-empty.xml": partial(report, "junit", ()),
    "metrics.prom": partial(report, "prometheus", EVERYTHING),
    "metrics-empty.prom": partial(report, "prometheus", ()),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, render_it in GOLDEN.items():
        (FOLDER / name).write_text(render_it(), encoding="utf-8")


if __name__ == "__main__":
    main()
