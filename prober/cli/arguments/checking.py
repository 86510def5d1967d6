"""Commands that check servers or what was recorded of them: `run`, `check`, `check-metrics`, `judge`, `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prober.cli.arguments.server import (
    Env,
    Headers,
    OfFile,
    ServerOptions,
    StartupTimeout,
    Timeout,
    Transport,
    Yes,
    behind_dashes,
)
from prober.cli.arguments.shared import Configuration, Otel, Paths, ProbeNames, TargetNames
from prober.files import is_folder, is_there

if TYPE_CHECKING:
    from prober.cli.commands.quick_run import QuickLook

PathsOrServer = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]… | URL | FILE | -- COMMAND…",
        help="Probe files, or folders of them, read as one. Default: probes. Or a server without a probe file: its"
        " URL, the file of a client such as .mcp.json, or after -- the command that starts it.",
        show_default=False,
    ),
]


def run(
    context: typer.Context,
    words: PathsOrServer = None,
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
    server: OfFile = None,
    transport: Transport = None,
    header: Headers = None,
    env: Env = None,
    timeout: Timeout = None,
    startup_timeout: StartupTimeout = None,
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
    otel: Otel = False,
    yes: Yes = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what was sent and what came back.")] = False,
) -> None:
    """Run every probe once and report.

    Of a URL or a command it makes probes itself and writes none down: a handshake, the catalogue, and a call of every
    read-only tool that needs no arguments of yours.
    """
    from prober.cli import outputs, selection
    from prober.cli.commands import run

    about_server = ServerOptions(
        server=server,
        transport=transport,
        header=header,
        env=env,
        timeout=timeout,
        startup_timeout=startup_timeout,
        yes=yes,
    )
    written = outputs.parse_outputs(output or ())
    of_files = "--watch" if watch else "--last-failed" if last_failed else None
    quick = _quick_look(words or [], behind_dashes(context), about_server, of_files=of_files)
    options = run.RunOptions(
        outputs=written,
        paths=selection.paths_or_default([Path(word) for word in words or ()]) if quick is None else (),
        config=None if quick is None else quick.config,
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
        otel=otel,
        seed=seed,
        trace=trace,
    )
    code = run.run(options)
    raise typer.Exit(code if quick is None else quick.end(code))


def _is_clearly_probes(word: str) -> bool:
    path = Path(word)
    return is_folder(path) or (path.suffix in (".yaml", ".yml") and is_there(path))


def _quick_look(
    words: list[str], behind: list[str] | None, options: ServerOptions, *, of_files: str | None
) -> QuickLook | None:
    """A look at the server that the words name; None where they name probe files, as most do.

    `of_files` is an option that was given and goes with probe files only.
    """
    if behind is None and not options.given and all(map(_is_clearly_probes, words)):
        return None
    from prober.cli.commands import quick_run

    return quick_run.look(words, behind, options, of_files=of_files)


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


def check_metrics(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's page of metrics.")],
    mcp: Annotated[
        str | None,
        typer.Option("--mcp", metavar="URL", help="The server itself: cause conflicts, and see the counters move."),
    ] = None,
    act: Annotated[
        list[str] | None,
        typer.Option(
            "--act",
            metavar="'NAME=TOOL JSON'",
            help="A tool to call with these arguments: write, conflict or lock_wait; may be repeated. Default: tools of"
            " the reference server.",
        ),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="'NAME: VALUE'", help="Sent to --mcp alone; ${VARIABLE} for a secret."),
    ] = None,
    timeout: Annotated[str, typer.Option(help="Deadline of each page, and of all calls together.")] = "20s",
    output: Annotated[str, typer.Option(metavar="table|json", help="How to report.")] = "table",
    *,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Call tools that change something; --mcp needs it.")
    ] = False,
) -> None:
    """Judge the metrics that a server exports itself.

    mcp-prober check-metrics http://127.0.0.1:8080/metrics
    """
    from prober.cli import server_choice
    from prober.cli.commands import check_metrics
    from prober.cli.exit_codes import refuse

    server_choice.check_output(output, ("table", "json"))
    if mcp is not None and not allow_writes:
        refuse("--mcp makes the server write, to see whether it counts that. If it may: --allow-writes")
    options = check_metrics.CheckOptions(
        url=url, mcp=mcp, acts=act or (), header=header or (), timeout=timeout, output=output
    )
    raise typer.Exit(check_metrics.check_metrics(options))


def replay(
    failure: Annotated[
        str,
        typer.Argument(
            metavar="RUN-ID | FILE",
            help="The id of a run, as the daemon shows it; or a file that `run --output json` wrote, with --verbose"
            " for its requests; - is standard input.",
        ),
    ],
    config: Configuration = None,
    probe: Annotated[
        str | None, typer.Option("--probe", metavar="NAME", help="Of several failures, that of this probe.")
    ] = None,
    daemon: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask this daemon for the run, such as http://127.0.0.1:9733."),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The daemon's history, which has no requests. Default: in the state folder."),
    ] = None,
    *,
    curl: Annotated[
        bool, typer.Option("--curl", help="Run nothing; print the request as curl, with variables for secrets.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Run again also a probe that may write.")] = False,
) -> None:
    """Repeat the run of a stored failure: does it still happen?

    Runs the probe of that failure once, as the configuration has it now, with the arguments or the seed of then.
    """
    from prober.cli.commands import replay

    options = replay.ReplayOptions(
        failure=failure, config=config, probe=probe, daemon=daemon, history=history, yes=yes, curl=curl
    )
    raise typer.Exit(replay.replay(options))


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


def explain(
    reason: Annotated[
        str | None,
        typer.Argument(metavar="[REASON]", help="A reason, as reports name it. Default: all.", show_default=False),
    ] = None,
) -> None:
    """Explain a reason: what it means, what to do."""
    from prober.cli.commands import explain

    raise typer.Exit(explain.explain(reason))
