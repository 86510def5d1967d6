"""What a check found: where in the tool, and what is there instead of what."""

from __future__ import annotations

from dataclasses import dataclass

from prober.json_values import Path


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One place that breaks a rule. `path` leads from the tool to it; of a check of the whole list it is empty."""

    path: Path = ()
    seen: str
    expected: str
