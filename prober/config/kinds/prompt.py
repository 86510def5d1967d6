"""`kind: prompt`: get one prompt and judge it."""

from __future__ import annotations

from typing import Final

from prober.config.checks import check_keys, checks_of
from prober.config.field_types import Expanding, MapOf, Text
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key, Values
from prober.config.model import Checks, PromptSettings

_DEFAULT: Final[Checks] = PromptSettings(prompt="").checks


def _build(values: Values) -> PromptSettings:
    return PromptSettings(checks=checks_of(values, _DEFAULT), **values.of(PromptSettings))


KIND: Final = Kind(
    doc="Get one prompt and judge it.",
    keys=(
        Key(name="prompt", of=PromptSettings, value_type=Text(), doc="The prompt to get."),
        Key(
            name="arguments",
            of=PromptSettings,
            value_type=Expanding(MapOf(value=Text(may_be_empty=True))),
            doc="Its arguments, all texts.",
        ),
        *check_keys(("text", "result"), _DEFAULT),
    ),
    build=_build,
)
