"""`notify`: notifications without Prometheus."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import FieldType, Integer, ListOf, Text
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.fields.secret import Secret
from prober.config.fields.wrapping import Converted, Expanding, OwnSecrets

_URL: Final = Text(wanted="a URL such as slack://… or mailto://…", pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s]+$")


@settings
class Notify:
    """Notifications without Prometheus: Apprise URLs, and after how many failures in a row."""

    urls: tuple[Secret, ...] = key(
        ListOf(item=Converted(_URL, Secret), wanted="a list of URLs", least=1),
        "Where to, as Apprise writes it. They hold passwords: ${VARIABLE} or ${file:PATH}.",
    )
    after: int = key(Integer(least=1, most=1000), "Failures in a row before a message is sent.", default=3)


NOTIFY: Final[FieldType[Notify]] = OwnSecrets(Expanding(mapping_of(Notify)))
