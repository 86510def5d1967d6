"""The command line. Each command turns its arguments into one call, and the result into an exit code.

This is the only package that prints, exits and handles signals. Everything but Typer is imported inside the commands,
so that `--help` costs no more than Typer itself.
Exit codes: 0 all passed, 1 a probe failed, 2 usage or configuration, 3 our own fault or only `unknown`,
130 interrupted.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from prober import __version__

app = typer.Typer(
    name="mcp-prober",
    help="Probe MCP servers as an agent sees them, judge every answer, say which step failed and why.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]…", help="Probe files, or folders of them, read as one. Default: probes.", show_default=False
    ),
]
ProbeNames = Annotated[
    list[str] | None, typer.Option("--probe", metavar="NAME", help="Only this probe; may be repeated.")
]
TargetNames = Annotated[
    list[str] | None, typer.Option("--target", metavar="NAME", help="Only probes of this target; may be repeated.")
]
ServerAddress = Annotated[
    list[str],
    typer.Argument(metavar="URL | -- COMMAND…", help="The server's URL, or after -- the command that starts it."),
]


def main() -> None:
    """Entry point of `mcp-prober`."""
    gc.set_threshold(50_000)  # collecting garbage during imports finds none and takes a tenth of the start
    # httpx imports its own command line along with itself (rich, pygments, click: 0.1 s at every start), where it can.
    # None in this table is how Python marks a module that is not to be had, and then httpx does without. The process is
    # ours here, and only here.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    app()


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"mcp-prober {__version__}")
        raise typer.Exit


@app.command()
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


@app.command()
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


@app.command()
def init(
    address: ServerAddress,
    name: Annotated[str | None, typer.Option(help="Name of the target. Default: what the server calls itself.")] = None,
    output_dir: Annotated[Path, typer.Option(help="Where the probe file and its schemas go.")] = Path("probes"),
    transport: Annotated[
        str, typer.Option(metavar="http|sse", help="For a URL: Streamable HTTP, or legacy HTTP+SSE.")
    ] = "http",
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME: VALUE'", help="Sent with every request; ${VARIABLE} keeps a secret out of files."),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME=VALUE'", help="Environment of a command; ${VARIABLE} keeps a secret out of files."),
    ] = None,
    timeout: Annotated[str, typer.Option(help="Deadline of the look at the server and of each probe.")] = "10s",
    startup_timeout: Annotated[
        str | None, typer.Option(help="For a command: how long it may take until its first answer. Default: 30s.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Look at a live server, write probes for it.

    Calls only tools that are declared read-only.
    """
    from prober.cli.server_address import ServerArguments, check_server

    arguments = ServerArguments(
        words=address,
        transport=transport,
        headers=header or [],
        env=env or [],
        name=name,
        timeout=timeout,
        startup_timeout=startup_timeout,
    )
    server = check_server(arguments)

    # Imported after the check of the address: importing the client takes longer.
    from prober.cli.commands import init

    raise typer.Exit(init.init(server, folder=output_dir, force=force))


@app.command()
def pin(paths: Paths = None, target: TargetNames = None) -> None:
    """Write what servers offer to contract files.

    One for each catalog probe that names a `contract`.
    """
    from prober.cli import selection
    from prober.cli.commands import contracts

    config = selection.load(paths, pinning=True)
    raise typer.Exit(contracts.pin(config, selection.choose(config, targets=target)))


@app.command()
def drift(paths: Paths = None, target: TargetNames = None) -> None:
    """Compare servers with their contract files.

    Each change is breaking, additive or cosmetic; the exit code is 1 where one is breaking.
    """
    from prober.cli import selection
    from prober.cli.commands import contracts

    config = selection.load(paths)
    raise typer.Exit(contracts.drift(config, selection.choose(config, targets=target)))


@app.command()
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


