"""The explanation of a reason: what was seen, what usually causes it, what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from prober.outcome import Reason


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one reason means, for people.

    `next_step` may hold `{target}`, `{probe}` and `{step}` of the run, and what its evidence
    has as `remedy`, which is an `{address}` or a `{program}`.
    """

    sentence: str
    """What was seen."""
    causes: tuple[str, ...]
    """The usual causes, the most frequent first."""
    next_step: str
    """What to do now: the key to change, the command to run."""
    alert: str
    """The alert that fires when a probe keeps failing for this reason."""


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """The next step in one situation, which takes the place of that of its reasons."""

    reasons: tuple[Reason, ...]
    known: str
    """What is known of the failure, as the end of a sentence that begins with "If"."""
    next_step: str
