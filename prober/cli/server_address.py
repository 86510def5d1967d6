"""Turns the words of a command line about servers into targets: a URL, a command, or the file of a client.

    check_server(arguments) -> Server              one URL or one command, as it is written
    choose_servers(arguments) -> list[Server]      whatever people have; says on standard error what it took

All that is wrong is refused with exit code 2, and the line to say instead.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import typer

from prober.cli.exit_codes import FAILED, refuse
from prober.cli.made_config import made_config
from prober.client_configs.recognition import PROBE_SUFFIXES, SUFFIXES
from prober.client_configs.secrets import is_secret, names_secret
from prober.config import ConfigError
from prober.config.document.nodes import shown_key
from prober.config.fields.urls import without_query
from prober.config.model import Target
from prober.files import is_folder, is_there

_URL: Final = re.compile(r"https?://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_WITHOUT_SCHEME: Final = re.compile(
    r"(?P<user>[^/?@]*:[^/?]*@)?(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)(?P<port>:\d{1,5})?(?P<rest>[/?].*)?"
)
_PROGRAM: Final = re.compile(r"\.(py|js|mjs|cjs|ts|sh|rb|jar|exe|cmd|bat|php|pl)$", re.IGNORECASE)
_AT_HOME: Final = re.compile(r"(^|\.)(localhost|local|internal|lan|home\.arpa)$|^[^.]+$", re.IGNORECASE)
_TRANSPORTS: Final[Mapping[str, str]] = {"http": "Streamable HTTP", "sse": "HTTP+SSE"}


@dataclass(frozen=True, kw_only=True)
class ServerArguments:
    """The arguments of a command about its servers. `words` are URLs, a command, or files of clients."""

    words: list[str]
    transport: str | None
    """None where it was not said."""
    headers: list[str]
    env: list[str]
    name: str | None
    timeout: str
    startup_timeout: str | None
    servers: Sequence[str] = ()
    """Names of servers in the files, `*` and `?` allowed."""
    yes: bool = False
    """Whether commands of the files may be started without a question."""
    command: str = "init"
    """The command of ours that was given: `init`, `run`."""


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
    return checked(_target_entry(arguments), arguments, name=arguments.name)


def choose_servers(arguments: ServerArguments) -> list[Server]:
    """The servers that the words mean, each with an address that answers where several were possible."""
    first = arguments.words[0]
    if _SCHEME.match(first) and not _URL.match(first):
        refuse(f"{without_query(first)}: the URL of a server begins with http:// or https://")
    if _is_file(first, arguments.words):
        from prober.cli import client_files

        return client_files.choose(arguments)
    if arguments.servers or arguments.yes:
        refuse(
            f"--server and --yes choose among the servers of a file; {without_query(first)!r} is no file of a client."
        )
    if len(arguments.words) == 1 and (url := url_of(first)) is not None:
        if url != first:
            typer.echo(f"{without_query(first)}: taken for {without_query(url)}", err=True)
        given = check_server(replace(arguments, words=[url]))
        found = answering(given, arguments)
        if found is None:
            typer.echo("No MCP server answers there. Give the whole URL, with its path.", err=True)
            raise typer.Exit(FAILED)
        return [found]
    return [check_server(arguments)]


def checked(entry: dict[str, Any], arguments: ServerArguments, *, name: str | None, place: str = "") -> Server:
    """The server of a target's entry. `place` is where it stands, for mistakes."""
    target = name or "server"
    probe = f"{target}-handshake"
    document = {
        "targets": {target: entry},
        "defaults": {"timeout": arguments.timeout, "interval": "1d"},
        "probes": {probe: {"target": target, "kind": "handshake"}},
    }
    try:
        config = made_config(document)
    except ConfigError as error:
        prefix = f"{place}: " if place else ""
        typed = {"defaults.timeout": "--timeout", f"targets.{target}.startup_timeout": "--startup-timeout"}
        refuse(
            "\n".join(
                f"{prefix}{typed.get(mistake.path, mistake.path)}: {mistake.message}" for mistake in error.mistakes
            )
        )
    return Server(
        entry=entry,
        target=config.targets[target],
        name=name,
        timeout=arguments.timeout,
        seconds=config.probes[probe].timeout,
    )


def answering(server: Server, arguments: ServerArguments, *, tries_sse: bool = False) -> Server | None:
    """The server at the address and transport that it answers at, where that is open; None where it answers at none."""
    entries = [server.entry]
    if arguments.transport is None and "url" in server.entry and "transport" not in server.entry:
        entries += _other_addresses(server.entry, tries_sse=tries_sse)
    if len(entries) == 1:
        return server
    candidates = [checked(entry, arguments, name=server.name) for entry in entries]

    from prober.discover.first_answer import first_answer
    from prober.report.untrusted import line

    answer = asyncio.run(first_answer([each.target for each in candidates], timeout=server.seconds))
    for candidate, failure in zip(candidates, answer.failures, strict=False):
        if answer.index is None or candidate is not candidates[answer.index]:
            said = f"{_described(candidate)}: {failure.reason} at {failure.step}: {failure.message}"
            typer.echo(line(said), err=True)
    if answer.index is None:
        return None
    taken = candidates[answer.index]
    typer.echo(f"{_described(taken)}: taken", err=True)
    return taken


