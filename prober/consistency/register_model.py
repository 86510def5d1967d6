"""`register`: one value with a version, written by compare-and-swap, or blindly where the answer tells the version.

Definition  every write raises the version by exactly one. A write that expects a version succeeds only while that is
            the current one. A read tells the value and its version. Turned-down writes change nothing; a server may
            turn a write down for reasons of its own.
Operations  write {element, given: the version it expected, version: the one it made}, read {value, version}.
Source      Gibbons and Korach, Testing Shared Memories (1997), theorem 4.13: with unique writes that each name the one
            before them, the order of writes is known, and linearizability is checked in O(n log n).
Soundness   each version has one writer: two acknowledged writes of the same version are one too many. A read shows the
            value of its version's writer. A version that was seen and that no write, not even one of unknown outcome,
            can have made is a phantom. Then every operation has its position, and real time must agree (`order`).
            With `staleness` S a read may miss what ended less than S seconds before it began, and nothing older; what
            a client may then still rely on are the guarantees that are listed.
Exactness   complete but for writes of unknown outcome that expected no version.
"""

from __future__ import annotations

from collections.abc import Iterator

from prober.consistency.order import Placed, contradictions
from prober.consistency.sessions import broken_guarantees
from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation, judged
from prober.consistency.wording import call, show
from prober.json_values import Json
from prober.outcome import Reason


def judge(trace: Trace) -> Judged:
    """The verdict on a register's trace."""
    return judged(_Register(trace).violations())


def made(write: Operation) -> int:
    """The version that an acknowledged write made."""
    if write.given is not None:
        return write.given + 1
    assert write.version is not None
    return write.version


def made_or_never(write: Operation) -> int | None:
    """The version that any write made (see `made`), or None if unknown."""
    return made(write) if write.given is not None or write.version is not None else None


