"""A conversation with a server: the wire, and what was agreed on. It may outlast the run that began it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE
from prober.client.transport import Transport
from prober.json_values import cap
from prober.outcome import ServerInfo

_NAME_LENGTH: Final = 100


@dataclass(kw_only=True, eq=False)
class Conversation:
    """`ids` never repeat: an answer to a request of a former run is none to a request of this one."""

    transport: Transport
    era: str = HANDSHAKE
    version: str | None = None
    server: ServerInfo = field(default_factory=ServerInfo)
    """What was learnt from the server's answers; nothing, before the first."""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def speak(self, era: str, version: str | None) -> None:
        """What is sent from now on; whether the server understands it is another matter."""
        self.era, self.version = era, version

    def heard(self, info: Mapping[str, Any] | None, *, version: str | None) -> None:
        """The server has answered in the era that is spoken. `version` is None where none is agreed on."""
        if info is None and self.server.era == self.era:
            return
        name, own = (_short((info or {}).get(key)) for key in ("name", "version"))
        self.server = ServerInfo(era=self.era, protocol_version=version, name=name, version=own)


def _short(text: Any) -> str | None:
    return cap(text, _NAME_LENGTH) if isinstance(text, str) else None
