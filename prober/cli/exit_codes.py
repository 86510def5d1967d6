"""Exit codes, and the one way to end with a message."""

from __future__ import annotations

from typing import Final, NoReturn

import typer

PASSED: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNKNOWN: Final = 3
INTERRUPTED: Final = 130


def refuse(message: str) -> NoReturn:
    """Usage or configuration is wrong: say so on standard error and exit with 2."""
    typer.echo(message, err=True)
    raise typer.Exit(USAGE)
