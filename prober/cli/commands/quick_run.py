"""`run` without a probe file: makes probes of a server in memory, and says afterwards how to keep them."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from prober.cli import server_choice
from prober.cli.arguments.server import ServerOptions
from prober.cli.exit_codes import PASSED, UNKNOWN, refuse
from prober.cli.selection import counted
from prober.cli.server_address import Server, is_probe_file
from prober.cli.survey_report import skipped_lines
from prober.config.fields.urls import without_query
from prober.config.model import Config
from prober.discover.quick_probes import QuickProbes, config_of, quick_probes
from prober.files import is_there
from prober.report.progress import Progress
from prober.report.untrusted import line


@dataclass(frozen=True, kw_only=True)
class QuickLook:
    """The probes of the servers that a command line names, and the `init` command that would write them down."""

    servers: tuple[QuickProbes, ...]
    init: str

    @property
    def config(self) -> Config:
        return config_of(self.servers)

    def end(self, code: int) -> int:
        """Say on standard error what was not called and how to keep the probes; returns the exit code of the pass.

        A server that could not be listed at first was not looked at, even if its handshake passed afterwards.
        """
        for server in self.servers:
            if server.skipped:
                typer.echo(f"{server.target.name}: {counted(server.skipped, 'tool')} without a probe:", err=True)
            for text in skipped_lines(server.skipped):
                typer.echo(text, err=True)
        unlisted = [server for server in self.servers if server.unlisted]
        if len(unlisted) < len(self.servers):
            typer.echo(f"keep these probes: {self.init}", err=True)
        if code == PASSED and unlisted:
            for server in unlisted:
                text = f"no tool was called, because the first look failed: {server.unlisted}"
                typer.echo(line(f"{server.target.name}: {text}"), err=True)
            return UNKNOWN
        return code


def look(
    words: list[str], behind: list[str] | None, options: ServerOptions, *, of_files: str | None
) -> QuickLook | None:
    """Look at the servers that the words of `run` name; None where they are probe files."""
    found = _servers(words, behind, options, of_files)
    if not found:
        if options.given:
            refuse(f"{options.given[0]} is for a URL, a client's file or a command; a probe file says it itself.")
        return None
    return QuickLook(servers=asyncio.run(_look(found)), init=_init_command(words, behind, options))


async def _look(servers: Sequence[Server]) -> tuple[QuickProbes, ...]:
    with Progress(total=len(servers), stream=sys.stderr) as live:
        for server in servers:
            live.started(target=server.target.address, probe="first look")
        looks = (quick_probes(server.target, name=server.name, timeout=server.seconds) for server in servers)
        return tuple(await asyncio.gather(*looks))


def _servers(words: list[str], behind: list[str] | None, options: ServerOptions, of_files: str | None) -> list[Server]:
    named = [word for word in words if not is_probe_file(word) and _is_server(word)]
    if of_files and (named or behind is not None):
        refuse(f"{of_files} is for probe files; the probes of a server that is named here are in no file.")
    if behind is not None:
        if words:
            more = without_query(words[0])
            refuse(f"{more!r} is too much: a command behind `--` is the server, and no file or URL goes with it.")
        if behind and all(is_probe_file(word) for word in behind):
            refuse(f"Behind `--` stands a command. Probe files go without it: mcp-prober run {shlex.join(behind)}")
        return [server_choice.server_started_by(behind, options, command="run")]
    if not named:
        for word in words:
            _check_path(word, words)
        return []
    if len(named) < len(words):
        refuse(f"{without_query(named[0])!r} is a server and goes without probe files: run the one, then the others.")
    if len(words) > 1 and not all(map(server_choice.is_client_file, words)):
        refuse(f"{without_query(words[1])!r} is too much: a URL goes alone.")
    return server_choice.servers_at(words, options, command="run")


def _is_server(word: str) -> bool:
    return server_choice.is_client_file(word) or (server_choice.is_address(word) and not is_there(Path(word)))


def _check_path(word: str, words: Sequence[str]) -> None:
    """Refuse a word that is no path and looks like something else. The loader says what is wrong with a probe file."""
    if is_probe_file(word) or is_there(Path(word)):
        return
    shown = without_query(word)
    refuse(
        f"{shown}: no such file or folder. A server may be named as well:\n"
        f"  mcp-prober run https://{shown.strip('/')}    if it is at a URL\n"
        f"  mcp-prober run -- {shlex.join(map(without_query, words))}    if it is a command"
    )


def _init_command(words: Sequence[str], behind: Sequence[str] | None, options: ServerOptions) -> str:
    """The command that writes these probes, for a shell. Values that hold `${…}` are quoted, so that they stay so."""
    command = ["mcp-prober", "init"]
    for name in options.given:
        value = getattr(options, name.removeprefix("--").replace("-", "_"))
        for each in value if isinstance(value, list) else [value]:
            command += [name] if each is True else [name, each]
    return shlex.join([*command, *words, *(["--", *behind] if behind is not None else [])])
