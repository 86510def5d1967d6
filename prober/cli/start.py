"""`init`: from an address on the command line to probes that pass."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
import yaml

from prober.cli.exits import FAILED, PASSED, UNKNOWN, refuse
from prober.cli.inputs import counted
from prober.config import ConfigError, load
from prober.config.model import Target
from prober.config.units import parse_duration
from prober.discover.arguments import wanted_in
from prober.discover.look import Answers, LeftOut, Look, look
from prober.discover.names import name_of_server
from prober.discover.write import Draft, WouldOverwrite, draft, write
from prober.outcome import Failure
from prober.report.untrusted import line

_SENSITIVE: Final = re.compile(r"auth|cookie|token|secret|key|password", re.IGNORECASE)
_INTERVAL: Final = "60s"


@dataclass(frozen=True, kw_only=True)
class Address:
    """What was said about the server: its words, a URL or a command, and how to reach it."""

    words: list[str]
    transport: str
    headers: list[str]
    env: list[str]
    name: str | None
    timeout: str


def init(address: Address, *, folder: Path, force: bool) -> int:
    """Look, write, tell; returns the exit code."""
    entry = _entry(address)
    target, timeout = _loaded(entry, address)
    try:
        seen = asyncio.run(look(target, timeout=timeout))
    except Failure as failure:
        typer.echo(line(f"{target.address}: {failure.reason} at {failure.step}: {failure.message}"), err=True)
        return FAILED
    name = address.name or name_of_server(seen.server.name)
    interval = _INTERVAL if timeout <= (parse_duration(_INTERVAL) or 0) else address.timeout
    drafted = draft(seen, name=name, target=entry, defaults={"interval": interval, "timeout": address.timeout})
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


def _entry(address: Address) -> dict[str, Any]:
    """The target as it will stand in the file, `${…}` and all."""
    first, *rest = address.words
    if re.match(r"https?://", first, re.IGNORECASE):
        if rest:
            refuse(f"One URL, please; what is {rest[0]!r}? A command goes behind `--`.")
        if address.env:
            refuse("--env is for a command; a server at a URL has an environment of its own.")
        entry: dict[str, Any] = {"url": first}
        if address.transport != "http":
            entry["transport"] = address.transport
        if address.headers:
            entry["headers"] = dict(_pair(text, ":", "--header 'NAME: VALUE'") for text in address.headers)
        return entry
    if address.headers or address.transport != "http":
        refuse(f"{first!r} is no URL, so it is taken for a command, which has no --header and no --transport.")
    entry = {"command": address.words}
    if address.env:
        entry["env"] = dict(_pair(text, "=", "--env 'NAME=VALUE'") for text in address.env)
    return entry


def _pair(text: str, separator: str, form: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    name, value = name.strip(), value.strip()
    option = form.partition(" ")[0]
    if not found or not name:
        refuse(f"{option} {name!r}: write {form}")
    if _SENSITIVE.search(name) and "${" not in value:
        variable = form.replace("NAME", name).replace("VALUE", "${VARIABLE}")
        refuse(
            f"{option} {name}: its value would be written to a file. Put it in the environment and say\n"
            f"  {variable}     in single quotes, so that the shell leaves it alone"
        )
    return name, value


def _loaded(entry: dict[str, Any], address: Address) -> tuple[Target, float]:
    """The target, read by the same rules as any other: what the file would get wrong is said before it is written."""
    name = address.name or "server"
    probe = f"{name}-handshake"
    document = {
        "targets": {name: entry},
        "defaults": {"timeout": address.timeout, "interval": "1d"},
        "probes": {probe: {"target": name, "kind": "handshake"}},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "init.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        try:
            config = load([path], environ=os.environ)
        except ConfigError as error:
            refuse("\n".join(f"{mistake.path}: {mistake.message}" for mistake in error.mistakes))
    return config.targets[name], config.probes[probe].timeout


def _mistakes(drafted: Draft) -> str:
    """What `check` would say of the files, were they written. A server may offer what no file of ours can hold."""
    with tempfile.TemporaryDirectory() as folder:
        write(drafted, Path(folder))
        try:
            load([Path(folder)], environ=os.environ)
        except ConfigError as error:
            return "\n".join(line(f"{mistake.path}: {mistake.message}") for mistake in error.mistakes)
    return ""


def _tell(seen: Look, drafted: Draft, folder: Path) -> None:
    server = seen.server
    typer.echo(
        line(f"{server.name or 'A server without a name'} {server.version or ''}, MCP {server.protocol_version}")
    )
    answering = sum(isinstance(tool, Answers) for tool in seen.tools)
    typer.echo(f"{counted(seen.tools, 'tool')}: {answering} answered and have a probe each")
    for tool in seen.tools:
        if isinstance(tool, LeftOut):
            wanted = ", ".join(wanted_in(tool.arguments or {}))
            typer.echo(line(f"  {tool.name}: {tool.why}" + (f" ({wanted})" if wanted else "")))
    typer.echo(f"{counted(drafted.files, 'file')} written. Next: mcp-prober run {folder / drafted.path}")
