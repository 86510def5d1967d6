"""`catalog`: reads every page of every list of the server, requires names, compares with a contract."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from prober.client.envelope import parameter_headers
from prober.client.jsonrpc import METHOD_NOT_FOUND
from prober.client.session import Session
from prober.contract.change import Change, Severity
from prober.contract.contract import Contract, compare_in_turns, contract_of
from prober.json_values import cap
from prober.kinds.catalog import CatalogSettings
from prober.kinds.context import ProbeContext
from prober.kinds.token_budget import require_light_list
from prober.lint.offer import Offer
from prober.lint.weight import Weight
from prober.outcome import Evidence, Failure, Reason

LISTS: Final = {
    "tools": ("tools", "tools/list", "tools", "name"),
    "prompts": ("prompts", "prompts/list", "prompts", "name"),
    "resources": ("resources", "resources/list", "resources", "uri"),
    "templates": ("resources", "resources/templates/list", "resourceTemplates", "uriTemplate"),
}
"""By section of a contract: the capability that announces it, the method, the result's key, the item's identity."""

_SHOWN: Final = 20
"""The most changes that evidence and warnings show, and the most tools that warnings show."""


async def run(context: ProbeContext, settings: CatalogSettings) -> None:
    async with context.session(explicit=True) as session:
        sections = await read_sections(session, settings.lists)
        found = contract_of(**sections)
        if session.mirrors_arguments:
            await _check_annotations(context, found)
    wanted = {"tools": settings.tools, "prompts": settings.prompts, "resources": settings.resources}
    context.facts.update({section: len(getattr(found, section)) for section in wanted})
    weight = await _weigh(sections.get("tools", ()))
    if "tools" in sections:
        context.facts["tools_bytes"] = weight.bytes
    for section, names in wanted.items():
        _require(section, names, getattr(found, section))
    if settings.contract is not None:
        await _compare(context, settings.contract, found)
    require_light_list(weight, settings.max_tokens)


async def _weigh(listings: Iterable[dict[str, Any]]) -> Weight:
    offer = Offer.of(listings)
    for tool in offer.tools:
        _ = tool.bytes  # counted here, a tool at a time, and remembered
        await asyncio.sleep(0)
    return offer.weight


async def read_contract(session: Session, lists: Iterable[str] | None = None) -> Contract:
    """The contract of the server, in an explicitly negotiated session: of all its lists, or of those in `lists`."""
    return contract_of(**await read_sections(session, lists))


async def read_sections(session: Session, lists: Iterable[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """The lists that the server announces, or those of them that are in `lists`, as it gives them."""
    wanted = LISTS if lists is None else lists
    return {section: items for section in wanted if (items := await read_list(session, section)) is not None}


async def read_list(session: Session, section: str) -> list[dict[str, Any]] | None:
    """All items of one list; None where the server does not announce the list, whose method may then be unknown."""
    capability, method, key, identity = LISTS[section]
    if capability not in session.capabilities:
        return None
    try:
        items = await session.pages(method, key)
    except Failure as failure:
        # no capability announces templates, and many servers without templates do not know the method
        if section != "templates" or failure.evidence.rpc_code != METHOD_NOT_FOUND:
            raise
        return None
    _refuse_duplicates(method, identity, items)
    return items


def _refuse_duplicates(method: str, identity: str, items: Iterable[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for item in items:
        if item[identity] in seen:
            raise Failure(
                Reason.BAD_RESULT,
                f"{method} lists {item[identity][:100]!r} twice",
                step=method,
                evidence=Evidence(seen=item[identity][:100], expected=f"one {identity} each"),
            )
        seen.add(item[identity])


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