class _Register:
    def __init__(self, trace: Trace):
        self.trace = trace
        self.writes = [each for each in trace.operations if each.kind == "write"]
        self.acknowledged = [each for each in self.writes if each.ok]
        self.unknown = [each for each in self.writes if each.result is Result.UNKNOWN]
        self.reads = [each for each in trace.operations if each.kind == "read" and each.ok]
        self.by_element = {each.element: each for each in self.writes}
        self.writers: dict[int, list[Operation]] = {}
        for write in self.acknowledged:
            self.writers.setdefault(made(write), []).append(write)
        seen = [version for each in self.reads if (version := each.version) is not None]
        self.base = min([*seen, *(made(each) - 1 for each in self.acknowledged)], default=0)
        self.first_at: dict[int, Operation] = {}
        for read in self.reads:
            assert read.version is not None
            self.first_at.setdefault(read.version, read)

    def violations(self) -> Iterator[Violation]:
        for write in self.acknowledged:
            if write.given is not None and write.version is not None and write.version != write.given + 1:
                yield Violation(
                    reason=Reason.ORDER_VIOLATION,
                    sentence=f"{call(write)} expected version {write.given} and was told that it made {write.version}",
                    witness=(write,),
                )
        yield from self._same_version()
        yield from self._writers_of_unknown_outcome()
        yield from self._values()
        yield from self._against_time()
        yield from broken_guarantees(self.trace, self.reads, [(made(each), each) for each in self.acknowledged])

    def _same_version(self) -> Iterator[Violation]:
        for version, writers in self.writers.items():
            if len(writers) > 1:
                one, other = writers[:2]
                because = f"both expected version {one.given} and succeeded" if one.given is not None else "succeeded"
                yield Violation(
                    reason=Reason.LOST_UPDATE,
                    sentence=f"{call(one)} and {call(other)} {because}, so both made version {version}:"
                    " one has overwritten the other unseen",
                    witness=(one, other),
                    occurrences=len(writers) - 1,
                )

    def _writers_of_unknown_outcome(self) -> Iterator[Violation]:
        """Give each version without a writer one that may have made it. From the top: each tells of the one below."""
        expecting: dict[int, list[Operation]] = {}
        blind = [each for each in self.unknown if each.given is None]
        for write in self.unknown:
            if write.given is not None:
                expecting.setdefault(write.given + 1, []).append(write)
        wanted = {*self.first_at, *(made(each) - 1 for each in self.acknowledged)}
        todo = sorted((version for version in wanted if version not in self.writers), reverse=True)
        while todo:
            version = todo.pop(0)
            if version <= self.base:
                continue
            read = self.first_at.get(version)
            by_value = self.by_element.get(read.value) if read and isinstance(read.value, str) else None
            candidates = expecting.get(version, [])
            if by_value is not None and (by_value in candidates or by_value in blind):
                writer = by_value
            elif candidates and read is None:
                writer = min(candidates, key=lambda each: each.invoked)
            elif read is not None:
                yield self._phantom_version(read)
                continue
            elif blind:
                continue  # one of them may have: which, nobody can say
            else:
                yield self._skipped(version)
                continue
            self.writers[version] = [writer]
            if writer.given is not None and writer.given > self.base and writer.given not in self.writers:
                todo.insert(0, writer.given)

    def _skipped(self, version: int) -> Violation:
        above = next(each for each in (*self.acknowledged, *self.unknown) if made_or_never(each) == version + 1)
        return Violation(
            reason=Reason.ORDER_VIOLATION,
            sentence=f"{call(above)} made version {version + 1}, but nobody made version {version} before it",
            witness=(above,),
        )

    def _phantom_version(self, read: Operation) -> Violation:
        writer = self.by_element.get(read.value) if isinstance(read.value, str) else None
        if writer is not None and writer.ok:
            reason, end = Reason.TORN_READ, f"{call(writer)} wrote that value, but as version {made(writer)}"
        else:
            reason, end = Reason.PHANTOM_VALUE, "which no write can have made"
        return Violation(
            reason=reason,
            sentence=f"{call(read)} shows version {read.version} with {show(read.value)}: {end}",
            witness=(read, *([writer] if writer is not None else [])),
        )

    def _values(self) -> Iterator[Violation]:
        for read in self.reads:
            assert read.version is not None
            writers = self.writers.get(read.version)
            if writers is None:
                first = self.first_at[read.version]
                if _same(first.value, read.value) and (read.version > self.base or not self._written(read.value)):
                    continue
                if _same(first.value, read.value):
                    yield self._wrong_value(read, ())
                else:
                    yield self._wrong_value(read, (first,))
            elif not any(_same(each.element, read.value) for each in writers):
                yield self._wrong_value(read, tuple(writers[:1]))

    def _written(self, value: Json) -> bool:
        """Whether a write that cannot have come before the first known version wrote this."""
        writer = self.by_element.get(value) if isinstance(value, str) else None
        if writer is None:
            return False
        return writer.ok or writer.result is Result.FAIL or (writer.given is not None and writer.given >= self.base)

    def _wrong_value(self, read: Operation, others: tuple[Operation, ...]) -> Violation:
        writer = self.by_element.get(read.value) if isinstance(read.value, str) else None
        shown = f"{call(read)} shows version {read.version} with {show(read.value)}"
        if writer is not None and writer.result is Result.FAIL:
            return Violation(
                reason=Reason.PHANTOM_VALUE,
                sentence=f"{shown}, although {call(writer)} was turned down",
                witness=(read, writer),
            )
        if writer is None and others and others[0].kind == "write":
            reason, end = Reason.PHANTOM_VALUE, "which nobody wrote"
        else:
            whose = f", which {call(writer)} wrote" if writer is not None else ""
            reason, end = Reason.TORN_READ, f"a value of another version{whose}"
        right = ""
        if others:
            value = others[0].element if others[0].kind == "write" else others[0].value
            right = f"; {call(others[0])} {'made' if others[0].kind == 'write' else 'showed'} that version with"
            right += f" {show(value)}"
        witness = (read, *others, *([writer] if writer is not None and writer not in others else []))
        return Violation(reason=reason, sentence=f"{shown}, {end}{right}", witness=witness)

    def _against_time(self) -> Iterator[Violation]:
        staleness = self.trace.staleness or 0.0
        placed: list[Placed] = []
        for version, writers in self.writers.items():
            placed += [(2 * version - 1, each) for each in writers]
        placed += [(2 * read.version, read) for read in self.reads if read.version is not None]

        def slack(operation: Operation) -> float:
            return staleness if operation.kind == "read" else 0.0

        for earlier, later in contradictions(placed, slack=slack):
            yield self._too_late(earlier, later)

    def _too_late(self, earlier: Operation, later: Operation) -> Violation:
        knew = earlier.version if earlier.kind == "read" else made(earlier)
        before = f"{call(earlier)} had {'shown' if earlier.kind == 'read' else 'made'} version {knew} before it began"
        if later.kind == "write":
            reason = Reason.LOST_UPDATE
            sentence = f"{call(later)} made version {made(later) if later.ok else later.given}, although {before}"
            if later.given is not None:
                sentence = f"{call(later)} expected version {later.given} and succeeded, although {before}"
        else:
            same = earlier.kind == "read" and earlier.client == later.client
            reason = Reason.NON_MONOTONIC_READ if same else Reason.STALE_READ
            sentence = f"{call(later)} shows version {later.version}, although {before}"
            if earlier.kind == "write" and earlier.client == later.client:
                sentence += ": the client does not see its own write"
        return Violation(reason=reason, sentence=sentence, witness=(earlier, later))


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and bool(one == other)
