"""What to do about an outcome that is not a pass, in words that are safe to show."""

from __future__ import annotations

from prober.kinds import all_kinds
from prober.outcome import Evidence, Failure, Outcome
from prober.reasons import next_step as step_for
from prober.report.untrusted import line


def next_step(outcome: Outcome) -> str:
    """The next step on one line; empty for a probe that passed."""
    if outcome.reason is None:
        return ""
    kind = all_kinds().get(outcome.kind)
    evidence = outcome.evidence[0] if outcome.evidence else Evidence()
    names = {"target": outcome.target, "probe": outcome.probe, "step": outcome.step or ""}
    return line(step_for(outcome.reason, evidence, names, of_kind=kind.next_steps if kind else None))


def next_for(failure: Failure, *, target: str) -> str:
    """The next step after a failure outside of a run, on one line."""
    return line(step_for(failure.reason, failure.evidence, {"target": target, "step": failure.step or ""}))
