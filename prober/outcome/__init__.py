"""What a probe run can end in. Only redaction stands below.

reason     verdicts, and the closed list of reasons with their families and symptoms
run        the outcome of a run: failure, evidence, exchanges, phases
span       where a run and its exchanges stand in a distributed trace
masking    what was found becomes what may be shown
"""

from prober.outcome.reason import Family, Reason, Situation, Symptom, Verdict
from prober.outcome.run import (
    Evidence,
    Exchange,
    Failure,
    MaskedEvidence,
    MaskedServerInfo,
    Outcome,
    Phase,
    ServerInfo,
)
from prober.outcome.span import ExchangeSpan, SpanContext

__all__ = [
    "Evidence",
    "Exchange",
    "ExchangeSpan",
    "Failure",
    "Family",
    "MaskedEvidence",
    "MaskedServerInfo",
    "Outcome",
    "Phase",
    "Reason",
    "ServerInfo",
    "Situation",
    "SpanContext",
    "Symptom",
    "Verdict",
]
