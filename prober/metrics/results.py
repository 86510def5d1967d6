"""The results that a probe can have, by its kind and its target: the counter of each result starts at zero.

A result that is missing here is counted from its first occurrence on. Its counter has no zero before that, so that
Prometheus does not see the first increase.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.config.model import Probe, Target
from prober.kinds import kind_of
from prober.outcome import Outcome, Reason, Symptom, Verdict

_ALWAYS: Final = {
    Reason.CONNECTION_CLOSED,
    Reason.MALFORMED_JSON,
    Reason.MALFORMED_MESSAGE,
    Reason.WRONG_ID,
    Reason.VERSION_UNSUPPORTED,
    Reason.RPC_ERROR,
    Reason.BAD_RESULT,
    Reason.INPUT_REQUIRED,
    Reason.TOO_LARGE,
    Reason.TIMEOUT,
    Reason.INTERNAL_ERROR,
    Reason.PROBER_SHORTAGE,
    Reason.NOT_RUN,
    Reason.UNDECIDED,
}

_HTTP: Final = {
    Reason.DNS_FAILED,
    Reason.CONNECT_REFUSED,
    Reason.CONNECT_FAILED,
    Reason.CONNECT_TIMEOUT,
    Reason.PROXY_FAILED,  # also if no proxy is configured: other proxies may be on the way
    Reason.CONNECTION_RESET,
    Reason.NOT_HTTP,
    Reason.UNAUTHORIZED,
    Reason.FORBIDDEN,
    Reason.NOT_FOUND,
    Reason.RATE_LIMITED,
    Reason.CLIENT_ERROR,
    Reason.SERVER_ERROR,
    Reason.UNAVAILABLE,
    Reason.REDIRECTED,
    Reason.BAD_CONTENT_TYPE,
    Reason.BAD_ENCODING,
    Reason.NO_RESPONSE,
    Reason.STREAM_ENDED,
    Reason.SESSION_LOST,
}
_TLS: Final = {Reason.TLS_EXPIRED, Reason.TLS_UNTRUSTED, Reason.TLS_HOSTNAME, Reason.TLS_FAILED}
_TRANSPORT: Final[Mapping[str, set[Reason]]] = {
    "http": _HTTP,
    "sse": _HTTP | {Reason.BAD_ENDPOINT},
    "stdio": {Reason.SPAWN_FAILED, Reason.PROCESS_EXITED},
}


def results_of(probe: Probe, target: Target) -> tuple[str, ...]:
    """`pass`, and every symptom that the probe can end with."""
    symptoms = {reason.symptom for reason in reasons_of(probe, target)}
    return (Verdict.PASS.value, *(symptom.value for symptom in Symptom if symptom in symptoms))


def result_of(outcome: Outcome) -> str:
    """What a run is counted as: `pass` or a symptom."""
    if outcome.verdict is Verdict.PASS:
        return Verdict.PASS.value
    if outcome.verdict is Verdict.UNKNOWN or outcome.reason is None:
        return Symptom.UNKNOWN.value
    return outcome.reason.symptom.value


def reasons_of(probe: Probe, target: Target) -> tuple[Reason, ...]:
    """Every reason that the probe can end with, in the order of the tree of reasons."""
    possible = _ALWAYS | _TRANSPORT[target.transport] | set(kind_of(probe.kind).reasons(probe.settings))
    if _encrypted(target):
        possible |= _TLS
    if target.auth is not None:
        possible |= {Reason.TOKEN_FAILED}
    if probe.allow_writes:
        possible -= {Reason.NOT_READ_ONLY}
    return tuple(reason for reason in Reason if reason in possible)


def _encrypted(target: Target) -> bool:
    """Whether the server, the token endpoint or the proxy uses TLS."""
    addresses = (
        target.url,
        target.auth.token_url if target.auth else None,
        target.proxy.reveal() if target.proxy else None,
    )
    return any(address is not None and address[:6].lower() == "https:" for address in addresses)
