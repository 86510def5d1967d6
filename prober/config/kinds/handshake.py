"""`kind: handshake`: reach the server and negotiate."""

from __future__ import annotations

from typing import Final

from prober.config.field_types import Boolean, Text
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key
from prober.config.model import HandshakeSettings

KIND: Final = Kind(
    doc="Reach the server, negotiate, close.",
    keys=(
        Key(
            name="second_opinion",
            of=HandshakeSettings,
            value_type=Boolean(),
            doc="Ask the official SDK's client as well.",
        ),
        Key(
            name="expect_version",
            of=HandshakeSettings,
            value_type=Text(wanted="a protocol version such as 2025-11-25", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
            doc="The protocol version that has to be negotiated.",
        ),
    ),
    build=lambda values: HandshakeSettings(**values.of(HandshakeSettings)),
)
