"""Masks secrets in texts for people. Every package uses it.

Standard library only; every other room may import this one.
"""

from prober.redaction.redactor import SHORTEST, SHORTEST_WRITTEN_OUT, Redactor, worth_masking

__all__ = ["SHORTEST", "SHORTEST_WRITTEN_OUT", "Redactor", "worth_masking"]
