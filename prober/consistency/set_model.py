"""`set`: elements are added and never removed; a read tells all of them, in any order.

Definition  an add puts its element there; a read tells all elements. Turned-down adds put nothing there.
Operations  add {element}, read {value: the elements as a list}.
Source      Jepsen's set-full checker; inclusion of reads as in Gibbons and Korach's snapshots.
Soundness   elements are unique. A read shows none twice and none that nobody added. Of two reads of a set that only
            grows one contains the other, so reads have an order by size; an add stands between the last read that does
            not show it and the first that does, and real time must agree (`order`). An acknowledged add that no read
            shows comes after all of them.
Exactness   those conditions are sufficient too: the positions are a linearization. O(n log n + sizes of the reads).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prober.consistency.elements import lost, strange
from prober.consistency.order import Placed, contradictions
from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation, judged
from prober.consistency.wording import call, show
from prober.outcome import Reason


def judge(trace: Trace) -> Judged:
    """The verdict on a set's trace."""
    return judged(_violations(trace))


def _violations(trace: Trace) -> Iterator[Violation]:
    adds = {each.element: each for each in trace.operations if each.kind == "add"}
    reads = sorted(
        (each for each in trace.operations if each.kind == "read" and each.ok),
        key=lambda each: (len(set(each.value)), each.invoked),
    )
    by_time = sorted(reads, key=lambda each: each.invoked)
    # By element the beginning of the last read that shows it, also of those that have no place in the order.
    last_shown: dict[str, float] = {element: read.invoked for read in by_time for element in read.value}
    first_shown: dict[str, int] = {}
    placed: list[Placed] = []
    shown: set[str] = set()
    before: Operation | None = None
    step = 0
    for read in reads:
        elements = set(read.value)
        if len(elements) < len(read.value):
            yield _twice(read, adds)
        missing = shown - elements
        if missing and before is not None:
            yield from _forked(read, before, sorted(missing), last_shown, adds)
            continue
        fresh = elements - shown
        step += bool(fresh)
        for element in sorted(fresh):
            first_shown[element] = step
            yield from strange(read, element, adds.get(element), done="added")
        shown, before = shown | fresh, read
        placed.append((2 * step, read))
    for element, add in adds.items():
        if add.result is Result.FAIL:
            continue
        if element in first_shown:
            placed.append((2 * first_shown[element] - 1, add))
        elif add.ok and element not in last_shown:
            placed.append((2 * step + 1, add))
    for earlier, later in contradictions(placed):
        if earlier.kind == "add" and earlier.element not in first_shown:
            yield lost(earlier, later, by_time)
        else:
            yield _too_late(earlier, later)


def _twice(read: Operation, adds: dict[str | None, Operation]) -> Violation:
    counted: Counter[str] = Counter(read.value)
    again = next(element for element, times in counted.items() if times > 1)
    add = adds.get(again)
    return Violation(
        reason=Reason.DUPLICATE_EFFECT,
        sentence=f"{call(read)} shows {show(again)} twice" + (f", which {call(add)} added once" if add else ""),
        witness=(read, *([add] if add else [])),
    )


def _forked(
    read: Operation,
    smaller: Operation,
    missing: list[str],
    last_shown: dict[str, float],
    adds: dict[str | None, Operation],
) -> Iterator[Violation]:
    """Two reads of which neither contains the other: an element came and went, or each saw one that the other did not.

    Where a read that began after another had ended misses what that one showed, it was lost, or hidden for a while.
    """
    element = missing[0]
    earlier, later = sorted((read, smaller), key=lambda each: each.invoked)
    gone = sorted(set(earlier.value) - set(later.value))
    if earlier.returned < later.invoked and gone:
        element = gone[0]
        lost = last_shown[element] < later.invoked
        add = adds.get(element)
        yield Violation(
            reason=Reason.LOST_UPDATE if lost else _stale(earlier, later),
            sentence=f"{call(later)} does not show {show(element)}, which {call(earlier)} had shown before it began"
            + (": it was lost again" if lost else ""),
            witness=(earlier, later, *([add] if add else [])),
        )
        return
    yield Violation(
        reason=Reason.ORDER_VIOLATION,
        sentence=f"{call(smaller)} shows {show(element)} and {call(read)} does not, but each shows something that the"
        " other does not: there is no order of adds in which both are right",
        witness=(smaller, read),
    )


def _too_late(earlier: Operation, later: Operation) -> Violation:
    if later.kind == "add" and earlier.kind == "read":
        reason = Reason.PHANTOM_VALUE
        sentence = f"{call(earlier)} shows {show(later.element)} before {call(later)} began to add it"
    elif later.kind == "add":
        reason = Reason.ORDER_VIOLATION
        sentence = f"{call(later)} began after {call(earlier)} had ended, but is shown by a read that does not show"
        sentence += f" {show(earlier.element)}"
    elif earlier.kind == "read":
        reason = _stale(earlier, later)
        sentence = f"{call(later)} shows less than {call(earlier)} had shown before it began"
    else:
        reason = Reason.STALE_READ
        sentence = f"{call(later)} does not show {show(earlier.element)}, which {call(earlier)} had added before it"
        sentence += " began; a later read does"
    return Violation(reason=reason, sentence=sentence, witness=(earlier, later))


def _stale(earlier: Operation, later: Operation) -> Reason:
    same = earlier.kind == "read" and earlier.client == later.client
    return Reason.NON_MONOTONIC_READ if same else Reason.STALE_READ
