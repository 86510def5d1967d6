"""Which server a command line means: a URL, a command behind `--`, or a target of the configuration.

A word is a URL where it has a scheme or a port: names of targets have neither. A command is only what stands behind
`--`, so that no word before the dashes can be taken for a part of it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prober.cli import selection
from prober.cli.arguments.server import ServerOptions
from prober.cli.exit_codes import refuse
from prober.cli.server_address import Server, ServerArguments, check_server
from prober.config.document.diagnostics import did_you_mean
from prober.config.fields.units import parse_duration
from prober.config.model import Target

SECTIONS: Final = ("tools", "prompts", "resources", "templates")
"""What a server may offer: the sections of a contract."""

_TIMEOUT: Final = "10s"
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HOST_AND_PORT: Final = re.compile(r"[^/\s:]+:[0-9]+(/\S*)?")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A server to look at. `name` is None where it is for the server to say; `seconds` is what a look may take."""

    target: Target
    name: str | None
    seconds: float


def is_address(word: str) -> bool:
    """Whether a word is a URL, or a host with a port."""
    return bool(_URL.match(word) or _HOST_AND_PORT.fullmatch(word))


def server_at(address: str, options: ServerOptions) -> Server:
    """The server at a URL, or at a host and a port."""
    if not _URL.match(address):
        address = f"http://{address}"
    if not address.lower().startswith(("http://", "https://")):
        refuse(f"{address}: the URL of a server begins with http:// or https://")
    return _checked([address], options)


def server_started_by(command: list[str], options: ServerOptions) -> Server:
    """The server that a command starts."""
    if not command:
        refuse("There is no command behind `--`.")
    return _checked(command, options)


def _checked(words: list[str], options: ServerOptions) -> Server:
    arguments = ServerArguments(
        words=words,
        transport=options.transport or "http",
        headers=options.header or [],
        env=options.env or [],
        name=None,
        timeout=options.timeout or _TIMEOUT,
        startup_timeout=options.startup_timeout,
    )
    return check_server(arguments)


def choose(
    word: str | None, behind: list[str] | None, options: ServerOptions, *, config: Sequence[Path] | None
) -> Chosen:
    """The server that a command is for."""
    if behind is not None:
        return _chosen(server_started_by(behind, options))
    assert word is not None
    if is_address(word):
        return _chosen(server_at(word, options))
    return _target(word, options, config)


def server_and_tool(words: list[str], behind: list[str] | None) -> tuple[str | None, str]:
    """The two words of `call`; the first is None where a command stands behind the dashes."""
    if behind is not None:
        if len(words) != 1:
            refuse("Before the dashes stands the tool and nothing else: mcp-prober call TOOL -- COMMAND…")
        return None, words[0]
    if not words:
        refuse("Name a server and a tool: mcp-prober call URL TOOL, or mcp-prober call TOOL -- COMMAND…")
    if len(words) == 1:
        server = shlex.quote(words[0])
        refuse(f"Name the tool: mcp-prober call {server} TOOL\nWhich there are: mcp-prober list {server} tools")
    if len(words) > 2:
        refuse(
            f"{words[2]!r} is too much: after the tool come its arguments, as --arg NAME=VALUE."
            " A command that starts a server goes behind `--`."
        )
    return words[0], words[1]


def server_and_sections(words: list[str], behind: list[str] | None) -> tuple[str | None, tuple[str, ...]]:
    """The words of `list`: the server, and which lists."""
    if behind is None and not words:
        refuse("Name a server: mcp-prober list URL, or mcp-prober list -- COMMAND…")
    server, sections = (None, words) if behind is not None else (words[0], words[1:])
    for section in sections:
        if section not in SECTIONS:
            refuse(did_you_mean(f"There is no list {section!r}", section, SECTIONS))
    return server, tuple(sections) or SECTIONS


def check_output(output: str, known: Sequence[str]) -> None:
    if output not in known:
        refuse(f"--output {output}: choose one of {', '.join(known)}")


def _chosen(server: Server) -> Chosen:
    return Chosen(target=server.target, name=server.name, seconds=server.seconds)


def _target(name: str, options: ServerOptions, config: Sequence[Path] | None) -> Chosen:
    """A target of the configuration."""
    if not config and not selection.DEFAULT_PATH.exists():
        refuse(
            f"{name!r} is no URL, and there is no folder `probes` here that knows a target of that name.\n"
            "A URL begins with http:// or https://; a command goes behind `--`; --config names probe files."
        )
    targets = selection.load(config).targets
    if name not in targets:
        refuse(
            did_you_mean(f"There is no target {name!r}", name, targets)
            + "\nA URL begins with http:// or https://; a command goes behind `--`."
        )
    if wrong := [option for option in options.given if option != "--timeout"]:
        refuse(f"{wrong[0]} is for a URL or a command; the target {name} has its own in the configuration.")
    seconds = parse_duration(options.timeout or _TIMEOUT)
    if not seconds:
        refuse(f"--timeout {options.timeout}: write a duration such as 10s")
    return Chosen(target=targets[name], name=name, seconds=seconds)
