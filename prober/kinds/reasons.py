"""Reasons that several kinds have in common."""

from __future__ import annotations

from typing import Final

from prober.outcome import Reason

OF_CHECKS: Final = frozenset({Reason.SCHEMA_MISMATCH, Reason.EXPECTATION_FAILED, Reason.TOO_SLOW})
"""An answer that is not what the operator expects."""

OF_TOOLS: Final = frozenset(
    {
        Reason.TOOL_MISSING,
        Reason.NOT_READ_ONLY,
        Reason.TOOL_ERROR,
        Reason.OUTPUT_SCHEMA_INVALID,
        Reason.OUTPUT_SCHEMA_MISMATCH,
    }
)
"""A tool that cannot be called, or whose answer is not what the server says of it."""
