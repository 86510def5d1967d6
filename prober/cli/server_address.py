"""Checks the arguments of `init` about a server, and turns them into a target for the probe file."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from prober.cli.exit_codes import refuse
from prober.config import ConfigError
from prober.config.model import Target
from prober.loader import load

_SENSITIVE: Final = re.compile(r"auth|cookie|token|secret|key|password", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ServerArguments:
    """The arguments of `init` about the server. `words` are a URL or a command."""

    words: list[str]
    transport: str
    headers: list[str]
    env: list[str]
    name: str | None
    timeout: str
    startup_timeout: str | None


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server whose arguments have no mistakes. `entry` is the target as written to the file, with `${…}`."""

    entry: dict[str, Any]
    target: Target
    name: str | None
    timeout: str
    seconds: float


def check_server(arguments: ServerArguments) -> Server:
    """Read the arguments by the rules of the configuration, so that the probe file will have no mistakes."""
    name = arguments.name or "server"
    probe = f"{name}-handshake"
    entry = _target_entry(arguments)
    document = {
        "targets": {name: entry},
        "defaults": {"timeout": arguments.timeout, "interval": "1d"},
        "probes": {probe: {"target": name, "kind": "handshake"}},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "init.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        try:
            config = load([path], environ=os.environ)
        except ConfigError as error:
            refuse("\n".join(f"{mistake.path}: {mistake.message}" for mistake in error.mistakes))
    return Server(
        entry=entry,
        target=config.targets[name],
        name=arguments.name,
        timeout=arguments.timeout,
        seconds=config.probes[probe].timeout,
    )


def _target_entry(arguments: ServerArguments) -> dict[str, Any]:
    first, *rest = arguments.words
    if re.match(r"https?://", first, re.IGNORECASE):
        if rest:
            refuse(f"Only one URL is allowed, so {rest[0]!r} is too much. A command goes behind `--`.")
        if arguments.env:
            refuse("--env is for a command; a server at a URL has an environment of its own.")
        if arguments.startup_timeout:
            refuse("--startup-timeout is for a command; a server at a URL is not started here.")
        entry: dict[str, Any] = {"url": first}
        if arguments.transport != "http":
            entry["transport"] = arguments.transport
        if arguments.headers:
            entry["headers"] = dict(_name_and_value(text, ":", "--header 'NAME: VALUE'") for text in arguments.headers)
        return entry
    if arguments.headers or arguments.transport != "http":
        refuse(f"{first!r} is no URL, so it is taken for a command, which has no --header and no --transport.")
    entry = {"command": arguments.words}
    if arguments.startup_timeout:
        entry["startup_timeout"] = arguments.startup_timeout
    if arguments.env:
        entry["env"] = dict(_name_and_value(text, "=", "--env 'NAME=VALUE'") for text in arguments.env)
    return entry


def _name_and_value(text: str, separator: str, form: str) -> tuple[str, str]:
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
