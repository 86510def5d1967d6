"""`kind: call`: call one tool and judge its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prober.config.answer_checks import Checks
from prober.config.fields.field_types import Choice, JsonObject, Text
from prober.config.fields.mapping_schema import inline, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.config.kind import ProbeKind
from prober.kinds.reasons import CHECK_REASONS, TOOL_REASONS
from prober.kinds.warm import WARM_METRICS, WITH_WARM, Second


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
    task: str | None = key(
        Choice(("follow",)),
        "`follow`: a call that the server answers by a task is polled until the task ends, and its result is judged;"
        " `latency` is then for the whole of it. Without, no server is told that the prober can follow one.",
        default=None,
    )
    second: Second = inline(default=Second())
    checks: Checks = inline(default=Checks())


KIND: Final = ProbeKind(
    rank=30,
    help="Call one tool and judge its answer.",
    settings=mapping_of(CallSettings, rules=(WITH_WARM,)),
    reasons=lambda _: TOOL_REASONS | CHECK_REASONS,
    metrics=WARM_METRICS,
)
