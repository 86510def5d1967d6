"""`kind: read`: read one resource and judge it."""

from __future__ import annotations

from typing import Final

from prober.config.checks import check_keys, checks_of
from prober.config.forms import Expanding, Text
from prober.config.kinds.kind import Kind
from prober.config.model import Checks, ReadSettings
from prober.config.record import Fields, Key

_DEFAULT: Final[Checks] = ReadSettings(uri="").checks


def _build(fields: Fields) -> ReadSettings:
    return ReadSettings(checks=checks_of(fields, _DEFAULT), **fields.of(ReadSettings))


KIND: Final = Kind(
    doc="Read one resource and judge it.",
    keys=(
        Key(name="uri", of=ReadSettings, form=Expanding(Text()), doc="The resource to read."),
        *check_keys(("text", "result"), _DEFAULT),
    ),
    build=_build,
)
