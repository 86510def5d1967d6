"""`kind: prompt`: get one prompt and judge it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.config.answer_checks import WITHOUT_STRUCTURED, Checks
from prober.config.fields.field_types import MapOf, Text
from prober.config.fields.mapping_schema import inline, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.config.kind import ProbeKind
from prober.kinds.reasons import CHECK_REASONS
from prober.kinds.warm import WARM_METRICS, WITH_WARM, Second


@settings
class PromptSettings:
    """Get one prompt. Prompt arguments are strings by the specification."""

    prompt: str = key(Text(), "The prompt to get.")
    arguments: Mapping[str, str] = key(
        Expanding(MapOf(value=Text(may_be_empty=True))), "Its arguments, all texts.", default_factory=dict, repr=False
    )
    second: Second = inline(default=Second())
    checks: Checks = inline(default=Checks(source="result"), narrowed=WITHOUT_STRUCTURED)


KIND: Final = ProbeKind(
    rank=50,
    help="Get one prompt and judge it.",
    settings=mapping_of(PromptSettings, rules=(WITH_WARM,)),
    reasons=lambda _: CHECK_REASONS,
    metrics=WARM_METRICS,
)
