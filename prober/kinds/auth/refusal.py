"""Judges how a server answers a stranger: HTTP 401 with a challenge, and nothing else, is right."""

from __future__ import annotations

from typing import Final

from prober.client.exchange import Address
from prober.client.http.stranger import Answer
from prober.client.jsonrpc import excerpt
from prober.json_values import cap
from prober.kinds.auth.challenge import schemes
from prober.outcome import Evidence, Failure, Reason

_NOT_ABOUT_TOKENS: Final = {
    407: Reason.PROXY_FAILED,
    429: Reason.RATE_LIMITED,
    502: Reason.SERVER_ERROR,
    503: Reason.UNAVAILABLE,
    504: Reason.SERVER_ERROR,
}
"""Statuses that say nothing of whom the server lets in."""

_WITH_MESSAGES: Final = ("application/json", "text/event-stream")
_SHOWN: Final = 300


def most_telling(answers: list[tuple[str, Answer]]) -> tuple[str, Answer]:
    """Of the answers to requests of several eras, that which decides, with its step.

    Who is let in by one way is in. Otherwise a 401 counts: the other era's request may be turned down for what it is.
    """

    def rank(answer: Answer) -> int:
        return 0 if _is_let_in(answer) else 1 if answer.status == 401 else 2

    return min(answers, key=lambda asked: rank(asked[1]))


def refusal_of(answer: Answer, *, who: str, step: str, known: bool) -> Failure | None:
    """What is wrong about an answer to `who`; `known` says that the path is right, for another request was answered.

    Raises Failure where the answer is about something else.
    """
    status = answer.status
    seen = f"HTTP {status}"
    evidence = Evidence(
        expected="HTTP 401 with WWW-Authenticate", http_status=status, seen=excerpt(answer.body) or seen
    )
    reason = _NOT_ABOUT_TOKENS.get(status)
    if not known:
        reason = reason or (Reason.NOT_FOUND if status == 404 else Reason.SERVER_ERROR if status >= 500 else None)
    if reason is not None:
        raise Failure(reason, f"{seen} to a request {who}", step=step, evidence=evidence)
    if _is_let_in(answer):
        return Failure(Reason.AUTH_NOT_ENFORCED, f"{seen} to a request {who}", step=step, evidence=evidence)
    if status != 401:
        where = f", to {there}" if (there := _redirect(answer)) else ""
        message = f"{seen}{where} instead of 401 to a request {who}"
        return Failure(Reason.AUTH_CHALLENGE_WRONG, message, step=step, evidence=evidence)
    if not answer.headers.get("www-authenticate", "").strip():
        message = f"{seen} without a WWW-Authenticate header to a request {who}"
        return Failure(Reason.AUTH_CHALLENGE_WRONG, message, step=step, evidence=evidence)
    return None


def challenge_warnings(answer: Answer) -> list[str]:
    """What is odd about a challenge and forbids nothing."""
    header = answer.headers.get("www-authenticate", "")
    if not header.strip() or "bearer" in schemes(header):
        return []
    return [f"WWW-Authenticate names no Bearer scheme, by which MCP clients go: {cap(header, _SHOWN)}"]


def _is_let_in(answer: Answer) -> bool:
    """Whether the request was served: a stream was opened, or a JSON-RPC result came."""
    if not 200 <= answer.status < 300 or answer.content_type not in _WITH_MESSAGES:
        return False
    return b'"result"' in answer.body or (answer.content_type == _WITH_MESSAGES[1] and b"endpoint" in answer.body)


def _redirect(answer: Answer) -> str | None:
    """Where a redirect leads, without user and query, which may hold secrets."""
    location = answer.headers.get("location")
    if not location or not 300 <= answer.status < 400:
        return None
    try:
        there = Address.of(location)
    except ValueError:
        return None
    return cap(str(there) if there.host else there.path)
