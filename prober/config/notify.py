"""`notify`: who is told of a change, without Prometheus."""

from __future__ import annotations

from typing import Final

from prober.config.forms import Apart, Converted, Expanding, Form, ListOf, Text, Whole
from prober.config.model import Notify
from prober.config.record import Key, record_of
from prober.config.secret import Secret

_URL: Final = Text(
    wanted="a URL such as slack://… or mailto://…",
    pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s]+$",
)

NOTIFY: Final[Form[Notify]] = Apart(
    Expanding(
        record_of(
            Notify,
            Key(
                name="urls",
                of=Notify,
                form=ListOf(item=Converted(_URL, Secret), wanted="a list of URLs", least=1),
                doc="Where to, as Apprise writes it. They hold passwords: ${VARIABLE} or ${file:PATH}.",
            ),
            Key(
                name="after",
                of=Notify,
                form=Whole(least=1, most=1000),
                doc="How many failures in a row are told as one.",
            ),
        )
    )
)
