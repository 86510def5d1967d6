"""Chooses servers from the files of MCP clients. A command of a file is started only when named, or confirmed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import typer

from prober.cli.exit_codes import refuse
from prober.cli.selection import counted
from prober.cli.server_address import Server, ServerArguments, answering, checked
from prober.client_configs import ClientConfig, ListedServer, read_client_config
from prober.config import ConfigError
from prober.config.document.diagnostics import Mistake, did_you_mean
from prober.config.fields.urls import without_query
from prober.discover.naming import target_name
from prober.report.untrusted import line


def choose(arguments: ServerArguments) -> list[Server]:
    """The servers of the files that the arguments choose, checked. Says what was not carried over."""
    if arguments.headers or arguments.env or arguments.transport is not None:
        refuse("--header, --env and --transport are for one URL or command; a file of a client says them itself.")
    listed = [server for config in _read(arguments.words) for server in _announced(config)]
    chosen = _named(listed, arguments) if arguments.servers else _all(listed, arguments)
    if arguments.name is not None and len(chosen) > 1:
        refuse(f"--name is for one server, and these are {len(chosen)}. Choose one by --server NAME.")
    _refuse_without_variables(chosen, arguments)
    if not arguments.servers and not arguments.yes:
        _confirm([server for server in chosen if server.is_command], arguments)
    for server in chosen:
        for note in server.notes:
            typer.echo(line(f"{server.name} ({server.place}): {note}"), err=True)
    names = _target_names(chosen, arguments.name)
    return [_checked(server, name, arguments) for server, name in zip(chosen, names, strict=True)]


def described(server: ListedServer) -> str:
    """The URL or the command of a server, on one line, without secrets."""
    if server.is_command:
        return line(shlex.join(server.target["command"]))
    return line(without_query(server.target["url"])) if server.target else ""


def again(words: Iterable[str], *, command: str, servers: Iterable[str] = ()) -> str:
    """The command line that chooses these servers."""
    options = [word for name in servers for word in ("--server", name)]
    return f"mcp-prober {command} {shlex.join([*words, *options])}"


def _read(words: Sequence[str]) -> list[ClientConfig]:
    mistakes: list[Mistake] = []
    configs: list[ClientConfig] = []
    for word in words:
        try:
            configs.append(read_client_config(Path(word), environ=os.environ))
        except ConfigError as error:
            mistakes += error.mistakes
    if mistakes:
        refuse(line_by_line(mistakes))
    return configs


def line_by_line(mistakes: Iterable[object]) -> str:
    return "\n".join(line(str(mistake)) for mistake in mistakes)


def _announced(config: ClientConfig) -> tuple[ListedServer, ...]:
    typer.echo(line(f"{config.file}: {counted(config.servers, 'server')} for {config.client}"), err=True)
    for note in config.notes:
        typer.echo(line(f"{config.file}: {note}"), err=True)
    return config.servers


def _named(listed: Sequence[ListedServer], arguments: ServerArguments) -> list[ListedServer]:
    names = [server.name for server in listed]
    for wanted in arguments.servers:
        if not any(fnmatchcase(name, wanted) for name in names):
            refuse(f"{did_you_mean(f'--server {wanted}: there is no such server in the file', wanted, names)}")
    chosen = [server for server in listed if any(fnmatchcase(server.name, wanted) for wanted in arguments.servers)]
    problems = [f"{server.name} ({server.place}): {server.problem}" for server in chosen if server.problem]
    if problems:
        refuse(line_by_line(problems))
    return chosen


def _all(listed: Sequence[ListedServer], arguments: ServerArguments) -> list[ListedServer]:
    """All but those that are switched off or cannot be probed; these are named."""
    for server in listed:
        if server.problem:
            typer.echo(line(f"{server.name} ({server.place}): left out: {server.problem}"), err=True)
        elif server.disabled:
            said = again(arguments.words, command=arguments.command, servers=[server.name])
            typer.echo(
                line(f"{server.name} ({server.place}): left out: it is switched off. To take it: {said}"), err=True
            )
    chosen = [server for server in listed if not server.problem and not server.disabled]
    if not chosen:
        refuse("No server is left.")
    return chosen


def _refuse_without_variables(chosen: Sequence[ListedServer], arguments: ServerArguments) -> None:
    missing = {
        server.name: unset
        for server in chosen
        if (unset := {name: what for name, what in server.variables.items() if name not in os.environ})
    }
    if not missing:
        return
    lines = ["These variables are not set. Set them, and say the same again:"]
    for server, unset in missing.items():
        lines += [f"  export {name}=…     # {server}" + (f": {what}" if what else "") for name, what in unset.items()]
    others = [server.name for server in chosen if server.name not in missing]
    if others:
        lines.append(f"Or take the others: {again(arguments.words, command=arguments.command, servers=others)}")
    refuse(line_by_line(lines))


def _confirm(commands: Sequence[ListedServer], arguments: ServerArguments) -> None:
    if not commands:
        return
    shown = [f"  {server.name}: {described(server)}" for server in commands]
    said = f"{', '.join(arguments.words)} starts {counted(commands, 'command')}:"
    if not sys.stdin.isatty():
        names = [server.name for server in commands]
        refuse(
            line_by_line(
                [
                    said,
                    *shown,
                    "Nothing was started. Name those that may be, or allow all of them:",
                    f"  {again(arguments.words, command=arguments.command, servers=names)}",
                    f"  {again(arguments.words, command=arguments.command)} --yes",
                ]
            )
        )
    typer.echo(line_by_line([said, *shown]), err=True)
    if not typer.confirm("Start them?", err=True):
        refuse("Nothing was started.")


def _target_names(chosen: Sequence[ListedServer], name: str | None) -> list[str]:
    names: list[str] = []
    for server in chosen:
        wanted = name or target_name(server.name)
        names.append(next(each for each in (wanted, *(f"{wanted}-{n}" for n in range(2, 1000))) if each not in names))
    return names


def _checked(server: ListedServer, name: str, arguments: ServerArguments) -> Server:
    entry = dict(server.target)
    if arguments.startup_timeout and server.is_command:
        entry["startup_timeout"] = arguments.startup_timeout
    given = checked(entry, arguments, name=name, place=server.place)
    found = answering(given, arguments, tries_sse=server.tries_sse)
    return given if found is None else found  # whoever takes it reports why it does not answer, and goes on
