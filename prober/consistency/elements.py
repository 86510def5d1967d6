"""What the models share whose writes each put an element of their own there."""

from __future__ import annotations

from collections.abc import Iterator

from prober.consistency.trace import Operation, Result
from prober.consistency.verdict import Violation
from prober.consistency.wording import call, show
from prober.outcome import Reason


def strange(
    seen: Operation, element: str, write: Operation | None, *, done: str, told: str = "shows"
) -> Iterator[Violation]:
    """An element that nobody can have put there: no `write` was to do it, or that one was turned down.

    `done` and `told` are what the model calls it: nobody `added` it, the operation `shows` it.
    """
    if write is not None and write.result is not Result.FAIL:
        return
    why = f"which nobody {done}" if write is None else f"although {call(write)} was turned down"
    yield Violation(
        reason=Reason.PHANTOM_VALUE,
        sentence=f"{call(seen)} {told} {show(element)}, {why}",
        witness=(seen, *([write] if write else [])),
    )


def lost(write: Operation, later: Operation, reads: list[Operation]) -> Violation:
    """An acknowledged write that no read shows, and a read that must: one that began after it, else one that shows what
    was written later. `reads` by invocation."""
    must = next((each for each in reads if each.invoked > write.ended), None)
    witness: tuple[Operation, ...]
    if must is not None:
        witness, why = (write, must), f"was acknowledged before {call(must)} began"
    else:
        must = next(each for each in reads if later.element in each.value)
        witness = (write, later, must)
        why = f"was acknowledged before {call(later)} began, and {call(must)} shows that one"
    return Violation(
        reason=Reason.LOST_UPDATE,
        sentence=f"{call(write)} {why}, but neither this nor any other read ever shows {show(write.element)}",
        witness=witness,
    )
