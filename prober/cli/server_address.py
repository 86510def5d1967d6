"""`init`'s words about a server: a URL or a command and how to reach it, to a target as it will stand in the file."""

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
class Address:
    """What was said about the server: its words, a URL or a command, and how to reach it."""

    words: list[str]
    transport: str
    headers: list[str]
    env: list[str]
    name: str | None
    timeout: str
    startup_timeout: str | None


@dataclass(frozen=True, kw_only=True)
class Reachable:
    """An address that has no mistakes. `entry` is the target as it is written, `${…}` and all."""

    entry: dict[str, Any]
    target: Target
    name: str | None
    timeout: str
    seconds: float


def reachable(address: Address) -> Reachable:
    """The address, read by the rules of the configuration: what its file would get wrong is refused at once."""
    name = address.name or "server"
    probe = f"{name}-handshake"
    entry = _entry(address)
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
    return Reachable(
        entry=entry,
        target=config.targets[name],
        name=address.name,
        timeout=address.timeout,
        seconds=config.probes[probe].timeout,
    )


def _entry(address: Address) -> dict[str, Any]:
    first, *rest = address.words
    if re.match(r"https?://", first, re.IGNORECASE):
        if rest:
            refuse(f"One URL, please; what is {rest[0]!r}? A command goes behind `--`.")
        if address.env:
            refuse("--env is for a command; a server at a URL has an environment of its own.")
        if address.startup_timeout:
            refuse("--startup-timeout is for a command; a server at a URL is not started here.")
        entry: dict[str, Any] = {"url": first}
        if address.transport != "http":
            entry["transport"] = address.transport
        if address.headers:
            entry["headers"] = dict(_pair(text, ":", "--header 'NAME: VALUE'") for text in address.headers)
        return entry
    if address.headers or address.transport != "http":
        refuse(f"{first!r} is no URL, so it is taken for a command, which has no --header and no --transport.")
    entry = {"command": address.words}
    if address.startup_timeout:
        entry["startup_timeout"] = address.startup_timeout
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
