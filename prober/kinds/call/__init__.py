"""`kind: call`: call one tool and judge its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prober.config.answer_checks import LATENCY, Checks, Latency
from prober.config.fields.field_types import Boolean, JsonObject, Text
from prober.config.fields.mapping_schema import OnlyWith, inline, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.config.kind import FactMetric, ProbeKind
from prober.kinds.reasons import CHECK_REASONS, TOOL_REASONS

WARM: Final = "warm_latency_seconds"
"""The fact of the second call."""


@settings
class CallSettings:
    """Call one tool and judge its answer."""

    tool: str = key(Text(), "The tool to call.")
    arguments: Mapping[str, Any] = key(
        Expanding(JsonObject()),
        "Arguments of the call. They are shown in evidence: a secret belongs in the target's headers or env.",
        default_factory=dict,
        repr=False,
    )
    warm: bool = key(
        Boolean(),
        "Whether the run makes the call a second time, in the same session, to tell a server that is slow from one"
        " that was asleep. What came before the first call, such as a handshake, may have woken it already.",
        default=False,
    )
    warm_latency: Latency = key(
        LATENCY, "How long the second answer may take; `latency` is for the first.", default=Latency()
    )
    checks: Checks = inline(default=Checks())


KIND: Final = ProbeKind(
    rank=30,
    help="Call one tool and judge its answer.",
    settings=mapping_of(CallSettings, rules=(OnlyWith("warm", "warm_latency"),)),
    reasons=lambda _: TOOL_REASONS | CHECK_REASONS,
    metrics=(
        FactMetric(
            name="mcp_probe_warm_latency_seconds",
            type="gauge",
            help="Seconds that the second call of the last run took, of a probe with warm; its first call is"
            " mcp_probe_latency_seconds.",
            facts={"": WARM},
        ),
        FactMetric(
            name="mcp_probe_warm_latency_budget_seconds",
            type="gauge",
            help="Seconds of the second call from which on the probe warns or fails; no series where no budget is set.",
            label="level",
            facts={"warn": f"{WARM}_warn", "fail": f"{WARM}_fail"},
        ),
    ),
)
