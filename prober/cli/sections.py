"""The commands of `mcp-prober --help` under headings, by what a reader wants to do."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from typer.core import TyperGroup

_PADDING = 6
"""Columns that the formatter leaves beside a name and its help."""


class Sections(TyperGroup):
    """A group whose help lists its commands by their `rich_help_panel`, without Rich, which is slow to import."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx) if not self.commands[name].hidden]
        width = max(len(name) for name, _ in commands)
        for heading, listed in groupby(commands, key=lambda each: getattr(each[1], "rich_help_panel", None)):
            rows = [
                (name.ljust(width), each.get_short_help_str(formatter.width - _PADDING - width))
                for name, each in listed
            ]
            with formatter.section(heading or "Commands"):
                formatter.write_dl(rows)
