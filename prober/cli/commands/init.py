"""`init`: surveys a server and writes probes that pass."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN, refuse
from prober.cli.selection import counted
from prober.cli.server_address import Server
from prober.config import ConfigError
from prober.discover.arguments import missing_values
from prober.discover.naming import target_name
from prober.discover.probe_file import FilesExistError, ProbeFile, probe_file_for, write
from prober.discover.survey import CalledTool, SkippedTool, Survey, survey
from prober.loader import load
from prober.outcome import Failure
from prober.report.details import told
from prober.report.untrusted import line

_MINUTE: Final = 60.0


def init_each(servers: Sequence[Server], *, folder: Path, force: bool) -> int:
    """A probe file for each server; returns the worst of their exit codes. One that fails does not stop the others."""
    codes = []
    for server in servers:
        if len(servers) > 1:
            typer.echo(line(f"{server.name}: {server.target.address}"))
        try:
            codes.append(init(server, folder=folder, force=force))
        except typer.Exit as refused:
            codes.append(refused.exit_code)
    return max(codes)


def init(server: Server, *, folder: Path, force: bool) -> int:
    """Survey the server, write the probes, report; returns the exit code."""
    try:
        surveyed = asyncio.run(survey(server.target, timeout=server.seconds))
    except Failure as failure:
        typer.echo(line(f"{server.target.address}: {failure.reason} at {failure.step}: {failure.message}"), err=True)
        for proof in told(failure):
            typer.echo(f"  {proof}", err=True)
        return FAILED
    probe_file = probe_file_for(
        surveyed,
        name=server.name or target_name(surveyed.server.name),
        target=server.entry,
        defaults={"interval": "60s" if server.seconds <= _MINUTE else server.timeout, "timeout": server.timeout},
    )
    if mistakes := _mistakes(probe_file):
        typer.echo(f"Nothing was written, because the files would have mistakes:\n{mistakes}", err=True)
        return UNKNOWN
    try:
        write(probe_file, folder, force=force)
    except FilesExistError as problem:
        refuse(f"{problem} would be overwritten. Choose another --name or --output-dir, or say --force.")
    except OSError as problem:
        refuse(f"{problem.filename}: {problem.strerror}")
    _print_summary(surveyed, probe_file, folder)
    return PASSED


def _mistakes(probe_file: ProbeFile) -> str:
    """The mistakes that `check` would find in the files: a name of a server may be invalid in a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        write(probe_file, Path(folder))
        try:
            load([Path(folder)], environ=os.environ)
        except ConfigError as error:
            return "\n".join(line(f"{mistake.path}: {mistake.message}") for mistake in error.mistakes)
    return ""


def _print_summary(surveyed: Survey, probe_file: ProbeFile, folder: Path) -> None:
    server = surveyed.server
    name = " ".join(filter(None, (server.name or "A server without a name", server.version)))
    typer.echo(line(f"{name}, MCP {server.protocol_version}"))
    called = sum(isinstance(tool, CalledTool) for tool in surveyed.tools)
    typer.echo(f"{counted(surveyed.tools, 'tool')}: {called} answered and have a probe each")
    for tool in surveyed.tools:
        if isinstance(tool, SkippedTool):
            missing = ", ".join(missing_values(tool.arguments or {}))
            typer.echo(line(f"  {tool.name}: {tool.why}" + (f" ({missing})" if missing else "")))
    typer.echo(f"{counted(probe_file.files, 'file')} written. Next: mcp-prober run {folder / probe_file.path}")
