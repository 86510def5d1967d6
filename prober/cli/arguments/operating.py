"""Commands that start something: `daemon`, `drill`, `demo`, `reference`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prober.cli.arguments.shared import Otel, Paths, TargetNames


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
    public_page: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where to serve a status page for others: no addresses, no evidence."),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="URL by which others reach it, if not by --public-page.")
    ] = None,
    public_group_by: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The label whose values are its headings.")
    ] = None,
    public_only: Annotated[
        str | None, typer.Option(metavar="LABEL:VALUE", help="Show only targets with this label there.")
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
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Split the probes among so many processes, to use more cores.")
    ] = 1,
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
    no_schedule: Annotated[
        bool, typer.Option("--no-schedule", help="Run a probe only when /probe is asked for it; keep nothing.")
    ] = False,
    otel: Otel = False,
) -> None:
    """Run probes on schedule; serve a page and metrics."""
    from prober.cli.commands import daemon

    options = daemon.DaemonOptions(
        paths=paths or (),
        listen=listen,
        external_url=external_url,
        web_config=web_config,
        history=history,
        keep_history=not no_history and not no_schedule,
        schedule=not no_schedule,
        history_keep_results=history_keep_results,
        history_keep_failures=history_keep_failures,
        history_keep_rollups=history_keep_rollups,
        history_max_size=history_max_size,
        concurrency=concurrency,
        processes=processes,
        shard=shard,
        location=location,
        drain=drain,
        log_format=log_format,
        otel=otel,
        public_page=public_page,
        public_url=public_url,
        public_group_by=public_group_by,
        public_only=public_only,
    )
    raise typer.Exit(daemon.daemon(options))


def report(
    paths: Paths = None,
    history: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The daemon's history. Default: history.db in the state folder.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="A day, 2026-01-31, or a time, 2026-01-31T12:00:00Z.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Its end, likewise. Default: now.")] = None,
    last: Annotated[
        str | None, typer.Option(metavar="TIME", help="The time until now, in place of --from and --to. Default: 30d.")
    ] = None,
    target: TargetNames = None,
    output: Annotated[
        str,
        typer.Option(metavar="FORMAT[=FILE]", help="text, html, json, csv, or csv-incidents for a row per incident."),
    ] = "text",
) -> None:
    """Report availability, incidents and error budgets.

    Read from the history of a daemon, which may be running. Objectives, tags and labels come from the probe files.
    """
    from prober.cli.commands import report

    options = report.ReportOptions(
        paths=paths or (), history=history, from_=from_, to=to, last=last, targets=target or (), output=output
    )
    raise typer.Exit(report.report(options))


def drill(
    fault: Annotated[
        list[str] | None, typer.Option("--fault", metavar="NAME", help="Only this fault; may be repeated.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            min=1, max=120, help="Divides the time constants of rules and routes. Default: 60, less on a busy machine."
        ),
    ] = None,
    prometheus: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The program. Default: the one that is installed.")
    ] = None,
    alertmanager: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The program. Default: the one that is installed.")
    ] = None,
    alertmanager_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Send through your own routes and receivers: real notifications."),
    ] = None,
    output: Annotated[str, typer.Option(metavar="table|json", help="How to report.")] = "table",
    *,
    deliver_outside: Annotated[
        bool, typer.Option("--deliver-outside", help="Receivers of that file may be beyond this machine.")
    ] = False,
    no_alerts: Annotated[bool, typer.Option("--no-alerts", help="Without Prometheus and Alertmanager.")] = False,
) -> None:
    """Prove the pipeline: inject faults, see them alerted.

    Breaks reference servers of its own in every way they know, one fault after the other, with a daemon, Prometheus
    with the shipped rules and Alertmanager behind them; shows what the probe said, which metric moved, which alert
    came out at the end, and how long each took. All on this machine; nothing is left behind.

    With `--alertmanager-config` two faults, one that pages and one that warns, go through your own routes and
    receivers. Each alert has the label `drill` and says in its texts that nothing is wrong. What receivers get, and
    what their services refused, is reported; the secrets of the file are not.
    """
    from prober.cli.commands import drill

    options = drill.DrillOptions(
        faults=fault or (),
        speed=speed,
        prometheus=prometheus,
        alertmanager=alertmanager,
        alertmanager_config=alertmanager_config,
        deliver_outside=deliver_outside,
        alerts=not no_alerts,
        output=output,
    )
    raise typer.Exit(drill.run(options))


def demo(
    *,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the server up until Ctrl-C.")] = False,
) -> None:
    """See it work: a server, its probes, faults caught."""
    from prober.cli.commands import demo

    raise typer.Exit(demo.demo(serve=serve))


def reference(context: typer.Context) -> None:
    """Run the reference server, right or broken."""
    from prober.reference.__main__ import main as serve

    raise typer.Exit(serve(context.args, program="mcp-prober reference"))
