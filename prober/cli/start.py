"""`init`: from an address on the command line to probes that pass."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import yaml

from prober.cli.exits import FAILED, PASSED, refuse
from prober.cli.inputs import counted
from prober.config import ConfigError, load
from prober.config.model import Target
from prober.discover.look import Look, look
from prober.discover.write import Draft, WouldOverwrite, draft, slug, write
from prober.outcome import Failure

_SENSITIVE = re.compile(r"auth|cookie|token|secret|key|password", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Address:
    """What was said about the server: its words, a URL or a command, and how to reach it."""

    words: list[str]
    transport: str
    headers: list[str]
    name: str | None
    timeout: str


def init(address: Address, *, folder: Path, force: bool) -> int:
    """Look, write, tell; returns the exit code."""
    entry = _entry(address)
    target, timeout = _loaded(entry, address)
    try:
        seen = asyncio.run(look(target, timeout=timeout))
    except Failure as failure:
        typer.echo(f"{target.address}: {failure.reason} at {failure.step}: {failure.message}", err=True)
        return FAILED
    name = address.name or slug(seen.server.name)
    drafted = draft(seen, name=name, target=entry, folder=folder, timeout=address.timeout)
    try:
        write(drafted, force=force)
    except WouldOverwrite as problem:
        refuse(f"{problem} would be overwritten. Choose another --name or --output-dir, or say --force.")
    except OSError as problem:
        refuse(f"{problem.filename}: {problem.strerror}")
    _tell(seen, drafted)
    return PASSED


def _entry(address: Address) -> dict[str, Any]:
    """The target as it will stand in the file, `${…}` and all."""
    first, *rest = address.words
    if re.match(r"https?://", first, re.IGNORECASE):
        if rest:
            refuse(f"One URL, please; what is {rest[0]!r}? A command goes behind `--`.")
        entry: dict[str, Any] = {"url": first}
        if address.transport != "http":
            entry["transport"] = address.transport
        if address.headers:
            entry["headers"] = dict(_header(text) for text in address.headers)
        return entry
    if address.headers or address.transport != "http":
        refuse(f"{first!r} is no URL, so it is taken for a command, which has no --header and no --transport.")
    return {"command": address.words}


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        refuse(f"--header {name.strip()!r}: write 'NAME: VALUE'")
    name, value = name.strip(), value.strip()
    if _SENSITIVE.search(name) and "${" not in value:
        refuse(
            f"--header {name}: its value would be written to a file. Put it in the environment and say\n"
            f"  --header '{name}: ${{VARIABLE}}'     in single quotes, so that the shell leaves it alone"
        )
    return name, value


def _loaded(entry: dict[str, Any], address: Address) -> tuple[Target, float]:
    """The target, read by the same rules as any other: what the file would get wrong is said before it is written."""
    name = address.name or "server"
    probe = {"target": name, "kind": "handshake"}
    document = {
        "targets": {name: entry},
        "defaults": {"timeout": address.timeout, "interval": "1d"},
        "probes": {"look": probe},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "init.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        try:
            config = load([path], environ=os.environ)
        except ConfigError as error:
            refuse("\n".join(f"{mistake.path}: {mistake.message}" for mistake in error.mistakes))
    return config.targets[name], config.probes["look"].timeout


def _tell(seen: Look, drafted: Draft) -> None:
    server = seen.server
    typer.echo(f"{server.name or 'A server without a name'} {server.version or ''}, MCP {server.protocol_version}")
    tools = counted(seen.contract.tools, "tool")
    typer.echo(f"{tools}: {len(seen.answering)} answered and have a probe each")
    for tool in seen.left_out:
        typer.echo(f"  {tool.name}: {tool.why}" + (f" ({', '.join(tool.wanted)})" if tool.wanted else ""))
    typer.echo(f"{counted(drafted.files, 'file')} written. Next: mcp-prober run {drafted.path}")
