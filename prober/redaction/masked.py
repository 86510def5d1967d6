"""Texts that may be shown: a type of their own, so that mypy finds the text that nobody has masked.

A `Redactor` makes them, and `prober.outcome.masking` of all that a run found. There are three other ways, each for what
holds no secret for a reason of its own, and no other code makes one (a test looks).
"""

from __future__ import annotations

from typing import Final, NewType

Masked = NewType("Masked", str)
"""A text in which every secret of its target is masked."""

NOTHING: Final = Masked("")


def of_ours(text: str) -> Masked:
    """A text of the prober's own words and of names in the configuration: no peer has had a hand in it."""
    return Masked(text)


def masked_before(text: str) -> Masked:
    """A text that was masked when it was kept, such as one of a history."""
    return Masked(text)
