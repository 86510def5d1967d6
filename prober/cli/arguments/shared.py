"""Arguments of several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]…", help="Probe files, or folders of them, read as one. Default: probes.", show_default=False
    ),
]
Configuration = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="Probe files, or folders, that know the target; may be repeated. Default: probes.",
    ),
]
ProbeNames = Annotated[
    list[str] | None,
    typer.Option("--probe", metavar="NAME", help="Only this probe, or these: 'notes-*'; may be repeated."),
]
TargetNames = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="NAME", help="Only probes of this target, or these: 'eu-*'; may be repeated."),
]
Otel = Annotated[
    bool,
    typer.Option("--otel", help="Send each run as a span, and metrics, by OTLP. Variables OTEL_… say where to."),
]
ServerAddress = Annotated[
    list[str] | None,
    typer.Argument(
        show_default=False,
        metavar="URL | FILE | -- COMMAND…",
        help="The server's URL, the file of a client such as .mcp.json, or after -- the command that starts it.",
    ),
]
