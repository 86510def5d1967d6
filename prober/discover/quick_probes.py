"""Makes probes of a server that nobody wrote down: a handshake, the catalogue, and each call that `init` would make.

They are a configuration like any other, but for that they are in memory only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from prober.config.model import Config, Probe, Protocol, Target
from prober.discover.naming import target_name, tool_names
from prober.discover.survey import first_look
from prober.discover.surveyed import SkippedTool
from prober.kinds.call import CallSettings
from prober.kinds.catalog import CatalogSettings
from prober.kinds.handshake import HandshakeSettings
from prober.outcome import Failure, ServerInfo


@dataclass(frozen=True, kw_only=True)
class QuickProbes:
    """The probes of one server, and what they leave out."""

    target: Target
    probes: tuple[Probe, ...]
    skipped: tuple[SkippedTool, ...] = ()
    unlisted: str = ""
    """Why the tools could not be listed: then there are no calls."""


async def quick_probes(target: Target, *, name: str | None, timeout: float) -> QuickProbes:
    """List the server and make its probes. `name` is that of the target, else what the server calls itself.

    A server that cannot be listed has a handshake and a catalogue all the same: they show what is wrong with it.
    """
    try:
        look = await first_look(target, timeout=timeout)
    except Failure as failure:
        named = replace(target, name=name or target_name(None))
        return QuickProbes(target=named, probes=tuple(_probes(named, {}, {}, timeout=timeout)), unlisted=_told(failure))
    named = replace(target, name=name or target_name(look.server.name), protocol=_spoken(look.server, target))
    names = tool_names(look.contract.tools, target=named.name)
    probes = _probes(named, look.calls, names, timeout=timeout)
    unlisted = next((each.message for each in look.failed_lists if each.section == "tools"), "")
    return QuickProbes(target=named, probes=tuple(probes), skipped=look.skipped, unlisted=unlisted)


def _told(failure: Failure) -> str:
    return f"{failure.reason} at {failure.step}: {failure.message}"


def config_of(found: Sequence[QuickProbes]) -> Config:
    """The probes of several servers as one configuration. Targets differ in their names; probes are made to."""
    probes: dict[str, Probe] = {}
    for probe in (probe for one in found for probe in one.probes):
        numbered = (f"{probe.name}-{number}" for number in count(2))
        name = next(each for each in chain((probe.name,), numbered) if each not in probes)
        probes[name] = replace(probe, name=name)
    return Config(targets={one.target.name: one.target for one in found}, probes=probes)


def _spoken(server: ServerInfo, target: Target) -> Protocol:
    """The era that was learnt: to learn it again costs seconds where an old server says nothing to a new question."""
    match server.era:
        case "modern" | "handshake" as era:
            return era
        case _:
            return target.protocol


def _probes(
    target: Target, calls: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], *, timeout: float
) -> Iterator[Probe]:
    """`names` are those of the tools: a probe has the name that `init` would give it."""

    def probe(name: str, kind: str, settings: object) -> Probe:
        return Probe(name=f"{target.name}-{name}", target=target.name, kind=kind, settings=settings, timeout=timeout)

    yield probe("handshake", "handshake", HandshakeSettings())
    yield probe("catalog", "catalog", CatalogSettings())
    for tool, arguments in calls.items():
        yield probe(names[tool], "call", CallSettings(tool=tool, arguments=arguments))
