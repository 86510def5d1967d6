"""Whether lists are what they say of themselves: the same when they are read again, and public where they say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from prober.client.session import Session
from prober.client.target_cache import cache_of
from prober.config.model import Target
from prober.json_values import cap
from prober.kinds.catalog.listing import LISTS, Listing, promises_changes, read_listing
from prober.kinds.context import ProbeContext
from prober.outcome import Evidence, Failure, Reason

_PUBLIC: Final = "public"
_NAMES: Final = 5


async def compare_again(context: ProbeContext, session: Session, lists: Mapping[str, Listing], *, fails: bool) -> None:
    """Reads each list again. A difference is a warning, for no rule forbids it; it `fails` where the operator says so.

    2026-07-28, Tools, "Capabilities": servers should return tools in one order. Prompts that begin with the tools are
    cached by their bytes, and so one moved tool costs every agent its cache.
    """
    for section, first in lists.items():
        again = await read_listing(session, section)
        second = Listing(section=section, items=[]) if again is None else again
        announced = promises_changes(session, section)
        told = list(_differences(first, second, fresh=_began(context) < first.fresh_until, announced=announced))
        if told and fails:
            raise Failure(
                Reason.EXPECTATION_FAILED,
                told[0],
                step=LISTS[section][1],
                evidence=Evidence(keyword="again", expected="the same list twice", seen=told[0]),
                further=tuple(Evidence(keyword="again", detail=each) for each in told[1:]),
            )
        context.warnings += told


def _began(context: ProbeContext) -> float:
    """When the last answer was asked for."""
    return context.log.finished[-1].started_at


def _differences(first: Listing, second: Listing, *, fresh: bool, announced: bool) -> Iterator[str]:
    method = LISTS[first.section][1]
    before, after = first.by_identity, second.by_identity
    if list(before) != list(after) and before.keys() == after.keys():
        yield f"{method} has another order when it is read again: caches of prompts are missed"
    changed = [name for name in before if name in after and before[name] != after[name]]
    if changed:
        yield f"{method} says something else of {_some(changed)} when it is read again"
    moved = sorted(before.keys() ^ after.keys())
    if not moved:
        if changed and fresh:
            yield f"{method} changed before its ttlMs was over: clients that go by it keep the old list"
        return
    yield f"{method} lists other names when it is read again: {_some(moved)}"
    if fresh:
        yield f"{method} changed before its ttlMs was over: clients that go by it keep the old list"
    if not announced:
        yield f"{method} changes, and the server does not announce `listChanged`: clients are not told"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(cap(name, 50) for name in names[:_NAMES]) + more


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """One list, as two credentials see it."""

    mine: Listing
    yours: Listing
    steady: bool
    """Whether each sees the same when it asks again."""


async def compare_as(
    context: ProbeContext, session: Session, lists: Mapping[str, Listing], credentials: Target
) -> None:
    """Reads the lists with other `credentials`. Two public lists that differ are a leak: a shared cache mixes them up.

    A list that differs is read once more with both, for it may have changed for everybody.
    """
    if context.target.transport == "stdio":
        raise Failure(Reason.NOT_RUN, "`as` is for servers that are reached by HTTP: a process has no credentials")
    if all(listing.scope is None for listing in lists.values()):
        context.warnings.append("the server says nothing of caches in this era: what `as` is given for shows nothing")
        return
    for pair in await _differing(context, session, lists, credentials):
        _tell(context, pair)


async def _differing(
    context: ProbeContext, session: Session, lists: Mapping[str, Listing], credentials: Target
) -> list[_Pair]:
    """Lists that differ by who asks and are public for somebody, each read twice by both."""
    for secret in credentials.secrets:
        context.log.redact.add(secret.reveal())
    other = replace(context.target, headers=credentials.headers, auth=credentials.auth)
    cache = replace(cache_of(other), redact=context.target_cache.redact)
    cache.era.value = session.server.era
    pairs = []
    try:
        async with replace(context, target=other, target_cache=cache, kept=None).session(explicit=True) as theirs:
            for section, mine in lists.items():
                yours = await read_listing(theirs, section)
                if yours is None:
                    context.warnings.append(f"{LISTS[section][1]} is not announced to the credentials of `as`")
                elif mine.by_identity != yours.by_identity and _PUBLIC in (mine.scope, yours.scope):
                    again = await read_listing(theirs, section)
                    pairs.append(_Pair(mine=mine, yours=yours, steady=_same(again, yours)))
    except Failure as failure:
        failure.message = f"with the credentials of `as`: {failure.message}"
        raise
    return [
        replace(each, steady=each.steady and _same(await read_listing(session, each.mine.section), each.mine))
        for each in pairs
    ]


def _same(again: Listing | None, before: Listing) -> bool:
    return again is not None and again.by_identity == before.by_identity


def _tell(context: ProbeContext, pair: _Pair) -> None:
    mine, yours = pair.mine, pair.yours
    method = LISTS[mine.section][1]
    differing = sorted(mine.by_identity.keys() ^ yours.by_identity.keys()) or [
        name for name, item in mine.by_identity.items() if item != yours.by_identity[name]
    ]
    told = f"{method} differs by who asks ({_some(differing)})"
    if not pair.steady:
        context.warnings.append(f"{told}, or has just changed: whether its cacheScope is right cannot be said")
    elif mine.scope != yours.scope:
        context.warnings.append(f"{told}, and is {mine.scope} for one and {yours.scope} for the other")
    else:
        raise Failure(
            Reason.CACHE_LEAK,
            f"{told}, and says cacheScope: public to both",
            step=method,
            evidence=Evidence(
                pointer="/cacheScope",
                keyword="as",
                expected="private",
                seen=_PUBLIC,
                detail=f"{len(mine.items)} with the target's credentials, {len(yours.items)} with those of `as`",
            ),
        )
