"""`kind: prompt`: get one prompt and judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from prober.config.checks import OF_CONTENT, Checks
from prober.config.field_types import Expanding, MapOf, Text
from prober.config.kind import ProbeKind
from prober.config.mapping_schema import key, mapping_of
from prober.kinds.reasons import OF_CHECKS


@dataclass(frozen=True, kw_only=True)
class PromptSettings:
    """Get one prompt. Prompt arguments are strings by the specification."""

    prompt: str = field(metadata=key(Text(), "The prompt to get."))
    arguments: Mapping[str, str] = field(
        default_factory=dict,
        repr=False,
        metadata=key(Expanding(MapOf(value=Text(may_be_empty=True))), "Its arguments, all texts."),
    )
    checks: Checks = field(default=Checks(source="result"), metadata=OF_CONTENT)


KIND: Final = ProbeKind(
    rank=50, help="Get one prompt and judge it.", settings=mapping_of(PromptSettings), reasons=lambda _: OF_CHECKS
)
