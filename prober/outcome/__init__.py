"""What a probe run can end in. Only redaction stands below.

reason     verdicts, and the closed list of reasons with their families and symptoms
run        the outcome of a run: failure, evidence, exchanges, phases
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

__all__ = [
    "Evidence",
    "Exchange",
    "Failure",
    "Family",
    "MaskedEvidence",
    "MaskedServerInfo",
    "Outcome",
    "Phase",
    "Reason",
    "ServerInfo",
    "Situation",
    "Symptom",
    "Verdict",
]
