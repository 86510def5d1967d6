"""Decides what a failure says about the protocol era of the server.

By the 2026-07-28 revision, a client that speaks both eras tries the modern era first, and takes any response that is
not clearly modern as a sign of the handshake era (Versioning, "Backward Compatibility"). A prober is stricter: a broken
modern server must not pass as an old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE, MODERN, versions
from prober.client.jsonrpc import HEADER_MISMATCH, INVALID_REQUEST, MISSING_CAPABILITY, SERVER_ERROR
from prober.json_values import render, written
from prober.outcome import Evidence, Failure, Reason

_NOT_MODERN: Final = frozenset({400, 404, 405, 406, 415, 422})
"""HTTP statuses of a handshake-era server for a request that it does not understand."""

_MODERN_ERRORS: Final = frozenset({HEADER_MISMATCH, MISSING_CAPABILITY})
"""Errors that only a modern server knows: it understood the request, and refused it."""

_HANDSHAKE_ERRORS: Final = frozenset({SERVER_ERROR, INVALID_REQUEST})
"""Errors of a handshake-era server for a request outside of a session. Modern servers use other errors."""

_MODERN_KEYS: Final = ("resultType", "supportedVersions")
"""Keys that every modern result of `server/discover` has, even one with other faults."""


def not_discovered(result: Mapping[str, Any]) -> Failure | None:
    """The failure for a result of `server/discover` that is not modern: some old servers answer any method."""
    if any(mark in result for mark in _MODERN_KEYS):
        return None
    return Failure(
        Reason.BAD_RESULT,
        "server/discover was answered, but not as a server of the modern era does",
        evidence=Evidence(pointer="", keyword="required", expected=", ".join(_MODERN_KEYS), seen=render(dict(result))),
    )


def turned_down(failure: Failure) -> bool:
    """Whether a failure of `server/discover` may mean that the server is of the handshake era."""
    evidence = failure.evidence
    match failure.reason:
        case Reason.VERSION_UNSUPPORTED:
            return not evidence.seen or any(version in evidence.seen for version in versions(HANDSHAKE))
        case Reason.BAD_RESULT:
            return evidence.expected == ", ".join(_MODERN_KEYS)
        case Reason.PROCESS_EXITED:
            return True
        case Reason.RPC_ERROR:
            return evidence.rpc_code not in _MODERN_ERRORS
    return evidence.http_status in _NOT_MODERN


def of_another_era(failure: Failure) -> bool:
    """Whether a failure may mean that the server has changed its era since the last run."""
    code, status = failure.evidence.rpc_code, failure.evidence.http_status
    if failure.reason is Reason.RPC_ERROR:
        return code in _HANDSHAKE_ERRORS or failure.step in ("initialize", "server/discover")
    return failure.reason is Reason.VERSION_UNSUPPORTED or (code is None and status in _NOT_MODERN)


def no_common_version(step: str, offered: Sequence[str]) -> Failure:
    known = ", ".join((*versions(HANDSHAKE), *versions(MODERN)))
    seen = ", ".join(written(version, 20) for version in offered[:10]) or "none"
    return Failure(
        Reason.VERSION_UNSUPPORTED,
        f"the server speaks {seen}; this prober speaks {known}",
        step=step,
        evidence=Evidence(seen=seen, expected=known),
    )
