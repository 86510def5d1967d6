"""What `lint` found, written out: for a person (`table`), for programs (`document`), for code scanning (`sarif`)."""

from __future__ import annotations

from dataclasses import dataclass

from prober.lint.linting import Linted
from prober.outcome import ServerInfo


@dataclass(frozen=True, kw_only=True)
class LintedServer:
    """One server, and what was found. All texts of the server are masked already."""

    address: str
    server: ServerInfo
    transport: str | None
    linted: Linted
