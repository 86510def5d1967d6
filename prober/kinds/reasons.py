"""Reasons that several kinds have in common."""

from __future__ import annotations

from typing import Final

from prober.outcome import Reason

CHECK_REASONS: Final = frozenset({Reason.SCHEMA_MISMATCH, Reason.EXPECTATION_FAILED, Reason.TOO_SLOW})
"""An answer fails the checks of the configuration."""

TOOL_REASONS: Final = frozenset(
    {
        Reason.TOOL_MISSING,
        Reason.NOT_READ_ONLY,
        Reason.TOOL_ERROR,
        Reason.OUTPUT_SCHEMA_INVALID,
        Reason.OUTPUT_SCHEMA_MISMATCH,
    }
)
"""A tool cannot be called, or its answer contradicts the server's own declaration."""
