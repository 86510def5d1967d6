"""Random traces: a simulated server takes the calls of a few clients in some order; half the time it has a bug.

Each call has an interval and takes effect at a moment inside it, or, where its outcome stays unknown, later or never.
Whether a trace with a bug is wrong is for the search to say: many bugs do not show.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from prober.consistency.trace import Operation, Result, Trace

BUGS: Final = ("lose", "double", "stale", "mix", "touch")
"""An acknowledged write without effect, one with two, a read of an older state, a read of two states at once, an answer
changed by hand."""


@dataclass(kw_only=True)
class _Call:
    client: int
    kind: str
    invoked: float
    returned: float
    effect: float
    result: Result = Result.OK
    element: str | None = None
    given: int | None = None
    value: Any = None
    version: int | None = None


@dataclass(kw_only=True)
class _Server:
    dice: random.Random
    model: str
    fetches: bool
    blind: bool
    bug: str | None
    states: list[Any] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    """Per client, the version that it read last."""

    def answer(self, call: _Call) -> None:
        """Let the call take effect, and tell the client."""
        strikes = self.bug is not None and self.dice.random() < 0.4
        state = self.states[-1]
        if call.kind == "read":
            if strikes and self.bug == "stale":
                state = self.dice.choice(self.states)
            if strikes and self.bug == "mix":
                state = _mixed(self.model, state, self.dice.choice(self.states))
            _READ[self.model](call, state)
            if self.model == "register":
                self.known[call.client] = state[0]
        else:
            before = len(self.states)
            _WRITE[self.model](self, call, state)
            if strikes and self.bug == "lose":
                del self.states[before:]
            if strikes and self.bug == "double" and len(self.states) > before and self.model != "register":
                self.states.append(_again(self.model, call, self.states[-1]))
        if strikes and self.bug == "touch" and call.result is Result.OK:
            _touch(call, self.dice)


def trace(seed: int, model: str) -> Trace:
    """The trace of one seed: every second one of a server with a bug."""
    dice = random.Random(f"{model} {seed}")
    server = _Server(
        dice=dice,
        model=model,
        fetches=dice.random() < 0.5,
        blind=dice.random() < 0.25,
        bug=dice.choice(BUGS) if seed % 2 else None,
        states=[_BEGIN[model]],
    )
    calls = _calls(dice, model)
    hidden = dice.choice((0.0, 0.0, 0.2))
    for call in sorted(calls, key=lambda each: each.effect):
        if dice.random() < hidden:
            call.result = Result.UNKNOWN
            call.effect += dice.choice((0.0, 0.0, 3.0))
    for call in sorted(calls, key=lambda each: each.effect):
        unknown = call.result is Result.UNKNOWN
        if unknown and dice.random() < 0.4:
            continue
        server.answer(call)
        if unknown:
            call.result, call.value, call.version = Result.UNKNOWN, None, None
    operations = (
        Operation(id=index, **{name: value for name, value in vars(call).items() if name != "effect"})
        for index, call in enumerate(sorted(calls, key=lambda each: each.invoked))
    )
    return Trace(model=model, operations=tuple(operations))


def _calls(dice: random.Random, model: str) -> list[_Call]:
    calls = []
    clients = dice.randint(2, 3)
    slowness = dice.choice((0.2, 1.0, 3.0))
    reads = _LOOK.get(model)
    if reads == "read" and dice.random() < 0.5:
        calls.append(_Call(client=0, kind="read", invoked=0.0, returned=0.1, effect=0.05))
    names = iter(f"e{number}" for number in range(100))
    for client in range(clients):
        clock = 0.2
        for turn in range(dice.randint(1, 3)):
            clock += dice.random()
            end = clock + dice.random() * slowness
            kind = _KINDS[model](dice, turn)
            calls.append(
                _Call(
                    client=client,
                    kind=kind,
                    invoked=clock,
                    returned=end,
                    effect=dice.uniform(clock, end),
                    element=next(names) if kind in ("write", "append", "add", "enqueue") and model != "lock" else None,
                )
            )
            clock = end
    if reads is not None and dice.random() < 0.5:
        end = max(call.returned for call in calls) + 0.1
        calls.append(_Call(client=0, kind=reads, invoked=end, returned=end + 0.1, effect=end + 0.05))
    return calls


def _lock_kind(dice: random.Random, turn: int) -> str:
    return ("acquire", "write" if dice.random() < 0.3 else "release", "release")[turn]


_KINDS: Final[Mapping[str, Callable[[random.Random, int], str]]] = {
    "counter": lambda dice, _: dice.choice(("increment", "increment", "read")),
    "register": lambda dice, _: dice.choice(("write", "read")),
    "log": lambda dice, _: dice.choice(("append", "read")),
    "set": lambda dice, _: dice.choice(("add", "read")),
    "queue": lambda dice, _: dice.choice(("enqueue", "dequeue")),
    "lock": _lock_kind,
    "record": lambda dice, _: dice.choice(("write", "read")),
}
_LOOK: Final = dict.fromkeys(_KINDS, "read") | {"queue": "dequeue", "lock": None}
"""The call that may come at the end, and if it reads at the beginning too."""
_BEGIN: Final[Mapping[str, Any]] = {
    "counter": 0,
    "register": (4, None),
    "log": (),
    "set": (),
    "queue": (),
    "lock": (None, 0),
    "record": (None, None),
}


def _increment(server: _Server, call: _Call, state: Any) -> None:
    if server.dice.random() < 0.1:
        call.result = Result.FAIL
        return
    server.states.append(state + 1)
    if server.fetches:
        call.value = state + 1


def _write(server: _Server, call: _Call, state: Any) -> None:
    version, _ = state
    if not server.blind:
        call.given = server.known.get(call.client, 4)
        if call.given != version and not (server.bug == "lose" and server.dice.random() < 0.5):
            call.result = Result.FAIL
            return
    made = version + 1 if call.given is None else call.given + 1
    server.states.append((made, call.element))
    call.version = made if call.given is None or server.fetches else None
    server.known[call.client] = made


def _put(server: _Server, call: _Call, state: Any) -> None:
    if server.dice.random() < 0.1:
        call.result = Result.FAIL
        if server.bug == "double":
            server.states.append((*state, call.element))
        return
    server.states.append((*state, call.element))


def _fill(server: _Server, call: _Call, state: Any) -> None:
    server.states.append((call.element, call.element))


def _queue(server: _Server, call: _Call, state: Any) -> None:
    if call.kind == "enqueue":
        _put(server, call, state)
        return
    place = -1 if server.bug == "mix" and server.dice.random() < 0.4 else 0
    shown = server.dice.choice(server.states) if server.bug == "stale" and server.dice.random() < 0.4 else state
    call.value = shown[place] if shown else None
    server.states.append(state[:-1] if place else state[1:])


def _lock(server: _Server, call: _Call, state: Any) -> None:
    holder, token = state
    granted = server.bug == "stale" and server.dice.random() < 0.4
    if call.kind == "acquire":
        if holder is not None and not granted:
            call.result = Result.FAIL
            return
        server.known[call.client] = token + 1
        server.states.append((call.client, token + 1))
        call.version = token + 1 if server.fetches else None
    elif call.kind == "release":
        if holder != call.client:
            call.result = Result.FAIL
        else:
            server.states.append((None, token))
    else:
        call.given = server.known.get(call.client) if server.fetches else None
        if (call.given or 0) < token and not granted:
            call.result = Result.FAIL


_WRITE: Final[Mapping[str, Callable[[_Server, _Call, Any], None]]] = {
    "counter": _increment,
    "register": _write,
    "log": _put,
    "set": _put,
    "queue": _queue,
    "lock": _lock,
    "record": _fill,
}


def _read_value(call: _Call, state: Any) -> None:
    call.value = state


def _read_list(call: _Call, state: Any) -> None:
    call.value = list(state)


def _read_version(call: _Call, state: Any) -> None:
    call.version, call.value = state


_READ: Final[Mapping[str, Callable[[_Call, Any], None]]] = {
    "counter": _read_value,
    "register": _read_version,
    "log": _read_list,
    "set": _read_list,
    "record": _read_list,
}


def _mixed(model: str, one: Any, other: Any) -> Any:
    if model in ("register", "record"):
        return (one[0], other[1])
    return other


def _again(model: str, call: _Call, state: Any) -> Any:
    if model == "counter":
        return state + 1
    if call.kind == "dequeue":
        return state[1:]
    return (*state, call.element) if model in ("log", "set", "queue") else state


def _touch(call: _Call, dice: random.Random) -> None:
    if isinstance(call.value, list) and call.value:
        what = dice.randrange(3)
        if what == 0:
            call.value = [*call.value[1:], call.value[0]]
        elif what == 1:
            call.value = call.value[:-1]
        else:
            call.value = [*call.value, "e99"]
    elif call.kind == "dequeue":
        call.value = dice.choice(("e0", "e99", None))
    elif isinstance(call.value, int):
        call.value = max(0, call.value + dice.choice((-1, 1)))
    if call.version is not None:
        call.version += dice.choice((-1, 1))


def shifted(operation: Operation, seconds: float) -> Operation:
    """The same operation at another time."""
    return replace(operation, invoked=operation.invoked + seconds, returned=operation.returned + seconds)
