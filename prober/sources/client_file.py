"""The file of an MCP client as a source: its servers by URL, and its commands where the operator allows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prober.client_configs import ListedServer, read_client_config
from prober.config import ConfigError
from prober.config.model import Target
from prober.loader import read_target
from prober.sources.found import Found, SourceError


def take_client_file(found: Found, *, environ: Mapping[str, str]) -> None:
    """Take all servers of the file in that are switched on. Raises SourceError where the file cannot be read."""
    file = found.source.client_config
    assert file is not None
    try:
        listed = read_client_config(file, environ=environ).servers
    except ConfigError as error:
        raise SourceError(str(error.mistakes[0])) from None
    for server in listed:
        if (why := _unfit(server, commands=found.source.commands)) is not None:
            found.leave_out(server.name, why)
            continue
        try:
            target = read_target(server.name, server.target, file=file, environ=environ)
        except ConfigError as error:
            found.leave_out(server.name, error.mistakes[0].message)
        else:
            found.put(_with_settings(target, found.source.target))


def _unfit(server: ListedServer, *, commands: bool) -> str | None:
    if server.disabled:
        return "it is switched off"
    if server.is_command and not commands:
        return "it is a command (commands: true starts it)"
    return server.problem


def _with_settings(target: Target, given: Target) -> Target:
    """What the source says of all its targets; the headers of the file are the server's own."""
    return replace(
        given,
        name=target.name,
        address=target.address,
        url=target.url,
        transport=target.transport,
        command=target.command,
        cwd=target.cwd,
        env=target.env,
        startup_timeout=target.startup_timeout,
        headers={**given.headers, **target.headers},
        concurrency=1 if target.command else given.concurrency,
        secrets=(*given.secrets, *target.secrets),
    )
