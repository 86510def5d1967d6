"""Exit codes, and the exit with a message."""

from __future__ import annotations

from typing import Final, NoReturn

import typer

PASSED: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNKNOWN: Final = 3
INTERRUPTED: Final = 130


def refuse(message: str) -> NoReturn:
    """Write what is wrong with usage or configuration to standard error, and exit with 2."""
    typer.echo(message, err=True)
    raise typer.Exit(USAGE)
