"""The command line. Each command turns its arguments into one call, and the result into an exit code.

This is the only package that prints, exits and handles signals.
Exit codes: 0 all passed, 1 a probe failed, 2 usage or configuration, 3 our own fault or only `unknown`,
130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import typer

from prober import __version__, own_process
from prober.cli import streams
from prober.cli.arguments import checking, looking, operating, writing
from prober.cli.arguments.server import CommandBehindDashes
from prober.cli.exit_codes import INTERRUPTED, UNKNOWN
from prober.cli.sections import Sections

app = typer.Typer(
    name="mcp-prober",
    help="Probe MCP servers as an agent sees them, judge every answer, say which step failed and why.",
    cls=Sections,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line of this process, and ends it with an exit code."""
    own_process.begin()
    outputs = streams.watched()
    try:
        app()
    except KeyboardInterrupt:  # before or after a command, which each has its own way to end
        sys.exit(INTERRUPTED)
    finally:
        if (why := streams.why_unwritten(outputs)) is not None:
            typer.echo(f"standard output: not written to its end: {why.strerror}", err=True)
            sys.exit(UNKNOWN)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"mcp-prober {__version__}")
        raise typer.Exit


_SECTIONS: Final[Mapping[str, tuple[Callable[..., None], ...]]] = {
    "First steps": (operating.demo, writing.init, writing.export),
    "Probing": (
        checking.run,
        looking.call,
        looking.list_,
        looking.lint,
        checking.replay,
        checking.check,
        checking.explain,
        operating.daemon,
        operating.report,
    ),
    "Contracts and races": (writing.pin, writing.drift, checking.judge, checking.check_metrics),
}
_TAKE_A_SERVER: Final = (checking.run, looking.call, looking.list_, looking.lint)
"""Commands that take a server's command behind `--`."""

for _section, _commands in _SECTIONS.items():
    for _command in _commands:
        _class = CommandBehindDashes if _command in _TAKE_A_SERVER else None
        app.command(_command.__name__.rstrip("_").replace("_", "-"), cls=_class, rich_help_panel=_section)(_command)

_PRACTICE = "Practice"
app.command(rich_help_panel=_PRACTICE)(operating.drill)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
    options_metavar="[OPTIONS, see --help]",
    rich_help_panel=_PRACTICE,
)(operating.reference)
