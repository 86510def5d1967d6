"""Keeps a server that says something else of itself at each call from making a new series each time.

`mcp_target_info` has a server's claims as labels, and a series for each claim that was ever made. A server behind a
load balancer changes its version a few times while it is deployed; one that changes it more often is `unstable`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from prober.outcome import ServerInfo

UNSTABLE: Final = "unstable"
"""Stands for a claim that changes all the time."""
MOST_CHANGES: Final = 6
"""Changes of a claim within an hour that are followed."""
HOUR: Final = 3600.0

_CLAIMS: Final = ("protocol_version", "name", "version")


class Steadiness:
    """Follows the claims of one server. Times are seconds of any clock."""

    __slots__ = ("_changes", "_last")

    def __init__(self) -> None:
        self._last: ServerInfo | None = None
        self._changes: dict[str, deque[float]] = {}

    def shown(self, server: ServerInfo, *, at: float) -> ServerInfo:
        """What to show of a server that says this of itself now."""
        last, self._last = self._last, server
        if last is not None and last != server:
            for claim in _CLAIMS:
                if getattr(last, claim) != getattr(server, claim):
                    self._changes.setdefault(claim, deque(maxlen=MOST_CHANGES)).append(at)
        if not self._changes:
            return server
        unstable = {
            claim: UNSTABLE
            for claim, changes in self._changes.items()
            if len(changes) == MOST_CHANGES and at - changes[0] < HOUR
        }
        return replace(server, **unstable) if unstable else server
