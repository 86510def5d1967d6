"""What a failure says about the era of the server.

By the 2026-07-28 revision a client that speaks both eras asks in the modern way first, and takes whatever is not
plainly a modern answer for one of the handshake era (Versioning, "Backward Compatibility"). A prober is stricter: a
server that is out of order must not pass for an old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE, MODERN, versions
from prober.client.jsonrpc import HEADER_MISMATCH, INVALID_REQUEST, MISSING_CAPABILITY, SERVER_ERROR
from prober.json_values import cap, render
from prober.outcome import Evidence, Failure, Reason

_NOT_MODERN: Final = frozenset({400, 404, 405, 406, 415, 422})
"""HTTP statuses by which a server of the handshake era turns down a request it does not understand."""

_MODERN_ERRORS: Final = frozenset({HEADER_MISMATCH, MISSING_CAPABILITY})
"""Errors that only a server of the modern era knows: it did understand, and has something against the request."""


_PUZZLED: Final = frozenset({SERVER_ERROR, INVALID_REQUEST})
"""What servers of the handshake era say to a request outside of a session. Modern ones have other words."""

_MARKS: Final = ("resultType", "supportedVersions")
"""What every answer of a modern server to `server/discover` has, however bad it may be otherwise."""


def not_discovered(result: Mapping[str, Any]) -> Failure | None:
    """What is wrong with a result of `server/discover` that no modern server gave: some servers answer anything."""
    if any(mark in result for mark in _MARKS):
        return None
    return Failure(
        Reason.BAD_RESULT,
        "server/discover was answered, but not as a server of the modern era does",
        evidence=Evidence(pointer="", keyword="required", expected=", ".join(_MARKS), seen=render(dict(result))),
    )


def turned_down(failure: Failure) -> bool:
    """Whether a server of the handshake era may have failed so on `server/discover`."""
    evidence = failure.evidence
    match failure.reason:
        case Reason.VERSION_UNSUPPORTED:
            return not evidence.seen or any(version in evidence.seen for version in versions(HANDSHAKE))
        case Reason.BAD_RESULT:
            return evidence.expected == ", ".join(_MARKS)
        case Reason.PROCESS_EXITED:
            return True
        case Reason.RPC_ERROR:
            return evidence.rpc_code not in _MODERN_ERRORS
    return evidence.http_status in _NOT_MODERN


def of_another_era(failure: Failure) -> bool:
    """Whether the server may have failed so because it was changed for one of the other era."""
    code, status = failure.evidence.rpc_code, failure.evidence.http_status
    if failure.reason is Reason.RPC_ERROR:
        return code in _PUZZLED or failure.step in ("initialize", "server/discover")
    return failure.reason is Reason.VERSION_UNSUPPORTED or (code is None and status in _NOT_MODERN)


def no_common_version(step: str, offered: Sequence[str]) -> Failure:
    known = ", ".join((*versions(HANDSHAKE), *versions(MODERN)))
    seen = ", ".join(cap(str(version), 20) for version in offered[:10]) or "none"
    return Failure(
        Reason.VERSION_UNSUPPORTED,
        f"the server speaks {seen}; this prober speaks {known}",
        step=step,
        evidence=Evidence(seen=seen, expected=known),
    )
