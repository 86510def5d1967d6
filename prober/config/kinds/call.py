"""`kind: call`: call one tool and judge its answer."""

from __future__ import annotations

from typing import Final

from prober.config.checks import check_keys, checks_of
from prober.config.field_types import Expanding, JsonObject, Text
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key, Values
from prober.config.model import CallSettings, Checks

SOURCES: Final = ("structured", "text", "result")


def _build(values: Values) -> CallSettings:
    return CallSettings(checks=checks_of(values, Checks()), **values.of(CallSettings))


KIND: Final = Kind(
    doc="Call one tool and judge its answer.",
    keys=(
        Key(name="tool", of=CallSettings, value_type=Text(), doc="The tool to call."),
        Key(
            name="arguments",
            of=CallSettings,
            value_type=Expanding(JsonObject()),
            doc="Arguments of the call. They are shown in evidence: a secret belongs in the target's headers or env.",
        ),
        *check_keys(SOURCES, Checks()),
    ),
    build=_build,
)
