"""The facts about a target that its probes share: its protocol era, its tools, its access token.

One probe fetches a fact; the others wait for it (`single_flight.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from prober.assertions.json_schema.schema import Schema, load_server_schema
from prober.client.http.oauth import TokenSource
from prober.client.single_flight import SingleFlight
from prober.client.transports import import_transport
from prober.config.model import Target
from prober.redaction import Redactor


class Tool:
    """A tool of `tools/list`. Its output schema is compiled once for all probes."""

    def __init__(self, listing: Mapping[str, Any]):
        self.listing = listing

    @cached_property
    def output_schema(self) -> Schema | None:
        """Raises SchemaError where the declared schema is invalid."""
        document = self.listing.get("outputSchema")
        return load_server_schema(document) if document is not None else None

    @property
    def input_schema(self) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self.listing.get("inputSchema") or {}
        return schema


@dataclass(frozen=True, kw_only=True)
class TargetCache:
    """The shared facts of one target."""

    era: SingleFlight[str] = field(default_factory=SingleFlight)
    learns_era: bool
    """Whether the era is learnt from the server; else the configuration or the transport fixes it."""
    tools: SingleFlight[Mapping[str, Tool]] = field(default_factory=SingleFlight)
    tokens: TokenSource | None = None
    redact: Redactor


def cache_of(target: Target) -> TargetCache:
    """A new cache, with the facts that the configuration gives; imports the transport of the target."""
    import_transport(target.transport)
    target_cache = TargetCache(
        learns_era=target.protocol == "auto" and target.transport != "sse",
        tokens=TokenSource(target.auth) if target.auth else None,
        redact=Redactor(secret.reveal() for secret in target.secrets),
    )
    if target.protocol != "auto":
        target_cache.era.value = target.protocol
    elif target.transport == "sse":
        target_cache.era.value = "handshake"  # the modern era has no HTTP+SSE
    return target_cache
