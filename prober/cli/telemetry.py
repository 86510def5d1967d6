"""`--otel` of a command that ends: opens OpenTelemetry, and says at the end what could not be sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from prober.cli.exit_codes import refuse

if TYPE_CHECKING:
    from prober.otel.telemetry import Telemetry


@contextmanager
def telemetry(*, asked_for: bool) -> Iterator[Telemetry | None]:
    """What takes runs in during the block; None where nothing is to be sent. What becomes of it fails no run."""
    if not asked_for:
        yield None
        return
    from prober.otel.environment import OtelError
    from prober.otel.opening import open_telemetry

    troubles: list[str | None] = []
    try:
        opened = open_telemetry(on_trouble=troubles.append)
    except OtelError as error:
        refuse(f"--otel: {error}")
    try:
        yield opened
    finally:
        if opened is not None:
            opened.stop()
        if troubles and (trouble := troubles[-1]) is not None:
            typer.echo(f"OpenTelemetry: {trouble}", err=True)
