"""Which server a command line means: a URL, a client's file, a command behind `--`, or a target of the configuration.

A word is a URL where it has a scheme or a port: names of targets have neither. A command is only what stands behind
`--`, so that no word before the dashes can be taken for a part of it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prober.cli import selection
from prober.cli.arguments.server import ServerOptions
from prober.cli.exit_codes import refuse
from prober.cli.server_address import Server, ServerArguments, check_server, choose_servers, url_of
from prober.client_configs.recognition import SUFFIXES
from prober.config.document.diagnostics import did_you_mean
from prober.config.document.nodes import shown_key
from prober.config.document.yaml_document import MAX_BYTES
from prober.config.fields.units import parse_duration
from prober.config.fields.urls import without_query
from prober.config.model import Target
from prober.files import read_bounded

SECTIONS: Final = ("tools", "prompts", "resources", "templates")
"""What a server may offer: the sections of a contract."""

_TIMEOUT: Final = "10s"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PORT: Final = re.compile(r":[0-9]+(/|\?|$)")
_HINT: Final = "A URL begins with http:// or https://; a command goes behind `--`"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A server to look at. `name` is None where it is for the server to say; `seconds` is what a look may take."""

    target: Target
    name: str | None
    seconds: float


def is_address(word: str) -> bool:
    """Whether a word says where a server is: with a scheme or a port, or a host that cannot be anything else here."""
    return bool(_SCHEME.match(word)) or url_of(word) is not None


def is_client_file(word: str) -> bool:
    """Whether a word is the file of a client. A file of the same kind that has probes is a probe file."""
    if _SCHEME.match(word) or not word.lower().endswith(SUFFIXES):
        return False
    try:
        document = json.loads(read_bounded(Path(word), most=MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return True  # its reader says what is wrong with it, and knows comments and TOML
    return not (isinstance(document, dict) and {"targets", "probes"} & document.keys())


def servers_at(words: list[str], options: ServerOptions, *, command: str) -> list[Server]:
    """The servers that words mean: a URL, or files of clients. `command` is the one of ours that was given."""
    return choose_servers(_arguments(words, options, command))


def server_started_by(words: list[str], options: ServerOptions, *, command: str) -> Server:
    """The server that the words behind `--` start."""
    if not words:
        refuse("There is no command behind `--`.")
    if options.server or options.yes:
        refuse("--server and --yes choose among the servers of a client's file; a command is one server.")
    return check_server(_arguments(words, options, command))


def _arguments(words: list[str], options: ServerOptions, command: str) -> ServerArguments:
    return ServerArguments(
        words=words,
        transport=options.transport,
        headers=options.header or [],
        env=options.env or [],
        name=None,
        timeout=options.timeout or _TIMEOUT,
        startup_timeout=options.startup_timeout,
        servers=options.server or (),
        yes=options.yes,
        command=command,
    )


def choose(
    word: str | None,
    behind: list[str] | None,
    options: ServerOptions,
    *,
    config: Sequence[Path] | None,
    command: str,
) -> Chosen:
    """The one server that a command is for."""
    if behind is not None:
        return _chosen([server_started_by(behind, options, command=command)])
    assert word is not None
    if _SCHEME.match(word) or _PORT.search(word) or is_client_file(word):
        return _chosen(servers_at([word], options, command=command))
    return _target(word, options, config, command)


def choose_all(
    word: str | None,
    behind: list[str] | None,
    options: ServerOptions,
    *,
    config: Sequence[Path] | None,
    command: str,
) -> list[Chosen]:
    """The servers that a command is for: one, or all that are chosen of a client's file."""
    if word is None or behind is not None or not is_client_file(word):
        return [choose(word, behind, options, config=config, command=command)]
    return [_chosen([server]) for server in servers_at([word], options, command=command)]


def one_server(words: list[str], behind: list[str] | None, *, command: str) -> str | None:
    """The word that names a server; None where a command stands behind the dashes."""
    if behind is not None and not words:
        return None
    if len(words) != 1 or behind is not None:
        refuse(f"Name one server: mcp-prober {command} URL, or mcp-prober {command} -- COMMAND…")
    return words[0]


def known_clients(names: Sequence[str]) -> tuple[str, ...]:
    """Clients and models that rules know, as they are named by `--client`."""
    from prober.lint.rules import rules

    for name in names:
        if name not in rules().clients:
            known = ", ".join(rules().clients)
            refuse(
                did_you_mean(f"--client {name}: there is no such client", name, rules().clients) + f"\nKnown: {known}"
            )
    return tuple(dict.fromkeys(names))


def server_and_tool(words: list[str], behind: list[str] | None) -> tuple[str | None, str]:
    """The two words of `call`; the first is None where a command stands behind the dashes."""
    if behind is not None:
        if len(words) != 1:
            refuse("Before the dashes stands the tool and nothing else: mcp-prober call TOOL -- COMMAND…")
        return None, words[0]
    if not words:
        refuse("Name a server and a tool: mcp-prober call URL TOOL, or mcp-prober call TOOL -- COMMAND…")
    if len(words) == 1:
        server = shlex.quote(without_query(words[0]))
        refuse(f"Name the tool: mcp-prober call {server} TOOL\nWhich there are: mcp-prober list {server} tools")
    if len(words) > 2:
        refuse(
            f"{shown_key(words[2])!r} is too much: after the tool come its arguments, as --arg NAME=VALUE."
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
    check_choice("--output", output, known)


def check_choice(option: str, word: str, known: Sequence[str]) -> None:
    """Refuse a word that is none of those that an option knows."""
    if word not in known:
        refuse(f"{option} {word}: choose one of {', '.join(known)}")


def _chosen(found: Sequence[Server]) -> Chosen:
    if len(found) > 1:
        refuse(
            f"These are {len(found)} servers: {', '.join(str(each.name) for each in found)}. Choose one: --server NAME"
        )
    [server] = found
    return Chosen(target=server.target, name=server.name, seconds=server.seconds)


def _target(name: str, options: ServerOptions, config: Sequence[Path] | None, command: str) -> Chosen:
    """A target of the configuration; a word that it does not know may be a host without a scheme."""
    shown = without_query(name)
    there = bool(config) or selection.DEFAULT_PATH.exists()
    targets = selection.load(config).targets if there else {}
    if name not in targets and is_address(name):
        return _chosen(servers_at([name], options, command=command))
    if not there:
        refuse(
            f"{shown!r} is no URL, and there is no folder `probes` here that knows a target of that name.\n"
            f"{_HINT}; --config names probe files."
        )
    if name not in targets:
        refuse(did_you_mean(f"There is no target {shown!r}", name, targets) + f"\n{_HINT}.")
    if wrong := [option for option in options.given if option != "--timeout"]:
        refuse(f"{wrong[0]} is for a URL or a command; the target {name} has its own in the configuration.")
    seconds = parse_duration(options.timeout or _TIMEOUT)
    if not seconds:
        refuse(f"--timeout {options.timeout}: write a duration such as 10s")
    return Chosen(target=targets[name], name=name, seconds=seconds)
