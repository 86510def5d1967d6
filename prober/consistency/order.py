"""Real-time order: if one operation ended before another began, it must come first in every valid order.

A model gives each operation a position in the one order of effects that its answers allow. The trace is right if and
only if no operation ended before another began that stands at an earlier position (Herlihy and Wing 1990: an order of
effects is a linearization when it agrees with the order of operations that do not overlap). Positions that are equal
are free among themselves. Equal times count as overlapping. O(n log n).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf
from operator import itemgetter

from prober.consistency.trace import Operation

Placed = tuple[int, Operation]


def contradictions(
    placed: Iterable[Placed], *, slack: Callable[[Operation], float] = lambda _operation: 0.0
) -> Iterator[tuple[Operation, Operation]]:
    """Pairs (a, b): a ended before b began, but stands after it. For each b the a that stands farthest behind.

    With `slack`, a counts only if it ended that many seconds before b began.
    """
    items = list(placed)
    ending = sorted((item for item in items if item[1].ended < inf), key=lambda item: item[1].ended)
    beginning = sorted(
        ((operation.invoked - slack(operation), place, operation) for place, operation in items), key=itemgetter(0)
    )
    done = 0
    farthest: Placed | None = None
    for began, place, operation in beginning:
        while done < len(ending) and ending[done][1].ended < began:
            if farthest is None or ending[done][0] > farthest[0]:
                farthest = ending[done]
            done += 1
        if farthest is not None and farthest[0] > place:
            yield farthest[1], operation
