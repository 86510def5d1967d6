"""`lock`: mutual exclusion, with an expiry and with fencing tokens where the server has them.

Definition  an acquire is granted only while nobody holds the lock, and turned down only while somebody may. A grant
            lasts until it is given back or its time (`ttl`) is over; a release gives back what its client holds, if
            anything. Tokens rise from grant to grant, and a write under an older token than the newest is refused.
Operations  acquire {version: the fencing token, if any}, release, write {given: the token it showed}.
Source      Burrows, The Chubby lock service (2006), sequencers; Kleppmann, How to do distributed locking (2016).
Soundness   a grant certainly holds from the return of its acquire to the earlier of the invocation of its release and
            its expiry counted from the invocation of the acquire: that span lies inside the true one, whatever the
            network did. Two such spans that overlap break exclusion. It may hold from the invocation of the acquire to
            the return of its acknowledged release, or else its expiry counted from the return: that span contains the
            true one. An acquire that was turned down while no such span was open was turned down by a lock that
            nobody held. An acquire of unknown outcome may hold for ever after. Clocks may differ by one per cent.
Exactness   exact where grants do not expire within the trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Final

from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation, judged
from prober.consistency.wording import call
from prober.outcome import Reason

_CLOCKS: Final = 0.01
"""Share by which the server's clock may be faster or slower than ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Grant:
    acquire: Operation
    release: Operation | None
    """The first release of the same client after it that was not turned down."""
    sure_until: float
    possible_until: float


def judge(trace: Trace) -> Judged:
    """The verdict on a lock's trace."""
    grants = _grants(trace)
    found = [*_exclusion(grants), *_tokens(grants), *_fencing(trace, grants), *_stuck(trace, grants)]
    return judged(found)


def _grants(trace: Trace) -> list[_Grant]:
    """Grants in the order in which they became certain; those of unknown outcome as well."""
    ttl = inf if trace.ttl is None else trace.ttl
    open_grants: dict[int, Operation] = {}
    released: dict[int, Operation] = {}
    acquires = []
    for operation in trace.operations:
        if operation.kind == "acquire" and operation.result is not Result.FAIL:
            open_grants[operation.client] = operation
            acquires.append(operation)
        elif operation.kind == "release" and operation.result is not Result.FAIL:
            acquire = open_grants.get(operation.client)
            if acquire is not None:
                # The first one counts, whether or not its outcome is known: from then on nobody is sure of the grant.
                released.setdefault(acquire.id, operation)
    return sorted((_grant(each, released.get(each.id), ttl) for each in acquires), key=lambda each: each.acquire.ended)


def _grant(acquire: Operation, release: Operation | None, ttl: float) -> _Grant:
    sure = acquire.invoked + ttl * (1 - _CLOCKS)
    possible = acquire.ended + ttl * (1 + _CLOCKS)
    if release is not None:
        sure = min(sure, release.invoked)
        if release.ok and acquire.ok:
            possible = min(possible, release.returned)
    return _Grant(acquire=acquire, release=release, sure_until=sure, possible_until=possible)


def _exclusion(grants: list[_Grant]) -> Iterator[Violation]:
    """Certain spans that overlap: by their beginnings, each against the one that lasts longest so far."""
    longest: _Grant | None = None
    for grant in grants:
        begin = grant.acquire.returned
        if not grant.acquire.ok or grant.sure_until <= begin:
            continue
        if longest is not None and longest.sure_until > begin:
            until = min(longest.sure_until, grant.sure_until)
            both = f"both held the lock for {(until - begin) * 1000:.1f} ms" if until < inf else "both hold the lock"
            yield Violation(
                reason=Reason.EXCLUSION_BROKEN,
                sentence=f"{call(grant.acquire)} was granted while {call(longest.acquire)} was still held: {both}",
                witness=(longest.acquire, grant.acquire, *([longest.release] if longest.release else [])),
            )
        if longest is None or grant.sure_until > longest.sure_until:
            longest = grant


