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
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="Probes that run at once.")] = 16,
    output: Annotated[str, typer.Option(metavar="table|json|junit|prometheus", help="How to report.")] = "table",
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the trace of the race here, as JSON lines.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Seed of the race: the same choices as in another run.")
    ] = None,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what was sent and what came back.")] = False,
) -> None:
    """Run every probe once and report."""
    from prober.cli import selection
    from prober.cli.commands import judge, run

    run.check_output(output)
    config = selection.load(paths)
    probes = judge.seeded(selection.choose(config, probes=probe, targets=target), seed)
    judge.check_trace(trace, probes)
    options = run.RunOptions(concurrency=concurrency, output=output, verbose=verbose, trace=trace)
    raise typer.Exit(run.run(config, probes, options))


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
    """Judge the recorded trace of a race again."""
    from prober.cli.commands import judge

    raise typer.Exit(judge.judge(file, model=model, timeline=timeline))
