"""The results of the trial as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from prober import __version__
from tests.trial.rounds import Trial

RESULTS: Final = Path(__file__).with_name("results.md")

_HEAD: Final = (
    "| server | made of | transport | MCP | probes | init | first run | second run | drift | handshake era |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def markdown(trials: Sequence[Trial], *, conditions: str) -> str:
    """The whole document."""
    return "\n".join(_lines(trials, conditions)) + "\n"


def _lines(trials: Sequence[Trial], conditions: str) -> Iterator[str]:
    packages = len({trial.server.package for trial in trials})
    false = [red for trial in trials for red in trial.false_alarms]
    reds = [red for trial in trials for red in trial.reds]
    yield "# Trial with real servers"
    yield ""
    yield f"Written by `make trial` on {datetime.now(UTC):%Y-%m-%d} with version {__version__}, {conditions}."
    yield f"{len(trials)} configurations of {packages} packages: {len(reds)} red results, {len(false)} of them"
    yield f"unproven; processes left behind: {sum(trial.left_behind for trial in trials)}."
    yield ""
    yield from _HEAD
    for trial in trials:
        yield _row(trial)
    yield ""
    yield "## Red results, and what a raw exchange showed"
    yield ""
    if not reds:
        yield "None."
    for trial in trials:
        yield from _alike(trial)
        if trial.left_behind:
            yield f"- {trial.server.name}: a process that it put into a session of its own was still there at the end"


def _alike(trial: Trial) -> Iterator[str]:
    """Its red results, those of one reason and proof together."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for red in trial.reds:
        where = f"{red.round} {red.probe.removeprefix('server-')}".strip()
        groups.setdefault((red.reason, red.message, red.proof), []).append(where)
    for (reason, message, proof), places in groups.items():
        shown = cell(proof) or "**nothing: a false alarm**"
        yield f"- {trial.server.name}, `{reason}` in {', '.join(places)}: {cell(message)}. Raw: {shown}"


def _row(trial: Trial) -> str:
    server = trial.server
    runs = {name: f"{passed}/{all_}" for name, passed, all_ in trial.passed}
    drift = {None: "", 0: "none"}.get(trial.drift, "yes")
    cells = (
        f"{server.name} ({server.package})",
        server.sdk,
        server.transport,
        trial.version,
        str(trial.probes),
        f"{trial.seconds:.1f} s",
        runs.get("first run", trial.trouble),
        runs.get("second run", ""),
        drift,
        runs.get("handshake era", ""),
    )
    return "| " + " | ".join(map(cell, cells)) + " |"


def cell(text: str) -> str:
    """Text without line breaks and without the folders of this machine."""
    short = re.sub(r"(?<![:/\w.])(?:/[\w@.=+-]+)+/(?=[\w@.=+-])", "…/", " ".join(text.split()))
    return short.replace("|", "\\|").replace("<", "&lt;")[:300]
