"""`kind: call`: call one tool and judge its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prober.config.answer_checks import Checks
from prober.config.fields.field_types import JsonObject, Text
from prober.config.fields.mapping_schema import inline, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.config.kind import ProbeKind
from prober.kinds.reasons import CHECK_REASONS, TOOL_REASONS


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
    checks: Checks = inline(default=Checks())


KIND: Final = ProbeKind(
    rank=30,
    help="Call one tool and judge its answer.",
    settings=mapping_of(CallSettings),
    reasons=lambda _: TOOL_REASONS | CHECK_REASONS,
)
