"""`kind: read`: read one resource and judge it."""

from __future__ import annotations

from typing import Final

from prober.config.checks import check_keys, checks_of
from prober.config.field_types import Expanding, Text
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key, Values
from prober.config.model import Checks, ReadSettings

_DEFAULT: Final[Checks] = ReadSettings(uri="").checks


def _build(values: Values) -> ReadSettings:
    return ReadSettings(checks=checks_of(values, _DEFAULT), **values.of(ReadSettings))


KIND: Final = Kind(
    doc="Read one resource and judge it.",
    keys=(
        Key(name="uri", of=ReadSettings, value_type=Expanding(Text()), doc="The resource to read."),
        *check_keys(("text", "result"), _DEFAULT),
    ),
    build=_build,
)
