"""`queue`: elements are put in at the end and taken out at the front, each once.

Definition  an enqueue puts its element at the end; a dequeue takes the first element out and tells it, or tells that
            there is none. What was turned down does nothing.
Operations  enqueue {element}, dequeue {value: the element, or null where the queue was empty}.
Source      the four bad patterns of Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs" (2013):
            a history of a queue is linearizable if and only if no element comes out that was not put in (VFresh), none
            comes out twice (VRepeat), none overtakes one that was put in before (VOrd), and no dequeue tells of an
            empty queue while something must have been in it all the time (VWit).
Soundness   elements are unique. An element is in the queue for certain from the end of its enqueue until the beginning
            of the dequeue that told it. A dequeue whose outcome is unknown may have taken one of those that no other
            dequeue told: they count as taken from the beginning of the first such dequeue on, unless there are more of
            them than of such dequeues.
Exactness   but for dequeues of unknown outcome, of which not all is used. O(n log n).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final

from prober.consistency.elements import strange
from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation, judged
from prober.consistency.wording import call, show
from prober.outcome import Reason

_PROOF: Final = 3
"""Elements whose calls a witness holds at most, where it takes several."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stay:
    """How long an element was in the queue for certain: after `since` and before `until`."""

    enqueue: Operation
    dequeue: Operation | None
    since: float
    until: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Untold:
    """What no dequeue told, in the order in which it was put in, and the times at which others may have taken some."""

    stays: Sequence[_Stay]
    since: Sequence[float]
    """Of the stays."""
    takers: Sequence[float]

    def left(self, *, put_in_before: float, at: float) -> Sequence[_Stay]:
        """Some of which at least one is in the queue at that time; none where that is not certain."""
        count = bisect_left(self.since, put_in_before)
        taken = bisect_right(self.takers, at)
        return self.stays[: taken + 1] if count > taken else ()


def judge(trace: Trace) -> Judged:
    """The verdict on a queue's trace."""
    return judged(_violations(trace))


def _violations(trace: Trace) -> Iterator[Violation]:
    enqueues = {each.element: each for each in trace.operations if each.kind == "enqueue"}
    dequeues = [each for each in trace.operations if each.kind == "dequeue" and each.ok]
    taken: dict[str, Operation] = {}
    for dequeue in dequeues:
        if dequeue.value is None:
            continue
        if (first := taken.setdefault(dequeue.value, dequeue)) is not dequeue:
            yield _twice(first, dequeue, enqueues)
        yield from strange(dequeue, dequeue.value, enqueues.get(dequeue.value), done="put in", told="was given")
        yield from _too_early(dequeue, enqueues.get(dequeue.value))
    takers = [each.invoked for each in trace.operations if each.kind == "dequeue" and each.result is Result.UNKNOWN]
    stays = _stays(enqueues, taken, unknown=min(takers, default=inf))
    others = sorted((stay for stay in stays if stay.dequeue is None), key=lambda stay: stay.since)
    untold = _Untold(stays=others, since=[stay.since for stay in others], takers=sorted(takers))
    yield from _overtaken(stays, untold)
    yield from _wrongly_empty([each for each in dequeues if each.value is None], stays, untold)


def _stays(enqueues: dict[str | None, Operation], taken: dict[str, Operation], *, unknown: float) -> list[_Stay]:
    """Of all elements that were put in for certain. `taken` holds the first dequeue that told an element; what none
    told is certain until `unknown`."""
    stays = []
    for element, enqueue in enqueues.items():
        dequeue = taken.get(element or "")
        if dequeue is not None:
            since, until = min(enqueue.ended, dequeue.returned), dequeue.invoked
        else:
            since, until = enqueue.ended, unknown
        if enqueue.result is not Result.FAIL and since < inf:
            stays.append(_Stay(enqueue=enqueue, dequeue=dequeue, since=since, until=until))
    return stays


def _twice(first: Operation, again: Operation, enqueues: dict[str | None, Operation]) -> Violation:
    enqueue = enqueues.get(again.value)
    return Violation(
        reason=Reason.DUPLICATE_EFFECT,
        sentence=f"{call(first)} and {call(again)} were both given {show(again.value)}"
        + (f", which {call(enqueue)} put in once" if enqueue else ""),
        witness=(first, again, *([enqueue] if enqueue else [])),
    )


def _too_early(dequeue: Operation, enqueue: Operation | None) -> Iterator[Violation]:
    if enqueue is not None and enqueue.result is not Result.FAIL and dequeue.returned < enqueue.invoked:
        yield Violation(
            reason=Reason.PHANTOM_VALUE,
            sentence=f"{call(dequeue)} was given {show(dequeue.value)}, before {call(enqueue)} began to put it in",
            witness=(dequeue, enqueue),
        )


