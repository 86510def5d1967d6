"""`log`: an append-only list, read as a whole.

Definition  an append puts its element at the end; a read tells the whole list. Turned-down appends put nothing there.
Operations  append {element}, read {value: the list}.
Source      Elle's list-append for one object (Kingsbury and Alvaro 2020): a read of a list shows its whole past.
Soundness   elements are unique. A list holds each once, and none that nobody appended. Two lists of one append-only
            list begin alike, so the longest read is the order of the appends, and every operation has its position in
            it; real time must agree (`order`). An acknowledged append that no list shows comes after all of them.
Exactness   those conditions are sufficient too: the positions are a linearization. O(n log n + sizes of the lists).
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
    """The verdict on a log's trace."""
    return judged(_violations(trace))


def _violations(trace: Trace) -> Iterator[Violation]:
    appends = {each.element: each for each in trace.operations if each.kind == "append"}
    reads = [each for each in trace.operations if each.kind == "read" and each.ok]
    longest = max(reads, key=lambda each: len(each.value), default=None)
    order = list(longest.value) if longest is not None else []
    doubled = {each.id for each in reads if len(set(each.value)) < len(each.value)}
    for read in reads:
        if read.id in doubled:
            yield _twice(read, appends)
        elif list(read.value) != order[: len(read.value)] and longest is not None and longest.id not in doubled:
            yield _apart(read, longest)
        yield from _strangers(read, appends, known=order if read is not longest else [])
    if doubled:
        return  # positions mean nothing in a list that holds an element twice
    yield from _against_time(appends, reads, order)


def _twice(read: Operation, appends: dict[str | None, Operation]) -> Violation:
    counted: Counter[str] = Counter(read.value)
    again = next(element for element, times in counted.items() if times > 1)
    append = appends.get(again)
    return Violation(
        reason=Reason.DUPLICATE_EFFECT,
        sentence=f"{call(read)} shows {show(again)} twice"
        + (f", which only {call(append)} appended, once" if append else ""),
        witness=(read, *([append] if append else [])),
    )


def _apart(read: Operation, longest: Operation) -> Violation:
    place = next(
        index for index, (one, other) in enumerate(zip(read.value, longest.value, strict=False)) if one != other
    )
    return Violation(
        reason=Reason.ORDER_VIOLATION,
        sentence=f"{call(read)} and {call(longest)} tell different pasts: at place {place} one shows"
        f" {show(read.value[place])}, the other {show(longest.value[place])}",
        witness=(read, longest),
    )


def _strangers(read: Operation, appends: dict[str | None, Operation], *, known: list[str]) -> Iterator[Violation]:
    """Elements that nobody can have appended. `known` are looked at with another read."""
    if read.value == known[: len(read.value)]:
        return
    for element in read.value:
        yield from strange(read, element, appends.get(element), done="appended")


def _against_time(
    appends: dict[str | None, Operation], reads: list[Operation], order: list[str]
) -> Iterator[Violation]:
    shown = {element: index for index, element in enumerate(order)}
    placed: list[Placed] = [(2 * len(read.value), read) for read in reads]
    for element, append in appends.items():
        if append.result is Result.FAIL:
            continue
        if element in shown:
            placed.append((2 * shown[element] + 1, append))
        elif append.ok:
            placed.append((2 * len(order) + 1, append))
    by_time = sorted(reads, key=lambda each: each.invoked)
    for earlier, later in contradictions(placed):
        if earlier.kind == "append" and earlier.element not in shown:
            yield lost(earlier, later, by_time)
        elif later.kind == "append":
            yield Violation(
                reason=Reason.PHANTOM_VALUE
                if earlier.kind == "read" and later.element in earlier.value
                else Reason.ORDER_VIOLATION,
                sentence=f"{call(later)} began after {call(earlier)} had ended, but its element stands before it",
                witness=(earlier, later),
            )
        else:
            same = earlier.kind == "read" and earlier.client == later.client
            what = f"all {len(earlier.value)} elements that" if earlier.kind == "read" else show(earlier.element)
            yield Violation(
                reason=Reason.NON_MONOTONIC_READ if same else Reason.STALE_READ,
                sentence=f"{call(later)} does not show {what}{' ' if earlier.kind == 'read' else ', which '}"
                f"{call(earlier)} had {'shown' if earlier.kind == 'read' else 'put there'} before it began",
                witness=(earlier, later),
            )
