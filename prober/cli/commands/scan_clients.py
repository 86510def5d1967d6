"""`init --scan`: lists the servers in the files of the clients on this machine. Nothing is started or asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from prober.cli.client_files import again, described
from prober.cli.exit_codes import FAILED, PASSED, USAGE
from prober.cli.selection import counted
from prober.client_configs import ClientConfig, ListedServer, read_client_config
from prober.client_configs.places import usual_files
from prober.client_configs.recognition import NoServersError
from prober.config import ConfigError
from prober.files import is_file
from prober.json_values import cap
from prober.report.tty import columns, is_terminal
from prober.report.untrusted import line


def scan() -> int:
    """Print what the files list; returns the exit code: 1 where no server is listed, 2 where a file has mistakes."""
    files = usual_files(project=Path(), home=Path.home(), environ=os.environ, platform=sys.platform)
    there = [file for file in files if is_file(file)]
    configs, broken = [], False
    for file in there:
        try:
            configs.append(read_client_config(file, environ=os.environ))
        except NoServersError:
            continue
        except ConfigError as error:
            broken = True
            for mistake in error.mistakes:
                typer.echo(line(str(mistake)), err=True)
    for config in configs:
        _print(config)
    servers = [server for config in configs for server in config.servers]
    typer.echo(
        f"{counted(servers, 'server')} in {counted(configs, 'file')}; looked for {len(files)} files, "
        f"{len(there)} found. Nothing was started."
    )
    if not servers:
        typer.echo("Give the URL or the command of a server: mcp-prober init URL, mcp-prober init -- COMMAND")
    return USAGE if broken else PASSED if servers else FAILED


def _print(config: ClientConfig) -> None:
    typer.echo(line(f"{config.client}: {config.file}"))
    width = max((len(server.name) for server in config.servers), default=0)
    for server in config.servers:
        typer.echo(_fitting(f"  {server.name:{width}}  {_transport(server):5}  {described(server)}".rstrip()))
        for text in _next(config, server, environ=os.environ):
            typer.echo(line(f"  {'':{width}}  {text}"))
    typer.echo()


def _transport(server: ListedServer) -> str:
    if not server.target:
        return "-"
    return "stdio" if server.is_command else str(server.target.get("transport", "http"))


def _next(config: ClientConfig, server: ListedServer, *, environ: Mapping[str, str]) -> list[str]:
    """What stands in the way, and the command to say."""
    if server.problem:
        return [server.problem]
    lines = ["switched off in the client"] if server.disabled else []
    lines += [
        f"set {name} first" + (f": {what}" if what else "")
        for name, what in server.variables.items()
        if name not in environ
    ]
    return [*lines, f"next: {again([str(config.file)], command='init', servers=[server.name])}"]


def _fitting(text: str) -> str:
    """One line; on a terminal no longer than it is wide."""
    return cap(line(text), columns(sys.stdout)) if is_terminal(sys.stdout) else line(text)
