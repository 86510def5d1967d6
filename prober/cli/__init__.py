"""The command line. Each command turns its arguments into one call, and the result into an exit code.

This is the only package that prints, exits and handles signals.
Exit codes: 0 all passed, 1 a probe failed, 2 usage or configuration, 3 our own fault or only `unknown`,
130 interrupted.
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from prober import __version__
from prober.cli.arguments import checking, looking, operating, writing
from prober.cli.arguments.server import CommandBehindDashes

app = typer.Typer(
    name="mcp-prober",
    help="Probe MCP servers as an agent sees them, judge every answer, say which step failed and why.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of `mcp-prober`."""
    gc.set_threshold(50_000)  # collecting garbage during imports finds none and takes a tenth of the start
    # httpx imports its own command line along with itself (rich, pygments, click: 0.1 s at every start), where it can.
    # None in this table is how Python marks a module that is not to be had, and then httpx does without. The process is
    # ours here, and only here.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    app()


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"mcp-prober {__version__}")
        raise typer.Exit


app.command(cls=CommandBehindDashes)(checking.run)
app.command(cls=CommandBehindDashes)(looking.call)
app.command("list", cls=CommandBehindDashes)(looking.list_)
for _command in (
    checking.check,
    writing.init,
    writing.pin,
    writing.drift,
    checking.judge,
    checking.explain,
    writing.export,
    operating.demo,
    operating.daemon,
    operating.drill,
):
    app.command()(_command)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
    options_metavar="[OPTIONS, see --help]",
)(operating.reference)
