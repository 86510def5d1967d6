"""`kind: prompt`: get one prompt and judge it."""

from __future__ import annotations

from typing import Final

from prober.config.checks import check_keys, checks_of
from prober.config.forms import Expanding, MapOf, Text
from prober.config.kinds.kind import Kind
from prober.config.model import Checks, PromptSettings
from prober.config.record import Fields, Key

_DEFAULT: Final[Checks] = PromptSettings(prompt="").checks


def _build(fields: Fields) -> PromptSettings:
    return PromptSettings(checks=checks_of(fields, _DEFAULT), **fields.of(PromptSettings))


KIND: Final = Kind(
    doc="Get one prompt and judge it.",
    keys=(
        Key(name="prompt", of=PromptSettings, form=Text(), doc="The prompt to get."),
        Key(
            name="arguments",
            of=PromptSettings,
            form=Expanding(MapOf(value=Text(may_be_empty=True))),
            doc="Its arguments, all texts.",
        ),
        *check_keys(("text", "result"), _DEFAULT),
    ),
    build=_build,
)
