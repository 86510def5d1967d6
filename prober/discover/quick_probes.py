"""Makes probes of a server that nobody wrote down: a handshake, the catalogue, and each call that `init` would make.

They are a configuration like any other, but for that they are in memory only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from prober.config.model import Checks, Config, Probe, Protocol, Target
from prober.discover.naming import target_name, tool_names
from prober.discover.survey import FirstLook, first_look, survey
from prober.discover.surveyed import CalledTool, SkippedTool, SkipReason
from prober.kinds.call import CallSettings
from prober.kinds.catalog import CatalogSettings
from prober.kinds.handshake import HandshakeSettings
from prober.kinds.scenario import ScenarioSettings
from prober.kinds.step import Step
from prober.outcome import Failure, ServerInfo

Settings = CallSettings | ScenarioSettings


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
    tried = await _tried(named, look, timeout=timeout)
    found = {name: _settings(tool) for name, tool in tried.items() if isinstance(tool, CalledTool)}
    calls = {tool: CallSettings(tool=tool, arguments=arguments) for tool, arguments in look.calls.items()}
    names = tool_names(look.contract.tools, target=named.name)
    probes = _probes(named, {**calls, **found}, names, timeout=timeout)
    unlisted = next((each.message for each in look.failed_lists if each.section == "tools"), "")
    skipped = tuple(tool for each in look.skipped if isinstance(tool := tried.get(each.name, each), SkippedTool))
    return QuickProbes(target=named, probes=tuple(probes), skipped=skipped, unlisted=unlisted)


async def _tried(target: Target, look: FirstLook, *, timeout: float) -> dict[str, CalledTool | SkippedTool]:
    """What came of the tools whose schema does not write their arguments out.

    `init` guesses them, and finds some in the command or in the answers of other tools. They are called before they are
    probed: that a server refuses a guess is no failure of it.
    """
    if all(each.reason is not SkipReason.MISSING for each in look.skipped):
        return {}
    try:
        surveyed = await survey(target, timeout=timeout, look=look)
    except Failure:
        return {}  # the probes show what is wrong
    return {tool.name: tool for tool in surveyed.tools if tool.name not in look.calls}


def _settings(tool: CalledTool) -> Settings:
    if not tool.borrowed:
        return CallSettings(tool=tool.name, arguments=tool.arguments)
    before = (
        Step(
            name=each.tool,
            tool=each.tool,
            arguments=each.arguments,
            capture=each.capture,
            checks=Checks(source=each.source),
        )
        for each in tool.borrowed
    )
    return ScenarioSettings(steps=(*before, Step(name=tool.name, tool=tool.name, arguments=tool.arguments)))


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
    target: Target, calls: Mapping[str, Settings], names: Mapping[str, str], *, timeout: float
) -> Iterator[Probe]:
    """`names` are those of the tools: a probe has the name that `init` would give it."""

    def probe(name: str, kind: str, settings: object) -> Probe:
        return Probe(name=f"{target.name}-{name}", target=target.name, kind=kind, settings=settings, timeout=timeout)

    yield probe("handshake", "handshake", HandshakeSettings())
    yield probe("catalog", "catalog", CatalogSettings())
    for tool, settings in calls.items():
        kind = "call" if isinstance(settings, CallSettings) else "scenario"
        yield probe(names[tool], kind, settings)
