"""Session guarantees: what one client may rely on although reads may be stale.

Definition  monotonic reads: versions that a client reads never go back. Read your writes: a client's read shows at
            least the version of its own latest acknowledged write.
Source      Terry et al., Session Guarantees for Weakly Consistent Replicated Data (1994).
Soundness   a client does one thing at a time, so the order of its operations is known; versions only rise, so a lower
            one is an older state. A trace without `staleness` is held to more than these: to real time itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prober.consistency.trace import Operation, Trace
from prober.consistency.verdict import Violation
from prober.consistency.wording import call
from prober.outcome import Reason

GUARANTEES = ("monotonic_reads", "read_your_writes")


def broken_guarantees(
    trace: Trace, reads: Sequence[Operation], writes: Sequence[tuple[int, Operation]]
) -> Iterator[Violation]:
    """Reads that break a listed guarantee. `writes` come with the version that they made."""
    if not trace.guarantees:
        return
    known: dict[tuple[str, int], tuple[int, Operation]] = {}
    steps = [(each.version, each) for each in reads if each.version is not None]
    for version, operation in sorted([*steps, *writes], key=lambda each: each[1].invoked):
        if operation.kind == "read":
            for guarantee in GUARANTEES:
                best = known.get((guarantee, operation.client))
                if guarantee in trace.guarantees and best is not None and best[0] > version:
                    yield _broken(guarantee, best, operation)
        guarantee = "monotonic_reads" if operation.kind == "read" else "read_your_writes"
        best = known.get((guarantee, operation.client))
        if best is None or version > best[0]:
            known[guarantee, operation.client] = (version, operation)


def _broken(guarantee: str, best: tuple[int, Operation], read: Operation) -> Violation:
    version, earlier = best
    own = guarantee == "read_your_writes"
    did = f"had {'made' if own else 'read'} version {version}"
    return Violation(
        reason=Reason.STALE_READ if own else Reason.NON_MONOTONIC_READ,
        sentence=f"{call(read)} shows version {read.version}, although the same client {did} in {call(earlier)}"
        + (": it does not see its own write" if own else ""),
        witness=(earlier, read),
    )
