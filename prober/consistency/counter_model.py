"""`counter`: increments by one and reads; an increment may be told the number that it made (fetch-and-add).

Definition  the counter begins at what a read showed before the first increment began, else at 0. An increment adds
            one and, if it tells a number, tells the sum. A read tells the sum. Turned-down increments add nothing.
Operations  increment {value: the sum after it, if told}, read {value}.
Source      bounds of Jepsen's counter checker, sharpened: they are taken from every earlier answer, not from 0 alone.
Soundness   every operation with a number n places itself: a read at n, an increment between n-1 and n.
            floor    whatever was shown before b began, plus the increments that began after that and ended before b
                     began, is contained in what b shows: they come between the two in any order.
            ceiling  b shows at most the increments told up to its number, and those told nothing that began before b
                     ended: no others can come before it.
            twice    two increments that were told the same number are one in the sum.
            Increments whose outcome is unknown count in the ceiling alone. O(n log n).
Exactness   with fetch-and-add and no unknown outcomes the three are also sufficient; the tests measure the rest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf

from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation, judged
from prober.consistency.wording import call
from prober.outcome import Reason


def judge(trace: Trace) -> Judged:
    """The verdict on a counter's trace."""
    return judged(_Counter(trace).violations())


class _Counter:
    def __init__(self, trace: Trace):
        self.increments = [
            each for each in trace.operations if each.kind == "increment" and each.result is not Result.FAIL
        ]
        self.failed = [each for each in trace.operations if each.kind == "increment" and each.result is Result.FAIL]
        self.told = [each for each in self.increments if each.ok and each.value is not None]
        self.reads = [each for each in trace.operations if each.kind == "read" and each.ok]
        first = min((each.invoked for each in self.increments), default=inf)
        self.quiet = next((each for each in self.reads if each.returned < first), None)
        self.base = int(self.quiet.value) if self.quiet is not None else 0
        self.sums = sorted({each.value for each in self.told})
        self.acknowledged = sorted(each.returned for each in self.increments if each.ok)
        untold = [each for each in self.increments if not (each.ok and each.value is not None)]
        self.untold_from = sorted(each.invoked for each in untold)
        built_on = [self.shown(each) for each in (*self.reads, *self.told)]
        self.most_seen = max(built_on, default=self.base)

    def shown(self, operation: Operation) -> int:
        """The sum that an operation found."""
        return int(operation.value) - (operation.kind == "increment")

    def violations(self) -> Iterator[Violation]:
        yield from self._twice()
        yield from sorted(self._below(), key=lambda each: -each.witness[0].invoked)
        yield from self._above()

    def _twice(self) -> Iterator[Violation]:
        for one, other in pairwise(sorted(self.told, key=lambda each: (each.value, each.invoked))):
            if one.value == other.value:
                yield Violation(
                    reason=Reason.LOST_UPDATE,
                    sentence=f"{call(one)} and {call(other)} were both told that they made number {one.value}:"
                    " one of the two is lost",
                    witness=(one, other),
                )

    def _below(self) -> Iterator[Violation]:
        """What shows less than it must contain; a sweep over all moments, invocations before ends."""
        floor = _Floor(self.base)
        highest: Operation | None = None
        known = [*self.reads, *self.told]
        moments = [(each.invoked, 0, each) for each in known]
        moments += [(each.returned, 1, each) for each in known]
        moments += [(each.returned, 2, each) for each in self.increments if each.ok]
        for moment, what, operation in sorted(moments, key=lambda each: each[:2]):
            if what == 0:
                if self.shown(operation) < floor.top:
                    yield self._too_low(operation, floor.top, highest)
            elif what == 1:
                floor.see(moment, int(operation.value))
                if highest is None or operation.value > highest.value:
                    highest = operation
            else:
                floor.add(operation.invoked)

    def _too_low(self, operation: Operation, floor: int, highest: Operation | None) -> Violation:
        shown = self.shown(operation)
        missing = floor - shown
        done = bisect_left(self.acknowledged, operation.invoked)
        if highest is not None and highest.value > shown:
            before: Sequence[Operation] = (highest,)
            because = f"although {call(highest)} had shown {highest.value} before it began"
        elif done:
            ended = [each for each in self.increments if each.ended < operation.invoked]
            before = sorted(ended, key=lambda each: each.returned)[-2:]
            because = (
                f"although {done} increments had been acknowledged before it began, the last by {call(before[-1])}"
            )
        else:
            before = (self.quiet,) if self.quiet is not None else ()
            because = f"although the counter began at {self.base}"
        if operation.kind == "increment":
            reason, end = Reason.ORDER_VIOLATION, "numbers went back"
        elif self.most_seen < floor:
            reason, end = Reason.LOST_UPDATE, f"{missing} lost: no later answer ever contains them"
        elif highest is not None and highest.kind == "read" and highest.client == operation.client:
            reason, end = Reason.NON_MONOTONIC_READ, "the same client had seen more"
        else:
            reason, end = Reason.STALE_READ, f"{missing} behind"
        number = operation.value
        return Violation(
            reason=reason,
            sentence=f"{call(operation)} was told {number}, {because}: {end}",
            witness=(operation, *before),
        )

    def _above(self) -> Iterator[Violation]:
        failed = sorted(each.invoked for each in self.failed)
        for operation in (*self.reads, *self.told):
            shown = self.shown(operation)
            told = bisect_right(self.sums, shown) - bisect_right(self.sums, self.base)
            possible = self.base + told + bisect_right(self.untold_from, operation.returned)
            if shown <= possible:
                continue
            turned_down = bisect_right(failed, operation.returned)
            excess = shown - possible
            reason = Reason.PHANTOM_VALUE if turned_down >= excess else Reason.DUPLICATE_EFFECT
            cause = "some that were turned down took effect" if turned_down >= excess else "some took effect twice"
            asked = [each for each in self.increments if each.invoked < operation.returned]
            yield Violation(
                reason=reason,
                sentence=f"{call(operation)} was told {operation.value}, {excess} more than the increments that can"
                f" have come before it: {cause}",
                witness=(operation, *asked[-1:]),
            )


class _Floor:
    """The least sum that whatever begins now must contain.

    Each answer seen so far guarantees its own number plus the increments wholly after it; `top` is the best guarantee.
    An increment raises the guarantees of all answers that ended before it began: a prefix. So an older answer that
    guarantees as much as a younger one does so for ever, and only a rising staircase of answers is kept, each with its
    rise above the one before.
    """

    def __init__(self, base: int):
        self._ended: list[float] = [-inf]
        self._rise = [base]
        self.top = base

    def see(self, ended: float, number: int) -> None:
        if number > self.top:
            self._ended.append(ended)
            self._rise.append(number - self.top)
            self.top = number

    def add(self, invoked: float) -> None:
        first = bisect_left(self._ended, invoked)
        if first == len(self._ended):
            self.top += 1
            return
        self._rise[first] -= 1
        if self._rise[first] == 0:
            del self._ended[first], self._rise[first]
