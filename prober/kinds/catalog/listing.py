"""Reads the lists of a server, each with what it says about being cached."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from prober.client.jsonrpc import METHOD_NOT_FOUND
from prober.client.session import Session
from prober.json_values import cap, render
from prober.outcome import Evidence, Failure, Reason

LISTS: Final = {
    "tools": ("tools", "tools/list", "tools", "name"),
    "prompts": ("prompts", "prompts/list", "prompts", "name"),
    "resources": ("resources", "resources/list", "resources", "uri"),
    "templates": ("resources", "resources/templates/list", "resourceTemplates", "uriTemplate"),
}
"""By section of a contract: the capability that announces it, the method, the result's key, the item's identity."""

_LONGEST_TTL: Final = 2**53
"""Milliseconds that a list counts as fresh at most: a server may write a number that no float can hold."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list, every page of it."""

    section: str
    items: list[dict[str, Any]]
    scope: str | None = None
    """`cacheScope` of all its pages; None where they have none, as in the handshake era."""
    fresh_until: float = 0.0
    """When the first of its pages may be stale by its `ttlMs`, by the monotonic clock."""

    @cached_property
    def by_identity(self) -> dict[str, dict[str, Any]]:
        identity = LISTS[self.section][3]
        return {item[identity]: item for item in self.items}


def promises_changes(session: Session, section: str) -> bool:
    """Whether the server says that it announces changes of the list."""
    capability = session.capabilities.get(LISTS[section][0])
    return isinstance(capability, dict) and capability.get("listChanged") is True


async def read_lists(session: Session, lists: Iterable[str] | None = None) -> dict[str, Listing]:
    """All lists that the server announces, or those in `lists`."""
    wanted = LISTS if lists is None else lists
    return {section: listing for section in wanted if (listing := await read_listing(session, section)) is not None}


async def read_list(session: Session, section: str) -> list[dict[str, Any]] | None:
    """All items of one list; None where the server does not announce the list, whose method may then be unknown."""
    listing = await read_listing(session, section)
    return None if listing is None else listing.items


async def read_listing(session: Session, section: str) -> Listing | None:
    """One list; None as above."""
    capability, method, key, identity = LISTS[section]
    if capability not in session.capabilities:
        return None
    began = time.monotonic()
    try:
        pages = await session.results(method, key)
    except Failure as failure:
        # no capability announces templates, and many servers without templates do not know the method
        if section != "templates" or failure.evidence.rpc_code != METHOD_NOT_FOUND:
            raise
        return None
    items = [item for page in pages for item in page[key]]
    _refuse_duplicates(method, identity, items)
    # counted from before the first request: whatever the network took, it is not the server's promise
    fresh = began + min((_ttl(page) for page in pages), default=0) / 1000
    return Listing(section=section, items=items, scope=_scope(method, pages), fresh_until=fresh)


def _ttl(page: Mapping[str, Any]) -> float:
    ttl: Any = page.get("ttlMs")
    is_long = isinstance(ttl, int | float) and not isinstance(ttl, bool) and ttl > 0
    return float(min(ttl, _LONGEST_TTL)) if is_long else 0.0


def _scope(method: str, pages: Iterable[Mapping[str, Any]]) -> str | None:
    """The one scope of all pages (2026-07-28, Caching, "Interaction with Pagination")."""
    scopes = [page.get("cacheScope") for page in pages]
    differing = next((number for number, scope in enumerate(scopes) if scope != scopes[0]), None)
    if differing is not None:
        raise Failure(
            Reason.BAD_RESULT,
            f"{method} has pages of different cacheScope: {render(scopes[0])} on the first, {render(scopes[differing])}"
            f" on number {differing + 1}",
            step=method,
            evidence=Evidence(pointer="/cacheScope", seen=render(scopes[differing]), expected=render(scopes[0])),
        )
    return scopes[0] if isinstance(scopes[0], str) else None


def _refuse_duplicates(method: str, identity: str, items: Iterable[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for item in items:
        if item[identity] in seen:
            raise Failure(
                Reason.BAD_RESULT,
                f"{method} lists {cap(item[identity], 100)!r} twice",
                step=method,
                evidence=Evidence(seen=cap(item[identity], 100), expected=f"one {identity} each"),
            )
        seen.add(item[identity])
