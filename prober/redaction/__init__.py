"""Masks secrets in texts for people. Every package uses it.

Standard library only; every other room may import this one.
"""

from prober.redaction.masked import NOTHING, Masked, masked_before, of_ours
from prober.redaction.redactor import SHORTEST, SHORTEST_WRITTEN_OUT, Redactor, worth_masking

__all__ = [
    "NOTHING",
    "SHORTEST",
    "SHORTEST_WRITTEN_OUT",
    "Masked",
    "Redactor",
    "masked_before",
    "of_ours",
    "worth_masking",
]
