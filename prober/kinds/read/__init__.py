"""`kind: read`: read one resource and judge it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from prober.config.checks import OF_CONTENT, Checks
from prober.config.field_types import Expanding, Text
from prober.config.kind import ProbeKind
from prober.config.mapping_schema import key, mapping_of
from prober.kinds.reasons import OF_CHECKS


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """Read one resource."""

    uri: str = field(repr=False, metadata=key(Expanding(Text()), "The resource to read."))
    checks: Checks = field(default=Checks(source="result"), metadata=OF_CONTENT)


KIND: Final = ProbeKind(
    rank=40, help="Read one resource and judge it.", settings=mapping_of(ReadSettings), reasons=lambda _: OF_CHECKS
)
