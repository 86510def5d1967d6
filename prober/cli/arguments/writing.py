"""Commands about files: `init`, `pin`, `drift`, `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prober.cli.arguments.server import OfFile, StartupTimeout, Yes
from prober.cli.arguments.shared import Paths, ServerAddress, TargetNames

Output = Annotated[str, typer.Option(metavar="text|json", help="How to report.")]


def init(
    address: ServerAddress = None,
    name: Annotated[str | None, typer.Option(help="Name of the target. Default: what the server calls itself.")] = None,
    output_dir: Annotated[Path, typer.Option(help="Where the probe file and its schemas go.")] = Path("probes"),
    server: OfFile = None,
    transport: Annotated[
        str | None, typer.Option(metavar="http|sse", help="For a URL: Streamable HTTP, or legacy HTTP+SSE.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME: VALUE'", help="Sent with every request; ${VARIABLE} keeps a secret out of files."),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME=VALUE'", help="Environment of a command; ${VARIABLE} keeps a secret out of files."),
    ] = None,
    timeout: Annotated[str, typer.Option(help="Deadline of the look at the server and of each probe.")] = "10s",
    startup_timeout: StartupTimeout = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An argument of tools, or TOOL.KEY=VALUE of one; repeatable."),
    ] = None,
    read_only: Annotated[
        list[str] | None,
        typer.Option(metavar="'get_*'", help="Tools that only read, though they do not say so; may be repeated."),
    ] = None,
    output: Output = "text",
    *,
    scan: Annotated[
        bool, typer.Option("--scan", help="Only list the servers in the files of this machine's clients.")
    ] = False,
    yes: Yes = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Add what is new in the server to the file; keep all that is in it.")
    ] = False,
) -> None:
    """Look at a live server, write probes for it.

    Calls only tools that are declared read-only, by the server or with --read-only.
    """
    from prober.cli.exit_codes import refuse

    if scan:
        from prober.cli.commands import scan_clients

        if address:
            refuse("--scan looks in the usual places, so it takes no address.")
        raise typer.Exit(scan_clients.scan())
    if not address:
        refuse(
            "Which server? Give a URL, the file of a client, or -- COMMAND. "
            "To look for servers on this machine: mcp-prober init --scan"
        )

    from prober.cli.server_address import ServerArguments, choose_servers

    arguments = ServerArguments(
        words=address,
        transport=transport,
        headers=header or [],
        env=env or [],
        name=name,
        timeout=timeout,
        startup_timeout=startup_timeout,
        servers=server or (),
        yes=yes,
    )
    servers = choose_servers(arguments)

    # Imported after the check of the address: importing the client takes longer.
    from prober.cli.commands import init

    options = init.InitOptions(
        folder=output_dir,
        force=force,
        update=update,
        output=output,
        values=tuple(set_ or ()),
        read_only=tuple(read_only or ()),
    )
    raise typer.Exit(init.init_each(servers, options))


def pin(paths: Paths = None, target: TargetNames = None, output: Output = "text") -> None:
    """Write what servers offer to contract files.

    One for each catalog probe that names a `contract`. What differs from the file that is there is shown.
    """
    from prober.cli import selection
    from prober.cli.commands import contracts

    contracts.check_output(output)
    config = selection.load(paths, pinning=True)
    raise typer.Exit(
        contracts.pin(config, selection.choose(config, selection.Choice(targets=target or ())), output=output)
    )


def drift(paths: Paths = None, target: TargetNames = None, output: Output = "text") -> None:
    """Compare servers with their contract files.

    Each change is breaking, additive or cosmetic; the exit code is 1 where one is breaking.
    """
    from prober.cli import selection
    from prober.cli.commands import contracts

    contracts.check_output(output)
    config = selection.load(paths)
    raise typer.Exit(
        contracts.drift(config, selection.choose(config, selection.Choice(targets=target or ())), output=output)
    )


def export(
    what: Annotated[str, typer.Argument(metavar="probes|dashboards|alerts|deploy", help="What to copy.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to copy to.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Copy out example probes, dashboards, alerts, units."""
    from prober.cli.commands import export

    raise typer.Exit(export.export(what, folder, force=force))
