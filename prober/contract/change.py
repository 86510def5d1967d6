"""A change between two contracts, and how bad it is for those who call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prober.json_values import pointer

Where = tuple[str | int, ...]


class Severity(StrEnum):
    """What a change means to a caller that knew the old contract."""

    BREAKING = "breaking"
    """What worked may not work any more, or nobody can tell."""
    ADDITIVE = "additive"
    """What worked still works; there is more now."""
    COSMETIC = "cosmetic"
    """Only words changed."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change. `where` is a path such as `tools/get_state/inputSchema/properties/limit`, escaped as in a pointer."""

    severity: Severity
    where: str
    message: str


def change(severity: Severity, where: Where, message: str) -> Change:
    """A change at a place that is given by its parts."""
    return Change(severity=severity, where=pointer(where).removeprefix("/"), message=message)