def _tokens(grants: list[_Grant]) -> Iterator[Violation]:
    """Tokens of grants that do not overlap rise; no two grants have the same."""
    told = [each.acquire for each in grants if each.acquire.ok and each.acquire.version is not None]
    by_token: dict[int, Operation] = {}
    for acquire in told:
        assert acquire.version is not None
        if (twin := by_token.setdefault(acquire.version, acquire)) is not acquire:
            yield Violation(
                reason=Reason.EXCLUSION_BROKEN,
                sentence=f"{call(twin)} and {call(acquire)} were granted under the same fencing token"
                f" {acquire.version}: no write can be told from the other's",
                witness=(twin, acquire),
            )
    before: _Grant | None = None
    for grant in sorted((each for each in grants if each.acquire.ok), key=lambda each: each.acquire.version or 0):
        acquire = grant.acquire
        if acquire.version is None:
            continue
        if before is not None and before.acquire.version != acquire.version and _only_out_of_order(before, grant):
            yield Violation(
                reason=Reason.ORDER_VIOLATION,
                sentence=f"{call(before.acquire)} has the older fencing token, {before.acquire.version}, but was still"
                f" to be held when {call(acquire)} had been granted token {acquire.version}",
                witness=(before.acquire, acquire),
            )
        if before is None or _end(grant) > _end(before):
            before = grant


def _only_out_of_order(before: _Grant, grant: _Grant) -> bool:
    """Whether a grant cannot have ended before the one with the next token, though they were not held at once."""
    at_once = before.sure_until > grant.acquire.returned and grant.sure_until > before.acquire.returned
    return _end(before) > grant.acquire.returned and not at_once


def _end(grant: _Grant) -> float:
    """The earliest moment at which the grant can have ended."""
    return max(grant.sure_until, grant.acquire.invoked)


def _fencing(trace: Trace, grants: list[_Grant]) -> Iterator[Violation]:
    told = [each.acquire for each in grants if each.acquire.ok and each.acquire.version is not None]
    newest: Operation | None = None
    index = 0
    for write in trace.operations:
        if write.kind != "write" or not write.ok or write.given is None:
            continue
        while index < len(told) and told[index].returned < write.invoked:
            if newest is None or (told[index].version or 0) > (newest.version or 0):
                newest = told[index]
            index += 1
        if newest is not None and newest.version is not None and newest.version > write.given:
            yield Violation(
                reason=Reason.EXCLUSION_BROKEN,
                sentence=f"{call(write)} under fencing token {write.given} was accepted, although {call(newest)} had"
                f" been granted {newest.version} before it began",
                witness=(newest, write),
            )


def _stuck(trace: Trace, grants: list[_Grant]) -> Iterator[Violation]:
    """Turned-down acquires during which no grant can have been held: each against the span that lasts longest."""
    spans = sorted(grants, key=lambda each: each.acquire.invoked)
    until, index = -inf, 0
    latest: _Grant | None = None
    turned_down = [each for each in trace.operations if each.kind == "acquire" and each.result is Result.FAIL]
    for acquire in sorted(turned_down, key=lambda each: each.returned):
        while index < len(spans) and spans[index].acquire.invoked <= acquire.returned:
            if spans[index].possible_until > until:
                until, latest = spans[index].possible_until, spans[index]
            index += 1
        if until >= acquire.invoked:
            continue
        witness = [acquire]
        since = "nobody has held it yet"
        if latest is not None:
            end = latest.release or latest.acquire
            witness = [latest.acquire, *([latest.release] if latest.release else []), acquire]
            given_back = "had given it back" if latest.release else "had let it expire"
            since = f"{call(end)} {given_back} before it began, and nobody took it since"
        yield Violation(
            reason=Reason.LOCK_STUCK,
            sentence=f"{call(acquire)} was turned down although the lock was free: {since}",
            witness=tuple(witness),
        )
