"""What a probe run can end in. Standard library only; every other package may import this one.

reason     verdicts, and the closed list of reasons with their families and symptoms
run        the outcome of a run: failure, evidence, exchanges, phases
span       where a run and its exchanges stand in a distributed trace
"""

from prober.outcome.reason import Family, Reason, Situation, Symptom, Verdict
from prober.outcome.run import Evidence, Exchange, Failure, Outcome, Phase, ServerInfo
from prober.outcome.span import ExchangeSpan, SpanContext

__all__ = [
    "Evidence",
    "Exchange",
    "ExchangeSpan",
    "Failure",
    "Family",
    "Outcome",
    "Phase",
    "Reason",
    "ServerInfo",
    "Situation",
    "SpanContext",
    "Symptom",
    "Verdict",
]
