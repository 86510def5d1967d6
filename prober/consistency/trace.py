"""A trace: what several clients asked of one shared object, when, and what they were told.

Times are seconds since the trace began, all from one monotonic clock. What happened certainly lies between
`invoked` and `returned`; an operation whose outcome is unknown may take effect at any time after `invoked`, even after
the client gave up waiting, or never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from math import inf, isfinite
from typing import Final

from prober.json_values import Json

_BEYOND: Final = 2**63
"""The first number that no counter of 64 bits has."""


class Result(StrEnum):
    """What a client knows of its operation."""

    OK = "ok"
    FAIL = "fail"
    """Turned down: it certainly had no effect."""
    UNKNOWN = "unknown"
    """No answer, or one that does not say: it may or may not have had its effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One call of one client. Which of the optional fields mean something is said by the model."""

    id: int
    client: int
    kind: str
    invoked: float
    returned: float
    result: Result
    process: int = 0
    """Which of the server's processes was asked, where the prober started several."""
    element: str | None = None
    """What a write wanted to put there; no two operations of a trace want the same."""
    given: int | None = None
    """The version that a write expected, the fencing token that a release or a guarded write showed."""
    value: Json = None
    """What the answer showed."""
    version: int | None = None
    """The version, or the fencing token, that the answer told."""

    @property
    def ended(self) -> float:
        """The time after which the operation's effect, if any, must have happened."""
        return inf if self.result is Result.UNKNOWN else self.returned

    @property
    def ok(self) -> bool:
        return self.result is Result.OK