def _described(server: Server) -> str:
    return f"{server.target.address} ({_TRANSPORTS[server.target.transport]})"


def _other_addresses(entry: Mapping[str, Any], *, tries_sse: bool) -> list[dict[str, Any]]:
    """What else a URL may mean: without a path, one of two usual paths; with the usual path of HTTP+SSE, that."""
    split = urlsplit(entry["url"])
    if split.path not in ("", "/"):
        usual = split.path.rstrip("/").endswith("/sse")
        return [{**entry, "transport": "sse"}] if tries_sse or usual else []
    paths = [{**entry, "url": urlunsplit(split._replace(path=path))} for path in ("/mcp", "/sse")]
    return [paths[0], paths[1] | {"transport": "sse"}]


def is_probe_file(word: str) -> bool:
    """Whether a word names a probe file, or a folder of them, by what it is called."""
    return not _URL.match(word) and (word.lower().endswith(PROBE_SUFFIXES) or is_folder(Path(word)))


def _is_file(word: str, words: Sequence[str]) -> bool:
    """Whether the words are files of clients."""
    if _URL.match(word):
        return False
    if is_probe_file(word):
        refuse(f"{word} is a place of probe files, which are there already. Run them: mcp-prober run {word}")
    if not word.lower().endswith(SUFFIXES):
        return False
    for other in words:
        if not other.lower().endswith(SUFFIXES):
            more = without_query(other)
            refuse(f"{word} is the file of a client, so {more!r} is too much. One server of it: --server NAME")
    return True


def url_of(word: str) -> str | None:
    """The URL that a word means, which may lack the scheme; None for the name of a program."""
    if _URL.match(word):
        return word
    match = _WITHOUT_SCHEME.fullmatch(word)
    if match is None or is_there(Path(word)) or shutil.which(word) is not None:
        return None
    host, port, rest = match["host"], match["port"], match["rest"]
    if match["user"]:  # which the configuration refuses, without showing it
        return f"https://{word}"
    named = "." in host or host.startswith("[") or host.lower() == "localhost"
    if not port and (not named or (not rest and (_PROGRAM.search(host) or not re.search(r"[.\]]|localhost", host)))):
        return None
    return f"{'http' if _is_near(host) else 'https'}://{word}"


def _is_near(host: str) -> bool:
    """Whether a host is on this machine or in this network, where there is seldom TLS."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return _AT_HOME.search(host) is not None
    return address.is_private or address.is_loopback or address.is_link_local


def _target_entry(arguments: ServerArguments) -> dict[str, Any]:
    first, *rest = arguments.words
    if _URL.match(first):
        if rest:
            refuse(f"Only one URL is allowed, so {shown_key(rest[0])!r} is too much. A command goes behind `--`.")
        if arguments.env:
            refuse("--env is for a command; a server at a URL has an environment of its own.")
        if arguments.startup_timeout:
            refuse("--startup-timeout is for a command; a server at a URL is not started here.")
        _refuse_secret_in(first)
        entry: dict[str, Any] = {"url": first}
        if arguments.transport not in (None, "http"):
            entry["transport"] = arguments.transport
        if arguments.headers:
            entry["headers"] = dict(_name_and_value(text, ":", "--header 'NAME: VALUE'") for text in arguments.headers)
        return entry
    if arguments.headers or arguments.transport is not None:
        shown = without_query(first)
        refuse(f"{shown!r} is no URL, so it is taken for a command, which has no --header and no --transport.")
    entry = {"command": arguments.words}
    if arguments.startup_timeout:
        entry["startup_timeout"] = arguments.startup_timeout
    if arguments.env:
        entry["env"] = dict(_name_and_value(text, "=", "--env 'NAME=VALUE'") for text in arguments.env)
    return entry


def _refuse_secret_in(url: str) -> None:
    """Refuse a key that stands in the query of a URL: it would be written to a file, and is in the shell's history."""
    address, _, query = url.partition("?")
    shown, secret = [], []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if "${" not in value and is_secret(unquote_plus(value), name=name):
            secret.append(name)
            pair = f"{name}=${{{_variable(name)}}}"
        shown.append(pair)
    if secret:
        refuse(
            f"The URL has a secret, it seems: {', '.join(secret)}. A secret belongs in no file and no history.\n"
            f"Put it in the environment and say\n"
            f"  '{without_query(address)}?{'&'.join(shown)}'     in single quotes, so that the shell leaves it alone"
        )


def _variable(name: str) -> str:
    """The name of an environment variable for the value of a parameter: `apiKey` is API_KEY."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    return re.sub(r"[^A-Z0-9]+", "_", words).strip("_") or "VARIABLE"


def _name_and_value(text: str, separator: str, form: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    name, value = name.strip(), value.strip()
    option = form.partition(" ")[0]
    if not found or not name:
        refuse(f"{option}: write {form}")
    if names_secret(name) and "${" not in value:
        variable = form.replace("NAME", name).replace("VALUE", "${VARIABLE}")
        refuse(
            f"{option} {name}: a secret belongs in no file and no history. Put it in the environment and say\n"
            f"  {variable}     in single quotes, so that the shell leaves it alone"
        )
    return name, value
