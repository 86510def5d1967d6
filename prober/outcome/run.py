"""What a run leaves: its outcome, and the values that an outcome is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from prober.outcome.reason import Reason, Situation, Verdict
from prober.outcome.span import ExchangeSpan, SpanContext
from prober.redaction import NOTHING, Masked


class Phase(StrEnum):
    """Where the time of an exchange goes. HTTP has all but `spawn`; stdio has `spawn`, `send`, `wait`, `receive`.

    `spawn` runs from the start of a process to its first answer, whatever is sent to it meanwhile.
    `wait` runs from the request being sent to the first byte of its answer, `receive` from there to the last byte.
    """

    SPAWN = "spawn"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    WAIT = "wait"
    RECEIVE = "receive"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What proves a failure, for a person to read: capped, never a label.

    `pointer` is a JSON Pointer (RFC 6901) into the judged value; `seen` and `expected` are short renderings of JSON.
    `detail` is free text of the place where it happened: an OS error, a body excerpt, the tail of stderr.
    `situation` decides the next step, and `remedy` is what that step names: an address to write, a program to install.
    """

    pointer: str | None = None
    keyword: str | None = None
    seen: str | None = None
    expected: str | None = None
    http_status: int | None = None
    rpc_code: int | None = None
    detail: str | None = None
    situation: Situation | None = None
    remedy: str | None = None


MaskedEvidence = NewType("MaskedEvidence", Evidence)
"""With masked texts: see `prober.outcome.masking`."""


class Failure(Exception):  # noqa: N818 - the one failure type of a run; "FailureError" says it twice
    """Raised to end a run: by `client`, `assertions` and `kinds`. The engine turns it into an Outcome.

    `step` names the protocol step (`initialize`, `tools/call`, `close` …) and is filled in where it is known.
    `evidence` is the piece that decides, `further` holds more of the same kind.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        step: str | None = None,
        evidence: Evidence | None = None,
        further: tuple[Evidence, ...] = (),
    ):
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.step = step
        self.evidence = evidence or Evidence()
        self.further = further


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and its answer on the wire, whatever became of it. Texts are capped and redacted already."""

    step: str
    started_at: float
    duration_seconds: float
    phases: Mapping[Phase, float]
    http_status: int | None = None
    http_version: str | None = None
    """Such as `HTTP/1.1`."""
    tls_version: str | None = None
    """Such as `TLSv1.3`."""
    content_type: Masked | None = None
    retry_after_seconds: float | None = None
    """For how long the server asked to be left alone, with a status 429 or 503."""
    bytes_sent: int = 0
    bytes_received: int = 0
    sent: Masked = NOTHING
    received: Masked = NOTHING
    span: ExchangeSpan | None = None


@dataclass(frozen=True, kw_only=True)
class ServerInfo:
    """What the server says of itself (self-reported, capped) and what was negotiated with it."""

    era: str | None = None
    protocol_version: str | None = None
    name: str | None = None
    version: str | None = None


MaskedServerInfo = NewType("MaskedServerInfo", ServerInfo)
"""With masked texts: see `prober.outcome.masking`."""

NOBODY: Final = MaskedServerInfo(ServerInfo())


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One finished run of one probe: what a report prints, a sink stores and a metric counts."""

    target: str
    probe: str
    kind: str
    verdict: Verdict
    started_at: datetime
    duration_seconds: float
    reason: Reason | None = None
    step: str | None = None
    message: Masked = NOTHING
    evidence: tuple[MaskedEvidence, ...] = ()
    warnings: tuple[Masked, ...] = ()
    phases: Mapping[Phase, float] = field(default_factory=dict)
    server: MaskedServerInfo = NOBODY
    exchanges: tuple[Exchange, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    """Numbers a kind learnt, by metric-ready name: `tools`, `certificate_expiry_timestamp_seconds`,
    `token_expiry_timestamp_seconds` of a token in the configuration, `fetched_token_expiry_timestamp_seconds`,
    `contract_changes_breaking`, `contract_changes_additive`, `contract_changes_cosmetic`, `latency_seconds`; on stdio
    `start_seconds` until the first answer, and `close_seconds` until the process had left; of a race
    `race_operations`, `race_overlap` (how many were open at once), `race_violations_lost_update` and so on."""
    tags: tuple[str, ...] = ()
    origin: str = ""
    """`file:line` where the probe was defined; empty if not in a file."""
    span: SpanContext | None = None
    """None where runs have no spans."""

    @property
    def ended(self) -> datetime:
        """When the run was over. The start of a process and its end are not in the duration of a run."""
        apart = self.facts.get("start_seconds", 0.0) + self.facts.get("close_seconds", 0.0)
        return self.started_at + timedelta(seconds=self.duration_seconds + apart)
