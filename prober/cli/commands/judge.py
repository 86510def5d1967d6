"""What the command line does with races: their seed, their traces in files, a trace judged again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.config.model import Probe
from prober.files import is_folder, read_bounded
from prober.kinds.race import RaceSettings
from prober.report.untrusted import block

_MOST_BYTES: Final = 256 * 1024 * 1024
"""Of a trace: a race has far less."""

if TYPE_CHECKING:  # every `run` imports this module, and few have a race to judge
    from prober.consistency.trace import Trace
    from prober.consistency.verdict import Judged


def seeded(probes: Sequence[Probe], seed: int | None) -> list[Probe]:
    """The probes, with this seed in the settings of races."""
    if seed is None:
        return list(probes)
    if not any(isinstance(probe.settings, RaceSettings) for probe in probes):
        refuse("--seed is for races, and none of these probes is one.")
    return [
        replace(probe, settings=replace(probe.settings, seed=seed))
        if isinstance(probe.settings, RaceSettings)
        else probe
        for probe in probes
    ]


def check_trace(path: Path | None, probes: Sequence[Probe]) -> None:
    """A trace is of one race. Refuses before anything is run what could not be written after it."""
    if path is None:
        return
    races = [probe.name for probe in probes if isinstance(probe.settings, RaceSettings)]
    if len(races) != 1:
        named = f"these are {len(races)}: {', '.join(races)}" if races else "none of these probes is one"
        refuse(f"--trace is for one race; {named}. Choose it with --probe.")
    _writable(path)


def write_trace(path: Path, traces: Sequence[Trace]) -> None:
    """The trace of the race that was run, as JSON lines."""
    if not traces:
        typer.echo(f"{path}: not written, the race did not begin", err=True)
        return
    from prober.consistency.jsonl import write_lines

    _write(path, "".join(f"{text}\n" for text in write_lines(traces[0])))


def judge(path: Path, *, model: str | None, timeline: Path | None) -> int:
    """Judge a recorded trace and tell; returns the exit code."""
    from prober.consistency import MODELS, judge_trace
    from prober.consistency.jsonl import read_lines
    from prober.consistency.trace import TraceError

    if model is not None and model not in MODELS:
        refuse(f"--model {model}: choose one of {', '.join(MODELS)}")
    if timeline is not None:
        _writable(timeline)
    try:
        content = read_bounded(path, most=_MOST_BYTES, pipes=True)
        if len(content) > _MOST_BYTES:
            refuse(f"{path}: larger than {_MOST_BYTES // 1024**2} MiB, so no trace that `run --trace` wrote")
        trace = read_lines(StringIO(content.decode(), newline=None), model=model)
    except OSError as error:
        refuse(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{path}: not UTF-8")
    except TraceError as problem:
        refuse(f"{path}: {problem}")
    verdict = judge_trace(trace)
    _tell(trace, verdict)
    if timeline is not None:
        from prober.report.race_timeline import timeline_of

        _write(timeline, timeline_of(trace, verdict))
    if verdict.violations:
        return FAILED
    return UNKNOWN if verdict.undecided else PASSED


def _tell(trace: Trace, verdict: Judged) -> None:
    from prober.consistency.trace import overlap
    from prober.consistency.wording import line

    clients = len({operation.client for operation in trace.operations})
    about = f"{trace.about}: " if trace.about else ""
    head = f"{about}{trace.model}, {len(trace.operations)} operations of {clients} clients"
    lines = [f"{head}, at most {overlap(trace)} open at once"]
    for violation in verdict.violations:
        times = f" ({violation.occurrences} cases)" if violation.occurrences > 1 else ""
        lines.append(f"{violation.reason}{times}: {violation.sentence}")
        lines += [f"  {line(operation)}" for operation in violation.witness]
    if verdict.undecided:
        lines.append(f"undecided: {verdict.undecided}")
    if verdict.valid:
        lines.append("valid: some order of effects explains every answer")
    sys.stdout.write("".join(f"{block(each)}\n" for each in lines))


def _writable(path: Path) -> None:
    if is_folder(path) or not is_folder(path.absolute().parent):
        refuse(f"{path}: not a file in a folder that is there")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"{path}: {error.strerror}")
