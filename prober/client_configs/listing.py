"""What a configuration file of an MCP client lists: servers, as they would stand under `targets:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ListedServer:
    """One server of a client's file. No secret is in it: each became a `${NAME}`."""

    name: str
    place: str
    """`FILE:LINE`."""
    target: Mapping[str, Any] = field(default_factory=dict)
    """The entry under `targets:`; empty where the server has a `problem`."""
    tries_sse: bool = False
    """Whether the file leaves open which transport an HTTP server speaks, and the client tries both."""
    notes: tuple[str, ...] = ()
    """What was not carried over, and what was decided."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Each variable of the environment that the target needs: its name, and what it stands for."""
    disabled: bool = False
    problem: str | None = None
    """Why it cannot be probed, though the file has no mistake."""

    @property
    def is_command(self) -> bool:
        return "command" in self.target


@dataclass(frozen=True, kw_only=True)
class ClientConfig:
    """A client's file, read."""

    file: Path
    client: str
    servers: tuple[ListedServer, ...]
    notes: tuple[str, ...] = ()
    """What else is in the file, and was not carried over."""
