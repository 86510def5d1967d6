"""From what a run found to what may be shown of it: every text passes a redactor here, or a history's way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from prober.outcome.run import Evidence, Failure, MaskedEvidence, MaskedServerInfo, ServerInfo
from prober.redaction import Masked

Redact = Callable[[str], Masked]
Facts = TypeVar("Facts", Evidence, ServerInfo)


class MaskedFailure(Failure):
    """A failure that may be shown."""

    message: Masked
    evidence: MaskedEvidence
    further: tuple[MaskedEvidence, ...]

    def __init__(self, failure: Failure, redact: Redact, *, further: Iterable[Evidence] = ()):
        """A failure, and `further` evidence of it."""
        super().__init__(
            failure.reason,
            redact(failure.message),
            step=failure.step,
            evidence=masked_evidence(failure.evidence, redact),
            further=tuple(masked_evidence(each, redact) for each in (*failure.further, *further)),
        )


def masked_evidence(evidence: Evidence, redact: Redact) -> MaskedEvidence:
    return MaskedEvidence(_masked(evidence, redact))


def masked_server(server: ServerInfo, redact: Redact) -> MaskedServerInfo:
    return MaskedServerInfo(_masked(server, redact))


def _masked(facts: Facts, redact: Redact) -> Facts:
    texts: dict[str, Any] = {name: redact(text) for name, text in vars(facts).items() if isinstance(text, str)}
    return replace(facts, **texts)