@app.command()
def export(
    what: Annotated[str, typer.Argument(metavar="probes|dashboards|alerts|deploy", help="What to copy.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to copy to.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Copy probes, dashboards, alerts or files to deploy that ship with it."""
    from prober.cli.commands import export

    raise typer.Exit(export.export(what, folder, force=force))


@app.command()
def demo(
    *,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the server up until Ctrl-C.")] = False,
) -> None:
    """Show it: a server, its probes, two faults caught."""
    from prober.cli.commands import demo

    raise typer.Exit(demo.demo(serve=serve))


@app.command()
def daemon(
    paths: Paths = None,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to serve metrics, status page and API.")
    ] = "127.0.0.1:9733",
    external_url: Annotated[
        str | None, typer.Option(metavar="URL", help="URL by which other machines reach it, if not by --listen.")
    ] = None,
    web_config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS and basic auth, in the format of Prometheus' exporters.")
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where results are kept. Default: history.db in the state folder."),
    ] = None,
    history_keep_results: Annotated[str, typer.Option(metavar="TIME", help="How long each run is kept.")] = "30d",
    history_keep_failures: Annotated[
        str, typer.Option(metavar="TIME", help="How long failures are kept with their evidence.")
    ] = "90d",
    history_keep_rollups: Annotated[
        str, typer.Option(metavar="TIME", help="How long counts and times by hour and day are kept.")
    ] = "400d",
    history_max_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Largest history on disk; beyond it, the oldest is deleted.")
    ] = "2GiB",
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="Probes that run at once.")] = 64,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Run only the probes that fall to part I of N.")
    ] = None,
    location: Annotated[
        str | None, typer.Option(metavar="NAME", help="Value of the label `location` of every metric.")
    ] = None,
    drain: Annotated[str, typer.Option(help="How long running probes may take to end on SIGTERM.")] = "10s",
    log_format: Annotated[str, typer.Option(metavar="auto|json|text", help="How to log.")] = "auto",
    *,
    no_history: Annotated[bool, typer.Option("--no-history", help="Keep results only in memory.")] = False,
) -> None:
    """Run probes on their schedule; serve metrics, a status page and an API."""
    from prober.cli.commands import daemon

    options = daemon.DaemonOptions(
        paths=paths or (),
        listen=listen,
        external_url=external_url,
        web_config=web_config,
        history=history,
        keep_history=not no_history,
        history_keep_results=history_keep_results,
        history_keep_failures=history_keep_failures,
        history_keep_rollups=history_keep_rollups,
        history_max_size=history_max_size,
        concurrency=concurrency,
        shard=shard,
        location=location,
        drain=drain,
        log_format=log_format,
    )
    raise typer.Exit(daemon.daemon(options))


@app.command()
def drill(
    fault: Annotated[
        list[str] | None, typer.Option("--fault", metavar="NAME", help="Only this fault; may be repeated.")
    ] = None,
    speed: Annotated[float, typer.Option(min=1, max=120, help="Divides the time constants of rules and routes.")] = 60,
    prometheus: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The program. Default: the one that is installed.")
    ] = None,
    alertmanager: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The program. Default: the one that is installed.")
    ] = None,
    output: Annotated[str, typer.Option(metavar="table|json", help="How to report.")] = "table",
    *,
    no_alerts: Annotated[bool, typer.Option("--no-alerts", help="Without Prometheus and Alertmanager.")] = False,
) -> None:
    """Prove the pipeline: inject faults, see them alerted.

    Breaks reference servers of its own in every way they know, one fault after the other, with a daemon, Prometheus
    with the shipped rules and Alertmanager behind them; shows what the probe said, which metric moved, which alert
    came out at the end, and how long each took. All on this machine; nothing is left behind.
    """
    from prober.cli.commands import drill

    options = drill.DrillOptions(
        faults=fault or (),
        speed=speed,
        prometheus=prometheus,
        alertmanager=alertmanager,
        alerts=not no_alerts,
        output=output,
    )
    raise typer.Exit(drill.run(options))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
    options_metavar="[OPTIONS, see --help]",
)
def reference(context: typer.Context) -> None:
    """Run the reference server, right or broken."""
    from prober.reference.__main__ import main as serve

    raise typer.Exit(serve(context.args, program="mcp-prober reference"))
