"""`kind: handshake`: reach the server and negotiate."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import Boolean, Text
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.kind import ProbeKind
from prober.outcome import Reason


@settings
class HandshakeSettings:
    """Reach the server, negotiate, close."""

    second_opinion: bool = key(Boolean(), "Ask the official SDK's client as well.", default=False)
    expect_version: str | None = key(
        Text(wanted="a protocol version such as 2025-11-25", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        "The protocol version that has to be negotiated.",
        default=None,
    )
    expect_clean_exit: bool = key(
        Boolean(),
        "Whether a stdio server has to exit by itself, with status 0, when its standard input is closed.",
        default=False,
    )


def _reasons(settings: HandshakeSettings) -> frozenset[Reason]:
    return frozenset({Reason.SECOND_OPINION_FAILED}) if settings.second_opinion else frozenset()


KIND: Final = ProbeKind(
    rank=10,
    help="Reach the server, negotiate, close.",
    settings=mapping_of(HandshakeSettings),
    reasons=_reasons,
    own_process=True,
)
