"""Commands that check servers or what was recorded of them: `run`, `check`, `judge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prober.cli.arguments.shared import Paths, ProbeNames, TargetNames


def run(
    paths: Paths = None,
    probe: ProbeNames = None,
    target: TargetNames = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only probes with this tag, or with one of these; may be repeated."),
    ] = None,
    exclude_tag: Annotated[
        list[str] | None,
        typer.Option("--exclude-tag", metavar="TAG", help="No probe with this tag, whatever else chose it."),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="Probes that run at once.")] = 16,
    output: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT[=FILE]",
            help="How to report: table, json, junit, sarif, github or prometheus; with =FILE into a file, beside the"
            " table. May be repeated.",
        ),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the trace of the race here, as JSON lines.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Seed of the race: the same choices as in another run.")
    ] = None,
    *,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", "-x", help="Stop at the first failure; the rest is not run.")
    ] = False,
    last_failed: Annotated[
        bool, typer.Option("--last-failed", help="Only what failed when it was run last here; all if nothing did.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run again when probe files, schemas or contracts change, until Ctrl-C.")
    ] = False,
    disabled_too: Annotated[
        bool, typer.Option("--disabled-too", help="Run also what says `enabled: false`, this once.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what was sent and what came back.")] = False,
) -> None:
    """Run every probe once and report."""
    from prober.cli import outputs, selection
    from prober.cli.commands import run

    options = run.RunOptions(
        outputs=outputs.parse_outputs(output or ()),
        paths=selection.paths_or_default(paths),
        choice=selection.Choice(
            probes=probe or (),
            targets=target or (),
            tags=tag or (),
            without_tags=exclude_tag or (),
            disabled_too=disabled_too,
        ),
        concurrency=concurrency,
        verbose=verbose,
        fail_fast=fail_fast,
        last_failed=last_failed,
        watch=watch,
        seed=seed,
        trace=trace,
    )
    raise typer.Exit(run.run(options))


def check(
    paths: Paths = None,
    *,
    print_schema: Annotated[
        bool, typer.Option("--print-schema", help="Print the JSON Schema of the configuration, for editors.")
    ] = False,
) -> None:
    """Check the configuration, without connecting."""
    from prober.cli import selection

    typer.echo(selection.schema() if print_schema else selection.describe(selection.load(paths)))


def judge(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace that `run --trace` wrote.")],
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Judge by this model instead of the trace's own.")
    ] = None,
    timeline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the witnesses: an HTML page, a lane per client.")
    ] = None,
) -> None:
    """Judge the recorded trace of a race again, without connecting."""
    from prober.cli.commands import judge

    raise typer.Exit(judge.judge(file, model=model, timeline=timeline))
