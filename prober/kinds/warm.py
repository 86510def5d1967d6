"""The keys and metrics of a second request in the same run: it shows whether a server is slow, or was asleep."""

from __future__ import annotations

from typing import Final

from prober.config.answer_checks import LATENCY, Latency
from prober.config.fields.field_types import Boolean
from prober.config.fields.mapping_schema import OnlyWith, key, settings
from prober.config.kind import FactMetric

WARM: Final = "warm_latency_seconds"
"""The fact of the second request."""


@settings
class Second:
    """Whether there is a second request, and its budget."""

    warm: bool = key(
        Boolean(),
        "Whether the run makes the request a second time, in the same session, to tell a server that is slow from one"
        " that was asleep. What came before the first one, such as a handshake, may have woken it already.",
        default=False,
    )
    warm_latency: Latency = key(
        LATENCY, "How long the second answer may take; `latency` is for the first.", default=Latency()
    )


WITH_WARM: Final = OnlyWith("warm", "warm_latency")

WARM_METRICS: Final = (
    FactMetric(
        name="mcp_probe_warm_latency_seconds",
        type="gauge",
        help="Seconds that the second request of the last run took, of a probe with warm; its first one is"
        " mcp_probe_latency_seconds.",
        facts={"": WARM},
    ),
    FactMetric(
        name="mcp_probe_warm_latency_budget_seconds",
        type="gauge",
        help="Seconds of the second request from which on the probe warns or fails; no series where no budget is set.",
        label="level",
        facts={"warn": f"{WARM}_warn", "fail": f"{WARM}_fail"},
    ),
)
