"""`record`: several fields that are written together, and read together.

Definition  a write puts its element into every field at once; a read tells all fields as one write left them, the
            latest in the order of effects. Turned-down writes change nothing.
Operations  write {element}, read {value: the fields, in one order}.
Source      torn reads: one answer is evidence enough. Then Gibbons and Korach, Testing Shared Memories (1997): where
            every read names its write, the zones of writes tell in O(n log n) whether there is a right order.
Soundness   the fields of one read are the element of one write, or what the record held before the first. A write and
            the reads that show it stand together in any order of effects. If one of them ended before another began,
            the value was certainly there from the one to the other, its zone: two such zones cannot overlap, and no
            other write can have come and gone, reads and all, within one.
Exactness   those conditions are sufficient too, by the paper's theorem 4.2. What the record held at first is known only
            where a read ended before the first write began.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation, judged
from prober.consistency.wording import call, show
from prober.json_values import Json
from prober.outcome import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cluster:
    """A write and the reads that show it; the one of what was there at first has no write."""

    write: Operation | None
    reads: tuple[Operation, ...]
    ended: float
    """When the first of them had ended; -inf for what was there at first."""
    began: float
    """When the last of them began."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        return (*([self.write] if self.write is not None else []), *self.reads)

    @property
    def first(self) -> Operation:
        """The one that ended first."""
        return min(self.operations, key=lambda each: each.ended)

    @property
    def last(self) -> Operation:
        """The one that began last."""
        return max(self.operations, key=lambda each: each.invoked)


def judge(trace: Trace) -> Judged:
    """The verdict on a record's trace."""
    return judged(_violations(trace))


def _violations(trace: Trace) -> Iterator[Violation]:
    writes = {each.element: each for each in trace.operations if each.kind == "write"}
    reads = [each for each in trace.operations if each.kind == "read" and each.ok]
    first_write = min((each.invoked for each in writes.values() if each.result is not Result.FAIL), default=inf)
    untouched = next((list(each.value) for each in reads if each.returned < first_write), None)
    showing: dict[str | None, list[Operation]] = {}
    for read in reads:
        fields = list(read.value)
        if untouched is None and not any(_is_element(each, writes) for each in fields):
            untouched = fields  # nobody wrote this, so it can only have been there at first
        if fields == untouched:
            showing.setdefault(None, []).append(read)
        elif any(show(each) != show(fields[0]) for each in fields):
            yield _torn(read, [writes[each] for each in fields if _is_element(each, writes)])
        elif not _is_element(fields[0], writes):
            yield _phantom(read, f"{show(fields)}, which nobody wrote")
        elif (write := writes[fields[0]]).result is Result.FAIL or write.invoked > read.returned:
            why = "was turned down" if write.result is Result.FAIL else "had not begun"
            yield _phantom(read, f"{show(write.element)}, although {call(write)} {why}", write)
        else:
            showing.setdefault(write.element, []).append(read)
    clusters = [
        _cluster(write, showing.get(element, []))
        for element, write in writes.items()
        if write.ok or (write.result is Result.UNKNOWN and element in showing)
    ]
    if None in showing:
        clusters.append(_cluster(None, showing[None]))
    yield from _zones(clusters)


def _is_element(value: Json, writes: dict[str | None, Operation]) -> bool:
    return isinstance(value, str) and value in writes


def _cluster(write: Operation | None, reads: list[Operation]) -> _Cluster:
    operations = [*([write] if write is not None else []), *reads]
    return _Cluster(
        write=write,
        reads=tuple(reads),
        ended=-inf if write is None else min(each.ended for each in operations),
        began=max(each.invoked for each in operations),
    )


def _zones(clusters: list[_Cluster]) -> Iterator[Violation]:
    """Zones where a value certainly was there must not overlap, and no other write fits into one."""
    certain = sorted((each for each in clusters if each.ended < each.began), key=lambda each: each.ended)
    widest: _Cluster | None = None
    reach: list[_Cluster] = []
    for cluster in certain:
        if widest is not None and cluster.ended < widest.began:
            yield _turns(widest, cluster)
        if widest is None or cluster.began > widest.began:
            widest = cluster
        reach.append(widest)
    begins = [each.ended for each in certain]
    for cluster in clusters:
        if cluster.ended < cluster.began:
            continue
        # All of its operations are open at once, from `began` to `ended`.
        index = bisect_right(begins, cluster.began) - 1
        while index >= 0 and begins[index] == cluster.began:
            index -= 1
        if index >= 0 and reach[index].began > cluster.ended:
            yield _turns(reach[index], cluster)


def _torn(read: Operation, known: list[Operation]) -> Violation:
    parts = list({each.id: each for each in known}.values())[:2]
    whose = " and ".join(call(each) for each in parts)
    return Violation(
        reason=Reason.TORN_READ,
        sentence=f"{call(read)} shows fields that no write put there together: {show(list(read.value))}"
        + (f", parts of {whose}" if whose else ""),
        witness=(read, *parts),
    )


def _phantom(read: Operation, what: str, *more: Operation) -> Violation:
    return Violation(reason=Reason.PHANTOM_VALUE, sentence=f"{call(read)} shows {what}", witness=(read, *more))


def _turns(around: _Cluster, between: _Cluster) -> Violation:
    """A value that was there, then another, then the first again."""
    again = around.last
    other = between.write or between.first
    known = around.first if around.write is not None and around.first is not again else None
    shown = "what was there at first" if around.write is None else show(around.write.element)
    had = "" if known is None else f", which {call(known)} had {_did(known)} already"
    lost = between.write is not None and between.write.ok and not between.reads
    if lost:
        reason = Reason.LOST_UPDATE
        end = f"although {call(other)} was acknowledged in between; no read ever shows what it wrote"
    else:
        seen = between.last
        same = seen.kind == "read" and seen.client == again.client and seen.returned < again.invoked
        reason = Reason.NON_MONOTONIC_READ if same else Reason.STALE_READ
        end = f"although {call(seen)} had {_did(seen)} something else in between"
    return Violation(
        reason=reason,
        sentence=f"{call(again)} {'shows' if again.kind == 'read' else 'wrote'} {shown}{had}, {end}",
        witness=(*([known] if known is not None else []), other, again),
    )


def _did(operation: Operation) -> str:
    return "written" if operation.kind == "write" else "shown"