def _overtaken(stays: Sequence[_Stay], untold: _Untold) -> Iterator[Violation]:
    """Elements that came out before one that had been put in before them: for each, the one that came out last."""
    put_in = sorted(stays, key=lambda stay: stay.since)
    done = 0
    last: _Stay | None = None
    for stay in sorted(stays, key=lambda stay: stay.enqueue.invoked):
        while done < len(put_in) and put_in[done].since < stay.enqueue.invoked:
            if last is None or put_in[done].until > last.until:
                last = put_in[done]
            done += 1
        if stay.dequeue is None:
            continue
        if last is not None and last.until > stay.dequeue.returned:
            yield _out_of_turn(stay.dequeue, stay.enqueue, last)
        elif ahead := untold.left(put_in_before=stay.enqueue.invoked, at=stay.dequeue.returned):
            yield _before_many(stay.dequeue, stay.enqueue, ahead)


def _out_of_turn(dequeue: Operation, enqueue: Operation, ahead: _Stay) -> Violation:
    fate = f"came out only by {call(ahead.dequeue)}" if ahead.dequeue else "was still in the queue"
    return Violation(
        reason=Reason.ORDER_VIOLATION,
        sentence=f"{call(dequeue)} was given {show(enqueue.element)}, although {show(ahead.enqueue.element)} had been"
        f" put in before it, by {call(ahead.enqueue)}, and {fate}",
        witness=(dequeue, enqueue, ahead.enqueue, *([ahead.dequeue] if ahead.dequeue else [])),
    )


def _before_many(dequeue: Operation, enqueue: Operation, ahead: Sequence[_Stay]) -> Violation:
    """`ahead` was put in before and not told by then, and is one more than calls without an answer can have taken."""
    return Violation(
        reason=Reason.ORDER_VIOLATION,
        sentence=f"{call(dequeue)} was given {show(enqueue.element)}, although {len(ahead)} elements had been put in"
        f" before it, the last by {call(ahead[-1].enqueue)}, that nobody was given, and only {len(ahead) - 1} of them"
        " can have gone to calls without an answer by then",
        witness=(dequeue, enqueue, *(stay.enqueue for stay in ahead[-_PROOF:])),
    )


def _wrongly_empty(dequeues: Sequence[Operation], stays: Sequence[_Stay], untold: _Untold) -> Iterator[Violation]:
    """Dequeues that told of an empty queue although at each moment of theirs something was in it for certain."""
    lasting = sorted((each for each in stays if each.since < each.until), key=lambda stay: stay.since)
    begins = [each.since for each in lasting]
    # For each the one up to it that stays longest.
    longest = list(accumulate(lasting, _longer))
    for dequeue in dequeues:
        if left := untold.left(put_in_before=dequeue.invoked, at=dequeue.returned):
            lost = bool(untold.left(put_in_before=dequeue.invoked, at=inf))
            yield _unfound(dequeue, left, lost=lost)
            continue
        proof: list[_Stay] = []
        place = bisect_left(begins, dequeue.invoked) - 1
        while place >= 0 and (stay := longest[place]).until > (proof[-1].until if proof else dequeue.invoked):
            proof.append(stay)
            if stay.until > dequeue.returned:
                yield _empty(dequeue, proof)
                break
            place = bisect_left(begins, stay.until) - 1


def _longer(one: _Stay, other: _Stay) -> _Stay:
    return other if other.until > one.until else one


def _empty(dequeue: Operation, proof: Sequence[_Stay]) -> Violation:
    one = show(proof[0].enqueue.element)
    why = (
        f"{one} was in it all the time" if len(proof) == 1 else f"at each moment one of {len(proof)} elements was in it"
    )
    calls = [each for stay in proof[:_PROOF] for each in (stay.enqueue, stay.dequeue) if each is not None]
    return Violation(
        reason=Reason.STALE_READ,
        sentence=f"{call(dequeue)} was told that the queue is empty, although {why}",
        witness=(dequeue, *calls),
    )


def _unfound(dequeue: Operation, left: Sequence[_Stay], *, lost: bool) -> Violation:
    """`left` was put in before and never told, and is one more than calls without an answer can have taken."""
    last = left[-1].enqueue
    until = "ever" if lost else "by then"
    why = f"{call(last)} had put {show(last.element)} in before it began, and nobody had {until} been given that"
    if len(left) > 1:
        why = (
            f"{len(left)} elements that nobody was given had been put in before it began, the last by {call(last)}, and"
        )
        why += f" only {len(left) - 1} of them can {until} have gone to calls without an answer"
    return Violation(
        reason=Reason.LOST_UPDATE if lost else Reason.STALE_READ,
        sentence=f"{call(dequeue)} was told that the queue is empty, although {why}",
        witness=(dequeue, *(stay.enqueue for stay in left[-_PROOF:])),
    )
