"""Large right traces, as many clients of a right server would record them: what the judges' time is measured on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from prober.consistency.trace import Operation, Result, Trace

CLIENTS = 16


def large(model: str, count: int, *, seed: int = 1) -> Trace:
    """A trace of `count` operations; collections are read so often that all reads together have 500,000 elements."""
    dice = random.Random(seed)
    return Trace(model=model, operations=tuple(_operations(model, count, dice)))


def _operations(model: str, count: int, dice: random.Random) -> Iterator[Operation]:
    """Effects happen one after the other; each call is open for a while around its effect."""
    free = [0.0] * CLIENTS
    state: dict[str, Any] = {"number": 0, "elements": [], "element": None, "first": 0}
    every = max(2, count * count // 1_000_000)
    calls = []
    for number in range(count):
        effect = (number + 1) / 1000
        client = (number // 2 if model == "lock" else number) % CLIENTS
        invoked = max(free[client], effect - dice.random() / 100)
        free[client] = returned = effect + dice.random() / 1000
        unknown = model != "lock" and dice.random() < 0.01
        kind, fields = _effect(model, number, state, reads=number % every == 0)
        result = Result.UNKNOWN if unknown else Result.OK
        if unknown:
            fields = {name: value for name, value in fields.items() if name in ("element", "given")}
        calls.append((invoked, client, kind, returned, result, fields))
    calls.sort(key=lambda call: call[0])
    for number, (invoked, client, kind, returned, result, fields) in enumerate(calls):
        yield Operation(
            id=number, client=client, kind=kind, invoked=invoked, returned=returned, result=result, **fields
        )


def _effect(model: str, number: int, state: dict[str, Any], *, reads: bool) -> tuple[str, dict[str, Any]]:
    element = f"e{number}"
    if model == "lock":
        return ("release", {}) if number % 2 else ("acquire", {"version": number})
    if model == "counter":
        if number % 3 == 0:
            return "read", {"value": state["number"]}
        state["number"] += 1
        return "increment", {"value": state["number"]} if number % 2 else {}
    if model == "register":
        if number % 2:
            return "read", {"version": state["number"], "value": state["element"]}
        state["number"], state["element"] = state["number"] + 1, element
        return "write", {"element": element, "given": state["number"] - 1, "version": state["number"]}
    if model == "record":
        if number % 2:
            return "read", {"value": [state["element"]] * 2}
        state["element"] = element
        return "write", {"element": element}
    if model == "queue":
        if number % 3:
            state["elements"].append(element)
            return "enqueue", {"element": element}
        taken = state["first"]
        state["first"] += bool(state["elements"][taken:])
        return "dequeue", {"value": next(iter(state["elements"][taken : taken + 1]), None)}
    if reads:
        return "read", {"value": list(state["elements"])}
    state["elements"].append(element)
    return ("append" if model == "log" else "add"), {"element": element}
