"""What a probe run can end in. Standard library only; every other package may import this one.

reason     verdicts, and the closed list of reasons with their families and symptoms
run        the outcome of a run: failure, evidence, exchanges, phases
"""

from prober.outcome.reason import Family, Reason, Situation, Symptom, Verdict
from prober.outcome.run import Evidence, Exchange, Failure, Outcome, Phase, ServerInfo

__all__ = [
    "Evidence",
    "Exchange",
    "Failure",
    "Family",
    "Outcome",
    "Phase",
    "Reason",
    "ServerInfo",
    "Situation",
    "Symptom",
    "Verdict",
]
