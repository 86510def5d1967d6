"""The part of CASES that the quick tier runs: every fault, every place and every outcome on each transport, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from tests.peers.cases import Case


def shows(case: Case) -> frozenset[Hashable]:
    """What is seen when a case runs: a fault, a place and an outcome, each on the case's transport."""
    return frozenset(
        {
            ("fault", case.transport, case.fault or case.kind, case.protocol == "auto"),
            ("place", case.transport, case.era, case.step, case.protocol),
            ("outcome", case.transport, case.reason),
        }
    )


def covering(cases: Sequence[Case]) -> list[Case]:
    """Leaves out each case, the last first, that shows nothing which the cases that are left do not show."""
    times = Counter(shown for case in cases for shown in shows(case))
    kept = []
    for case in reversed(cases):
        if all(times[shown] > 1 for shown in shows(case)):
            times.subtract(shows(case))
        else:
            kept.append(case)
    return kept[::-1]
