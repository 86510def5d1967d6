"""Why a server could not be looked at, for people: on standard error, for every command that looks at one."""

from __future__ import annotations

import typer

from prober.outcome import Failure
from prober.report.details import told
from prober.report.next_step import next_for
from prober.report.untrusted import line


def show(failure: Failure, *, of: str, target: str | None = None) -> None:
    """The failure `of` an address or a target with what proves it; with the name of a target the next step too."""
    typer.echo(line(f"{of}: {failure.reason} at {failure.step}: {failure.message}"), err=True)
    for proof in told(failure):
        typer.echo(f"  {proof}", err=True)
    if target is not None:
        typer.echo(f"  next: {next_for(failure, target=target)}", err=True)