class TraceError(ValueError):
    """A trace that cannot be judged, because it cannot have been recorded like this."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A whole trace in the order of invocation, and what is known of the object.

    Raises TraceError where it contradicts itself: nothing is judged on a record that is not one.
    """

    model: str
    operations: tuple[Operation, ...]
    ttl: float | None = None
    """Seconds after which a lock that was not given back is free again; None: never."""
    staleness: float | None = None
    """Seconds that a read may be behind; None: not at all."""
    guarantees: frozenset[str] = frozenset()
    """What holds within a client although reads may be stale: `monotonic_reads`, `read_your_writes`."""
    seed: int | None = None
    about: str = ""
    """Where it comes from, for people."""

    def __post_init__(self) -> None:
        """Refuse what no clock and no client can have brought about."""
        kinds = KINDS.get(self.model)
        if kinds is None:
            raise TraceError(f"no model is called {self.model!r}; known: {', '.join(KINDS)}")
        seen: set[int] = set()
        elements: set[str] = set()
        busy: dict[int, Operation] = {}
        latest = -inf
        for operation in self.operations:
            name = f"operation {operation.id}"
            if operation.id in seen:
                raise TraceError(f"{name} is there twice")
            seen.add(operation.id)
            if not (isfinite(operation.invoked) and isfinite(operation.returned)):
                raise TraceError(f"{name} has a time that is no number")
            if operation.returned < operation.invoked:
                raise TraceError(f"{name} returned before it was invoked: the clock went backwards")
            if operation.invoked < latest:
                raise TraceError(f"{name} was invoked before the one above it: the lines were reordered")
            latest = operation.invoked
            before = busy.get(operation.client)
            if before is not None and before.returned > operation.invoked:
                raise TraceError(
                    f"{name} overlaps operation {before.id} of the same client {operation.client},"
                    " which does one thing at a time"
                )
            busy[operation.client] = operation
            _check(operation, kinds, elements)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What operations of one kind carry: names of the fields that must be there when the answer was ok."""

    writes: bool = False
    """Whether it has an element of its own."""
    answer: Callable[[Operation], bool] = lambda _operation: True
    """Whether an ok answer says what the model needs."""
    wanted: str = ""
    """That, in words."""


def _check(operation: Operation, kinds: Mapping[str, Kind], elements: set[str]) -> None:
    kind = kinds.get(operation.kind)
    name = f"operation {operation.id}"
    if kind is None:
        raise TraceError(f"{name} is a {operation.kind!r}; this model knows {', '.join(kinds)}")
    if kind.writes:
        if not isinstance(operation.element, str):
            raise TraceError(f"{name}, a {operation.kind}, has no text as its element")
        if operation.element in elements:
            raise TraceError(f"{name} writes {operation.element!r}, which an earlier operation writes as well")
        elements.add(operation.element)
    if operation.ok and not kind.answer(operation):
        raise TraceError(f"{name}, a {operation.kind}, was ok, but its answer has no {kind.wanted}")
    if any(isinstance(each, int) and not _is_of_64_bits(each) for each in (operation.given, operation.version)):
        raise TraceError(f"{name} has a version of more than 64 bits")


def is_whole(value: Json) -> bool:
    """Whether a JSON value is an integer, and one of 64 bits: what counts has no more, and sums of it can be shown."""
    return isinstance(value, int) and not isinstance(value, bool) and _is_of_64_bits(value)


def _is_of_64_bits(value: int) -> bool:
    return -_BEYOND <= value < _BEYOND


def _whole(operation: Operation) -> bool:
    return is_whole(operation.value)


def _whole_or_nothing(operation: Operation) -> bool:
    return operation.value is None or is_whole(operation.value)


def _versioned(operation: Operation) -> bool:
    return is_whole(operation.version)


def _placed(operation: Operation) -> bool:
    return is_whole(operation.version) or is_whole(operation.given)


def _texts(operation: Operation) -> bool:
    return isinstance(operation.value, list | tuple) and {*map(type, operation.value)} <= {str}


def _text_or_nothing(operation: Operation) -> bool:
    return operation.value is None or isinstance(operation.value, str)


def _fields(operation: Operation) -> bool:
    return isinstance(operation.value, list | tuple) and len(operation.value) > 1


_COLLECTION: Final = Kind(answer=_texts, wanted="list of texts")

KINDS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "counter": {
        "increment": Kind(answer=_whole_or_nothing, wanted="whole number"),
        "read": Kind(answer=_whole, wanted="whole number"),
    },
    "register": {
        "write": Kind(writes=True, answer=_placed, wanted="version, and it expected none"),
        "read": Kind(answer=_versioned, wanted="version"),
    },
    "log": {"append": Kind(writes=True), "read": _COLLECTION},
    "set": {"add": Kind(writes=True), "read": _COLLECTION},
    "queue": {
        "enqueue": Kind(writes=True),
        "dequeue": Kind(answer=_text_or_nothing, wanted="text, and is not null"),
    },
    "lock": {
        "acquire": Kind(),
        "release": Kind(),
        "write": Kind(),
    },
    "record": {"write": Kind(writes=True), "read": Kind(answer=_fields, wanted="list of at least two fields")},
}
"""Per model, the kinds of operations and what they carry."""


def masked(trace: Trace, redact: Callable[[str], str]) -> Trace:
    """The trace for people and files: every text that a server may have chosen is passed through `redact`."""
    return replace(trace, operations=tuple(masked_operations(trace, redact)), about=redact(trace.about))


def masked_operations(trace: Trace, redact: Callable[[str], str]) -> Iterator[Operation]:
    """Its operations, likewise, one after the other. Each text is looked at once, however often it was told."""
    redact = cache(redact)
    for operation in trace.operations:
        yield replace(operation, value=_masked(operation.value, redact))


def _masked(value: Json, redact: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(name): _masked(inner, redact) for name, inner in value.items()}
    return [_masked(inner, redact) for inner in value] if isinstance(value, list | tuple) else value


def overlap(trace: Trace) -> int:
    """The largest number of operations that were open at one instant: 1 means that nothing ever raced."""
    moments = sorted(
        [(operation.invoked, 1) for operation in trace.operations]
        + [(operation.returned, -1) for operation in trace.operations]
    )
    most = open_now = 0
    for _, change in moments:
        open_now += change
        most = max(most, open_now)
    return most
