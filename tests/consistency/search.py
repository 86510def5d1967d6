"""Linearizability by exhaustive search: every order of effects that real time allows is tried (Wing and Gong 1993).

The sequential objects below are the definitions of the models, written once more and as plainly as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any, Final

from prober.consistency.trace import Operation, Result, Trace

State = Any
WILD: Final = "anything"
"""A value that nobody has seen yet."""


def is_right(trace: Trace) -> bool:
    """Whether some order of effects explains every answer."""
    step = OBJECTS[trace.model]
    # What was turned down did nothing; only of an acquire does that say something.
    relevant = [
        each
        for each in trace.operations
        if (each.result is not Result.FAIL or each.kind == "acquire")
        and not (each.result is Result.UNKNOWN and each.kind == "read")
    ]
    return any(_explains(relevant, step, state) for state in _beginnings(trace))


def _explains(operations: list[Operation], step: Callable[[State, Operation], Iterator[State]], state: State) -> bool:
    certain = frozenset(index for index, each in enumerate(operations) if each.result is not Result.UNKNOWN)
    dead: set[tuple[frozenset[int], State]] = set()

    def explore(left: frozenset[int], state: State) -> bool:
        if not left & certain:
            return True
        if (left, state) in dead:
            return False
        first_end = min(operations[index].ended for index in left)
        for index in left:
            if operations[index].invoked <= first_end:
                for after in step(state, operations[index]):
                    if explore(left - {index}, after):
                        return True
        dead.add((left, state))
        return False

    return explore(frozenset(range(len(operations))), state)


def _beginnings(trace: Trace) -> Iterator[State]:
    reads = [each for each in trace.operations if each.kind == "read" and each.ok]
    writes = [each for each in trace.operations if each.kind != "read" and each.result is not Result.FAIL]
    first = min((each.invoked for each in writes), default=inf)
    quiet = next((each for each in reads if each.returned < first), None)
    match trace.model:
        case "counter":
            yield quiet.value if quiet else 0
        case "register":
            seen = [each.version for each in reads if each.version is not None]
            seen += [(each.version - 1) if each.given is None else each.given for each in writes if each.ok]  # type: ignore[operator]
            lowest = min(seen, default=0)
            for version in range(lowest - len(writes), lowest + 1):
                yield (version, WILD)
        case "log":
            yield ()
        case "set":
            yield frozenset()
        case "queue":
            yield ()
        case "lock":
            yield (None, -1)
        case "record":
            yield tuple(quiet.value) if quiet else WILD


def _counter(state: State, operation: Operation) -> Iterator[State]:
    if operation.kind == "read":
        if operation.value == state:
            yield state
    elif operation.value is None or not operation.ok or operation.value == state + 1:
        yield state + 1


def _register(state: State, operation: Operation) -> Iterator[State]:
    version, value = state
    if operation.kind == "read":
        if operation.version == version and value == WILD and not str(operation.value).startswith("e"):
            yield (version, operation.value)
        elif operation.version == version and operation.value == value:
            yield state
    elif operation.given in (None, version) and (not operation.ok or operation.version in (None, version + 1)):
        yield (version + 1, operation.element)


def _log(state: State, operation: Operation) -> Iterator[State]:
    if operation.kind == "append":
        yield (*state, operation.element)
    elif tuple(operation.value) == state:
        yield state


def _set(state: State, operation: Operation) -> Iterator[State]:
    if operation.kind == "add":
        yield state | {operation.element}
    elif len(operation.value) == len(state) and set(operation.value) == state:
        yield state


def _queue(state: State, operation: Operation) -> Iterator[State]:
    if operation.kind == "enqueue":
        yield (*state, operation.element)
    elif not operation.ok or operation.value == (state[0] if state else None):
        yield state[1:]


def _lock(state: State, operation: Operation) -> Iterator[State]:
    holder, token = state
    if operation.kind == "acquire" and operation.result is Result.FAIL:
        if holder is not None:
            yield state
    elif operation.kind == "acquire":
        new = operation.version if operation.ok else None
        if holder is None and (new is None or new > token):
            yield (operation.client, token if new is None else new)
    elif operation.kind == "release":
        yield (None, token) if holder == operation.client else state
    elif operation.given is None or operation.given >= token or not operation.ok:
        yield state


def _record(state: State, operation: Operation) -> Iterator[State]:
    if operation.kind == "write":
        yield (operation.element, operation.element)
    elif state == WILD and not any(str(each).startswith("e") for each in operation.value):
        yield tuple(operation.value)
    elif tuple(operation.value) == state:
        yield state


OBJECTS: Final[Mapping[str, Callable[[State, Operation], Iterator[State]]]] = {
    "counter": _counter,
    "register": _register,
    "log": _log,
    "set": _set,
    "queue": _queue,
    "lock": _lock,
    "record": _record,
}
