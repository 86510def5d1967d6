"""`notify`: who is told of a change, without Prometheus."""

from __future__ import annotations

from typing import Final

from prober.config.field_types import Converted, Expanding, FieldType, Integer, ListOf, OwnSecrets, Text
from prober.config.mapping_schema import Key, mapping_of
from prober.config.model import Notify
from prober.config.secret import Secret

_URL: Final = Text(
    wanted="a URL such as slack://… or mailto://…",
    pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s]+$",
)

NOTIFY: Final[FieldType[Notify]] = OwnSecrets(
    Expanding(
        mapping_of(
            Notify,
            Key(
                name="urls",
                of=Notify,
                value_type=ListOf(item=Converted(_URL, Secret), wanted="a list of URLs", least=1),
                doc="Where to, as Apprise writes it. They hold passwords: ${VARIABLE} or ${file:PATH}.",
            ),
            Key(
                name="after",
                of=Notify,
                value_type=Integer(least=1, most=1000),
                doc="How many failures in a row are told as one.",
            ),
        )
    )
)
