"""All faults: one mapping from name to where the fault acts, what it does, and the reason that a probe must give.

`reason` is the reason of a probe that can see the fault: a handshake, a call with its schema, a catalog against its
contract, a race, or a probe of the rules that clients and the protocol have. Faults on the wire act on HTTP only; the
others also on stdio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Place = Literal["state", "answer", "listing", "wire"]


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """One fault: documentation and code use the same entry."""

    place: Place
    does: str
    reason: str
    takes_delay: bool = False
    """Whether its argument may begin with a duration."""


FAULTS: Final[Mapping[str, FaultKind]] = {
    "lost-update": FaultKind(
        place="state",
        does="A step, a swap, an event or a task is acknowledged and not kept; a swap that lost is told it won.",
        reason="lost_update",
    ),
    "torn-read": FaultKind(
        place="state",
        does="A session's record is read half before and half after its newest step.",
        reason="torn_read",
    ),
    "stale-cache": FaultKind(
        place="state",
        does="A session's configuration stays as it was first read while the fault is on, whatever is written.",
        reason="stale_read",
    ),
    "session-loss": FaultKind(
        place="state",
        does="The handle of a live session is said to be unknown.",
        reason="tool_error",
    ),
    "lock-not-released": FaultKind(
        place="state",
        does="Giving the lock back is acknowledged, but it stays held until it expires.",
        reason="lock_stuck",
    ),
    "double-lock": FaultKind(
        place="state",
        does="A lock that is held is granted to another caller as well, under the holder's fencing token.",
        reason="exclusion_broken",
    ),
    "duplicate-event": FaultKind(
        place="state",
        does="An event is appended twice, a task is queued twice.",
        reason="duplicate_effect",
    ),
    "missing-field": FaultKind(
        place="answer",
        does="A required field is left out of a tool's structured answer.",
        reason="output_schema_mismatch",
    ),
    "null-field": FaultKind(
        place="answer",
        does="A required field of a tool's structured answer is null.",
        reason="output_schema_mismatch",
    ),
    "wrong-type": FaultKind(
        place="answer",
        does="A required field of a tool's structured answer has another type than declared.",
        reason="output_schema_mismatch",
    ),
    "tool-error": FaultKind(
        place="answer",
        does="A tool call answers with an error instead of its result; what it wrote stays written.",
        reason="tool_error",
    ),
    "drop-tool": FaultKind(
        place="listing",
        does="get_workflow_state is in no listing, and calling it says that there is no such tool.",
        reason="tool_missing",
    ),
    "schema-drift": FaultKind(
        place="listing",
        does="get_workflow_state is listed with one more required argument and under other hints.",
        reason="contract_broken",
    ),
    "unusable-schema": FaultKind(
        place="listing",
        does="get_workflow_state is listed with anyOf at the root of its input schema, which some clients refuse.",
        reason="client_unusable",
    ),
    "crossed-answers": FaultKind(
        place="answer",
        does="Of two tool calls that come within a tenth of a second, each gets the answer of the other.",
        reason="answer_crossed",
    ),
    "any-origin": FaultKind(
        place="wire",
        does="Requests of every web page are served: the header Origin is passed over.",
        reason="origin_unchecked",
    ),
    "unchecked-headers": FaultKind(
        place="wire",
        does="Headers that contradict the body of their request are taken for right.",
        reason="headers_unchecked",
    ),
    "http-500": FaultKind(place="wire", does="HTTP 500 with a text body.", reason="server_error"),
    "http-503": FaultKind(
        place="wire",
        does="HTTP 503 with Retry-After, as from an exhausted connection pool.",
        reason="unavailable",
    ),
    "html-200": FaultKind(place="wire", does="HTTP 200 with an HTML page.", reason="bad_content_type"),
    "malformed-json": FaultKind(
        place="wire",
        does="The answer's body ends before its JSON does; its length is right.",
        reason="malformed_json",
    ),
    "truncated-body": FaultKind(
        place="wire",
        does="The connection closes after half of the announced body.",
        reason="connection_closed",
    ),
    "wrong-id": FaultKind(place="wire", does="The answer carries another request's id.", reason="wrong_id"),
    "hang": FaultKind(place="wire", does="The request is read and never answered.", reason="timeout"),
    "slow": FaultKind(
        place="wire",
        does="The answer comes late: by the given duration, 1 s if none is given.",
        reason="too_slow",
        takes_delay=True,
    ),
}
