"""`init`: from an address on the command line to probes that pass."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.cli.selection import counted
from prober.cli.server_address import Reachable
from prober.config import ConfigError
from prober.discover.arguments import wanted_in
from prober.discover.naming import name_of_server
from prober.discover.probe_file import ProbeFile, WouldOverwrite, draft, write
from prober.discover.survey import Answers, LeftOut, Survey, survey
from prober.loader import load
from prober.outcome import Failure
from prober.report.details import told
from prober.report.untrusted import line

_MINUTE: Final = 60.0


def init(address: Reachable, *, folder: Path, force: bool) -> int:
    """Survey the server, write the probes, report; returns the exit code."""
    try:
        seen = asyncio.run(survey(address.target, timeout=address.seconds))
    except Failure as failure:
        typer.echo(line(f"{address.target.address}: {failure.reason} at {failure.step}: {failure.message}"), err=True)
        for proof in told(failure):
            typer.echo(f"  {proof}", err=True)
        return FAILED
    drafted = draft(
        seen,
        name=address.name or name_of_server(seen.server.name),
        target=address.entry,
        defaults={"interval": "60s" if address.seconds <= _MINUTE else address.timeout, "timeout": address.timeout},
    )
    if mistakes := _mistakes(drafted):
        typer.echo(f"Nothing was written, for it would not be sound:\n{mistakes}", err=True)
        return UNKNOWN
    try:
        write(drafted, folder, force=force)
    except WouldOverwrite as problem:
        refuse(f"{problem} would be overwritten. Choose another --name or --output-dir, or say --force.")
    except OSError as problem:
        refuse(f"{problem.filename}: {problem.strerror}")
    _tell(seen, drafted, folder)
    return PASSED


def _mistakes(drafted: ProbeFile) -> str:
    """What `check` would say of the files, were they written. A server may offer what no file of ours can hold."""
    with tempfile.TemporaryDirectory() as folder:
        write(drafted, Path(folder))
        try:
            load([Path(folder)], environ=os.environ)
        except ConfigError as error:
            return "\n".join(line(f"{mistake.path}: {mistake.message}") for mistake in error.mistakes)
    return ""


def _tell(seen: Survey, drafted: ProbeFile, folder: Path) -> None:
    server = seen.server
    name = " ".join(filter(None, (server.name or "A server without a name", server.version)))
    typer.echo(line(f"{name}, MCP {server.protocol_version}"))
    answering = sum(isinstance(tool, Answers) for tool in seen.tools)
    typer.echo(f"{counted(seen.tools, 'tool')}: {answering} answered and have a probe each")
    for tool in seen.tools:
        if isinstance(tool, LeftOut):
            wanted = ", ".join(wanted_in(tool.arguments or {}))
            typer.echo(line(f"  {tool.name}: {tool.why}" + (f" ({wanted})" if wanted else "")))
    typer.echo(f"{counted(drafted.files, 'file')} written. Next: mcp-prober run {folder / drafted.path}")
