"""Outcomes of one probe, and a loop that stands still: what the tests of the prober's own lag and outage share."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from prober.config.model import Checks, Latency, Probe
from prober.kinds.call import CallSettings
from prober.outcome import Outcome, Reason, Verdict
from prober.redaction import masked_before

BUDGET = 0.5
PROBE = Probe(
    name="p",
    target="t",
    kind="call",
    settings=CallSettings(tool="echo", checks=Checks(latency=Latency(warn=0.2, fail=BUDGET))),
    timeout=1.0,
)


def outcome(reason: Reason | None, *, target: str = "t", probe: str = "p", **more: Any) -> Outcome:
    return Outcome(
        target=target,
        probe=probe,
        kind="call",
        verdict=reason.verdict if reason else Verdict.PASS,
        reason=reason,
        message=masked_before("what was seen"),
        started_at=datetime.now(UTC),
        duration_seconds=0.1,
        **more,
    )


def stand_still(seconds: float) -> None:
    """What a long calculation does to the loop."""
    time.sleep(seconds)
