"""`kind: read`: read one resource and judge it."""

from __future__ import annotations

from typing import Final

from prober.config.answer_checks import WITHOUT_STRUCTURED, Checks
from prober.config.fields.field_types import Text
from prober.config.fields.mapping_schema import inline, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.config.kind import ProbeKind
from prober.kinds.reasons import CHECK_REASONS
from prober.kinds.warm import WARM_METRICS, WITH_WARM, Second


@settings
class ReadSettings:
    """Read one resource."""

    uri: str = key(Expanding(Text()), "The resource to read.", repr=False)
    second: Second = inline(default=Second())
    checks: Checks = inline(default=Checks(source="result"), narrowed=WITHOUT_STRUCTURED)


KIND: Final = ProbeKind(
    rank=40,
    help="Read one resource and judge it.",
    settings=mapping_of(ReadSettings, rules=(WITH_WARM,)),
    reasons=lambda _: CHECK_REASONS,
    metrics=WARM_METRICS,
)
