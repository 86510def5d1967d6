"""Failures that are one failure: probes of one target that end alike are reported once, with all their names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from prober.outcome import Outcome, Verdict
from prober.report.details import headline


def alike(outcomes: Iterable[Outcome]) -> list[list[Outcome]]:
    """The outcomes in groups, in the order of the first of each. A probe that passed is a group of its own."""
    groups: dict[Hashable, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(_likeness(outcome), []).append(outcome)
    return list(groups.values())


def _likeness(outcome: Outcome) -> Hashable:
    """What is equal for one failure. A detail is not: two processes seldom fail in the same words."""
    if outcome.verdict is Verdict.PASS:
        return outcome.target, outcome.probe
    proof = tuple(replace(evidence, detail=None) for evidence in outcome.evidence)
    return outcome.target, outcome.verdict, headline(outcome), proof, outcome.warnings
