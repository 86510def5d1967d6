"""The facts about a target that its probes share: its protocol era, its tools, its access token.

One probe fetches a fact; the others wait for it (`single_flight.py`).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from prober.assertions.json_schema.schema import Schema, load_server_schema
from prober.client.http.oauth import TokenSource
from prober.client.single_flight import SingleFlight
from prober.client.transports import import_transport
from prober.config.model import Target
from prober.json_values import cap
from prober.json_values.size import size_of
from prober.redaction import Redactor

_MODERATE_NODES: Final = 10_000
_MODERATE_CHARACTERS: Final = 256 * 1024
"""Of the tools that are kept of a target. Servers with a hundred tools have half of that."""
_NAMES_SHOWN: Final = 10
_NAME_SHOWN: Final = 50


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
class ToolList:
    """What is kept of a `tools/list`: all tools, or, where there is too much of it, only those that were asked for."""

    tools: Mapping[str, Tool]
    asked: frozenset[str] | None
    """The names that were asked for; None where all tools are kept."""
    first_names: tuple[str, ...]
    count: int
    worth_keeping: bool
    """Whether it may outlast the run that fetched it: no target may fill the memory of a daemon."""

    @classmethod
    def of(cls, tools: Mapping[str, Tool], asked: Iterable[str]) -> ToolList:
        """The list of all tools by name, cut down to those `asked` for where it is large."""
        names = frozenset(asked)
        first = tuple(cap(name, _NAME_SHOWN) for name in heapq.nsmallest(_NAMES_SHOWN, tools))
        if _is_moderate(tools.values()):
            return cls(tools=tools, asked=None, first_names=first, count=len(tools), worth_keeping=True)
        some = {name: tools[name] for name in names if name in tools}
        moderate = _is_moderate(some.values())
        return cls(tools=some, asked=names, first_names=first, count=len(tools), worth_keeping=moderate)

    @property
    def names(self) -> str:
        """The first names, for people."""
        more = self.count - len(self.first_names)
        return ", ".join(self.first_names) + (f" and {more} more" if more else "") or "no tools"

    def knows(self, name: str) -> bool:
        """Whether a tool that is not in it is not on the server either."""
        return self.asked is None or name in self.asked


def _is_moderate(tools: Collection[Tool]) -> bool:
    """Whether listings take a megabyte or two of memory at most."""
    if len(tools) > _MODERATE_NODES:
        return False
    size = size_of([dict(tool.listing) for tool in tools], most=_MODERATE_NODES)
    return size is not None and size.characters <= _MODERATE_CHARACTERS


@dataclass(frozen=True, kw_only=True)
class TargetCache:
    """The shared facts of one target."""

    era: SingleFlight[str] = field(default_factory=SingleFlight)
    learns_era: bool
    """Whether the era is learnt from the server; else the configuration or the transport fixes it."""
    tools: SingleFlight[ToolList] = field(default_factory=SingleFlight)
    asked_tools: set[str] = field(default_factory=set)
    """The names of the tools that runs have asked for."""
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
