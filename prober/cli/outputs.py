"""`run --output FORMAT[=FILE]`: where each report goes. At most one goes to standard output, a table if none else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import refuse
from prober.files import behind_links, is_file, is_folder, is_there
from prober.outcome import Outcome
from prober.report import REPORTS

SUMMARY_VARIABLE: Final = "GITHUB_STEP_SUMMARY"
"""GitHub Actions names a file here; the Markdown that a step writes to it is shown on the page of the run."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One report. Without a file it goes to standard output."""

    format: str
    file: Path | None = None


def parse_outputs(texts: Sequence[str]) -> tuple[Output, ...]:
    """The outputs as typed; what cannot be written is refused before anything is run."""
    outputs = [_output(text) for text in texts]
    on_stdout = [output.format for output in outputs if output.file is None]
    if len(on_stdout) > 1:
        refuse(
            f"--output {' and '.join(on_stdout)}: only one report goes to standard output;"
            f" give the others a file: --output {on_stdout[1]}=FILE"
        )
    files = [output.file.absolute() for output in outputs if output.file is not None]
    for file in files:
        if files.count(file) > 1:
            refuse(f"--output: {file} is named twice, and one report would overwrite the other")
    return (*outputs, *(() if on_stdout else (Output(format="table"),)))


def _output(text: str) -> Output:
    format_, equals, name = text.partition("=")
    if format_ not in REPORTS:
        refuse(f"--output {text}: choose one of {', '.join(REPORTS)}, or FORMAT=FILE for a file")
    if not equals:
        return Output(format=format_)
    file = Path(name)
    if not name or is_folder(file):
        refuse(f"--output {text}: name a file behind the =")
    if not is_folder(file.absolute().parent):
        refuse(f"--output {text}: there is no folder {file.parent}")
    try:
        file.stat()
    except FileNotFoundError:
        pass
    except OSError as error:  # a name that is too long, links that lead in a circle
        refuse(f"--output {text}: {error.strerror}")
    return Output(format=format_, file=file)


def write_outputs(
    outputs: Sequence[Output], outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool
) -> bool:
    """Write every report; returns whether all could be written. Those for standard output come last."""
    written = True
    for output in sorted(outputs, key=lambda output: output.file is None):
        report = REPORTS[output.format]
        try:
            if output.file is None:
                report(outcomes, started_at=started_at, verbose=verbose, stream=sys.stdout)
            else:
                _write_file(output.file, output.format, outcomes, started_at=started_at, verbose=verbose)
        except OSError as error:
            if output.file is None:
                raise
            typer.echo(f"--output {output.format}={output.file}: not written: {error.strerror or error}", err=True)
            written = False
    if any(output.format == "github" for output in outputs):
        _add_summary(outcomes, started_at)
    return written


def _write_file(path: Path, format_: str, outcomes: Sequence[Outcome], *, started_at: datetime, verbose: bool) -> None:
    """A file is replaced as a whole: what reads it meanwhile, such as a collector of metrics, sees no half of it."""
    if is_there(path) and not is_file(path):  # a pipe or a device
        whole = path
    else:
        path = behind_links(path)  # a link stays one
        whole = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with whole.open("w", encoding="utf-8", newline="\n") as stream:
            REPORTS[format_](outcomes, started_at=started_at, verbose=verbose, stream=stream)
        if whole is not path:
            whole.replace(path)
    except OSError:
        if whole is not path:
            whole.unlink(missing_ok=True)
        raise


def _add_summary(outcomes: Sequence[Outcome], started_at: datetime) -> None:
    """The job summary of GitHub Actions, where there is one."""
    if not (name := os.environ.get(SUMMARY_VARIABLE)):
        return
    from prober.report.github import job_summary

    try:
        with Path(name).open("a", encoding="utf-8") as stream:
            stream.write(job_summary(outcomes, started_at=started_at))
    except OSError as error:
        typer.echo(f"{SUMMARY_VARIABLE}: the summary is not written: {error.strerror}", err=True)
