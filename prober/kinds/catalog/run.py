"""`catalog`: reads every page of every list of the server, requires names, compares with a contract."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from prober.client.envelope import parameter_headers
from prober.client.session import Session
from prober.contract.change import Change, Severity
from prober.contract.contract import Contract, compare_in_turns, contract_of
from prober.json_values import cap
from prober.kinds.catalog import CatalogSettings
from prober.kinds.catalog.honesty import compare_again, compare_as
from prober.kinds.catalog.listing import LISTS, Listing, read_lists
from prober.kinds.context import ProbeContext
from prober.kinds.token_budget import require_light_list
from prober.lint.offer import ListedTool, Offer
from prober.lint.weight import Weight
from prober.outcome import Evidence, Failure, Reason

_SHOWN: Final = 20
"""The most changes that evidence and warnings show, and the most tools that warnings show."""
_AT_ONCE: Final = 1_000
"""Items of a list that one step goes through: a list may have a hundred thousand."""
_LARGE: Final = 20_000
"""Bytes of a tool after which others have a turn at once."""


async def run(context: ProbeContext, settings: CatalogSettings) -> None:
    wanted = {"tools": settings.tools, "prompts": settings.prompts, "resources": settings.resources}
    async with context.session(explicit=True) as session:
        lists = await read_lists(session, settings.lists)
        found = await _contract(lists)
        context.facts.update({section: len(getattr(found, section)) for section in wanted})
        if session.mirrors_arguments:
            await _check_annotations(context, found)
        if settings.again is not None:
            await compare_again(context, session, lists, fails=settings.again == "fail")
        if settings.as_ is not None:
            await compare_as(context, session, lists, settings.as_)
    weight = await _weigh(lists["tools"].items if "tools" in lists else ())
    if "tools" in lists:
        context.facts["tools_bytes"] = weight.bytes
    for section, names in wanted.items():
        _require(section, names, getattr(found, section))
    if settings.contract is not None:
        await _compare(context, settings.contract, found)
    require_light_list(weight, settings.max_tokens)


async def _weigh(listings: Iterable[dict[str, Any]]) -> Weight:
    tools: list[ListedTool] = []
    for number, listing in enumerate(listings):
        tools += Offer.of([listing]).tools
        if tools[-1].bytes > _LARGE or number % 100 == 0:  # counted here, and remembered
            await asyncio.sleep(0)
    return Offer(tools=tuple(tools)).weight


async def read_contract(session: Session, lists: Iterable[str] | None = None) -> Contract:
    """The contract of the server, in an explicitly negotiated session: of all its lists, or of those in `lists`."""
    return await _contract(await read_lists(session, lists))


async def _contract(lists: Mapping[str, Listing]) -> Contract:
    """The contract of lists in which each name stands once, while other tasks have their turns."""
    sections: dict[str, dict[str, Any]] = {}
    for section, listing in lists.items():
        found = sections.setdefault(section, {})
        for start in range(0, len(listing.items), _AT_ONCE):
            part = contract_of(**{section: listing.items[start : start + _AT_ONCE]})
            found |= getattr(part, section)
            await asyncio.sleep(0)
    return Contract(**sections)


def _require(section: str, wanted: Iterable[str], found: Iterable[str]) -> None:
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise Failure(
            Reason.TOOL_MISSING if section == "tools" else Reason.EXPECTATION_FAILED,
            f"{section} that must be there are missing: {', '.join(missing)}",
            step=f"{section}/list",
            evidence=Evidence(expected=", ".join(missing), seen=", ".join(sorted(found)[:_SHOWN]) or "none"),
        )


async def _check_annotations(context: ProbeContext, found: Contract) -> None:
    """Warn of tools that clients must drop from the list because their `x-mcp-header` is invalid."""
    dropped: list[str] = []
    for name, tool in found.tools.items():
        try:
            parameter_headers(tool["inputSchema"], {})
        except ValueError as problem:
            dropped.append(f"clients must drop the tool {cap(name, 50)!r}, its x-mcp-header is invalid: {problem}")
        await asyncio.sleep(0)  # a schema takes a few milliseconds at most, and there may be many
    context.warnings += dropped[:_SHOWN]
    if len(dropped) > _SHOWN:
        context.warnings.append(f"clients must drop {len(dropped) - _SHOWN} more tools for the same reason")


async def _compare(context: ProbeContext, pinned: Contract, found: Contract) -> None:
    changes = await compare_in_turns(pinned, found)
    for severity in Severity:
        context.facts[f"contract_changes_{severity}"] = sum(change.severity is severity for change in changes)
    breaking = [change for change in changes if change.severity is Severity.BREAKING]
    milder = [change for change in changes if change.severity is not Severity.BREAKING]
    context.warnings += [f"contract, {change.severity}: {change.where}: {change.message}" for change in milder[:_SHOWN]]
    if breaking:
        first, *rest = breaking[:_SHOWN]
        raise Failure(
            Reason.CONTRACT_BROKEN,
            f"{len(breaking)} breaking change{'s' if len(breaking) > 1 else ''} of the contract,"
            f" first: {first.where}: {first.message}",
            step=LISTS[first.where.partition("/")[0]][1],
            evidence=_evidence(first),
            further=tuple(_evidence(change) for change in rest),
        )


def _evidence(change: Change) -> Evidence:
    return Evidence(pointer="/" + change.where, keyword=change.severity, detail=change.message)
