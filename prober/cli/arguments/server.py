"""Arguments that say how to reach a server which no probe file knows: `run URL`, `call`, `list`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand

_BEHIND: Final = "prober.cli: the words behind --"

Transport = Annotated[
    str | None, typer.Option(metavar="http|sse", help="For a URL: Streamable HTTP, or legacy HTTP+SSE. Default: http.")
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header", metavar="'NAME: VALUE'", help="For a URL: sent with every request; ${VARIABLE} for a secret."
    ),
]
Env = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="'NAME=VALUE'", help="For a command: its environment; ${VARIABLE} for a secret."),
]
OfFile = Annotated[
    list[str] | None,
    typer.Option("--server", metavar="NAME", help="Of a client's file: only this server, * allowed; may be repeated."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Start the commands of a client's file without a question.")]
Timeout = Annotated[str | None, typer.Option(help="Deadline of each look at the server. Default: 10s.")]
StartupTimeout = Annotated[
    str | None, typer.Option(help="For a command: how long it may take until its first answer. Default: 30s.")
]


class CommandBehindDashes(TyperCommand):
    """A command of ours that may end with `-- COMMAND…`: what stands behind the dashes belongs to the server alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[_BEHIND] = args[at + 1 :]
            args = args[:at]
        return super().parse_args(ctx, args)


def behind_dashes(context: typer.Context) -> list[str] | None:
    """The words behind `--`; None where there are no dashes."""
    words: list[str] | None = context.meta.get(_BEHIND)
    return words


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The options about a server as they were given; None and empty where they were not."""

    server: list[str] | None = None
    transport: str | None
    header: list[str] | None
    env: list[str] | None
    timeout: str | None
    startup_timeout: str | None
    yes: bool = False

    @property
    def given(self) -> list[str]:
        """The options that were given, as `--startup-timeout`."""
        return [f"--{name.replace('_', '-')}" for name, value in vars(self).items() if value]
