"""What is learnt of a target once and shared by its probes: the era it speaks, its tools, its access token.

One asks, the others wait for that answer and share it, see `shared.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from prober.config.model import Target
from prober.judge.schema import Schema, load_server_schema
from prober.redaction import Redactor
from prober.target.auth import TokenSource
from prober.target.shared import Shared
from prober.target.wires import make_ready


class Tool:
    """A tool as `tools/list` gives it; its output schema is compiled once for all probes that want it."""

    def __init__(self, listing: Mapping[str, Any]):
        self.listing = listing

    @cached_property
    def output_schema(self) -> Schema | None:
        """Raises SchemaProblem where the server declares what is no schema."""
        document = self.listing.get("outputSchema")
        return load_server_schema(document) if document is not None else None

    @property
    def input_schema(self) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self.listing.get("inputSchema") or {}
        return schema


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """All that the probes of one target share."""

    era: Shared[str] = field(default_factory=Shared)
    learns_era: bool
    """Whether it is learnt from the server, rather than told by the configuration or the transport."""
    tools: Shared[Mapping[str, Tool]] = field(default_factory=Shared)
    tokens: TokenSource | None = None
    redact: Redactor


def knowledge_of(target: Target) -> Knowledge:
    """A blank slate for `target`, which knows only what its configuration says. From now on it can be reached."""
    make_ready(target.transport)
    knowledge = Knowledge(
        learns_era=target.protocol == "auto" and target.transport != "sse",
        tokens=TokenSource(target.auth) if target.auth else None,
        redact=Redactor(secret.reveal() for secret in target.secrets),
    )
    if target.protocol != "auto":
        knowledge.era.value = target.protocol
    elif target.transport == "sse":
        knowledge.era.value = "handshake"  # the transport was gone before the modern era began
    return knowledge
