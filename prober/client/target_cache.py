"""What is learnt of a target once and shared by its probes: the era it speaks, its tools, its access token.

One asks, the others wait for that answer and share it, see `shared.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from prober.assertions.schema import Schema, load_server_schema
from prober.client.oauth import TokenSource
from prober.client.single_flight import SingleFlight
from prober.client.transports import make_ready
from prober.config.model import Target
from prober.redaction import Redactor


class Tool:
    """A tool as `tools/list` gives it; its output schema is compiled once for all probes that want it."""

    def __init__(self, listing: Mapping[str, Any]):
        self.listing = listing

    @cached_property
    def output_schema(self) -> Schema | None:
        """Raises SchemaError where the server declares what is no schema."""
        document = self.listing.get("outputSchema")
        return load_server_schema(document) if document is not None else None

    @property
    def input_schema(self) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self.listing.get("inputSchema") or {}
        return schema


@dataclass(frozen=True, kw_only=True)
class TargetCache:
    """All that the probes of one target share."""

    era: SingleFlight[str] = field(default_factory=SingleFlight)
    learns_era: bool
    """Whether it is learnt from the server, rather than told by the configuration or the transport."""
    tools: SingleFlight[Mapping[str, Tool]] = field(default_factory=SingleFlight)
    tokens: TokenSource | None = None
    redact: Redactor


def cache_of(target: Target) -> TargetCache:
    """A blank slate for `target`, which knows only what its configuration says. From now on it can be reached."""
    make_ready(target.transport)
    target_cache = TargetCache(
        learns_era=target.protocol == "auto" and target.transport != "sse",
        tokens=TokenSource(target.auth) if target.auth else None,
        redact=Redactor(secret.reveal() for secret in target.secrets),
    )
    if target.protocol != "auto":
        target_cache.era.value = target.protocol
    elif target.transport == "sse":
        target_cache.era.value = "handshake"  # the transport was gone before the modern era began
    return target_cache
