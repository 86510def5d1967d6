"""Reasons that several kinds have in common."""

from __future__ import annotations

from typing import Final

from prober.outcome import Reason

OF_CHECKS: Final = frozenset({Reason.SCHEMA_MISMATCH, Reason.EXPECTATION_FAILED, Reason.TOO_SLOW})
"""Why an answer fails the checks of the operator."""

OF_TOOLS: Final = frozenset(
    {
        Reason.TOOL_MISSING,
        Reason.NOT_READ_ONLY,
        Reason.TOOL_ERROR,
        Reason.OUTPUT_SCHEMA_INVALID,
        Reason.OUTPUT_SCHEMA_MISMATCH,
    }
)
"""Why a tool cannot be called, or its answer contradicts the server itself."""
