"""Which faults are on and how often they strike.

A fault is written `NAME[:DURATION][:RATE]`: `null-field`, `lost-update:0.1`, `slow:250ms`, `slow:1.5s:0.5`. The rate is
the share of occasions at which the fault strikes, above 0 and up to 1 (the default: always). A duration is a number
with `ms` or `s`; only `slow` takes one.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from mcp_state.logs import log
from prober.reference.faults.catalog import FAULTS

_DURATION: Final = re.compile(r"^(\d+(?:\.\d+)?)(ms|s)$")
_DEFAULT_DELAY: Final = 1.0
_MAX_DELAY: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault that is on."""

    name: str
    rate: float = 1.0
    delay: float = 0.0
    """Seconds; only of `slow`."""

    def __str__(self) -> str:
        duration = f":{self.delay * 1000:g}ms" if self.delay else ""
        return f"{self.name}{duration}" + (f":{self.rate:g}" if self.rate < 1 else "")


def parse(text: str) -> Fault:
    """Read one fault. Raises ValueError that says what is wrong with it."""
    name, *rest = text.split(":")
    kind = FAULTS.get(name)
    if kind is None:
        near = get_close_matches(name, FAULTS, n=1)
        raise ValueError(f"unknown fault {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    delay = _DEFAULT_DELAY if kind.takes_delay else 0.0
    if kind.takes_delay and rest and (match := _DURATION.match(rest[0])):
        delay = float(match[1]) * (0.001 if match[2] == "ms" else 1.0)
        rest = rest[1:]
        if not 0 < delay <= _MAX_DELAY:
            raise ValueError(f"fault {text!r}: the duration must be above 0 and at most {_MAX_DELAY:g}s")
    if not rest:
        return Fault(name=name, delay=delay)
    try:
        rate = float(rest[0])
    except ValueError:
        rate = 0.0
    if len(rest) > 1 or not 0 < rate <= 1:
        allowed = "a duration such as 250ms and a rate" if kind.takes_delay else "a rate"
        raise ValueError(f"fault {text!r}: after the name may come {allowed} above 0 and up to 1")
    return Fault(name=name, rate=rate, delay=delay)


def parse_all(texts: Iterable[str]) -> tuple[Fault, ...]:
    """Read several faults, each named once. Raises ValueError with every mistake, a line each."""
    faults: dict[str, Fault] = {}
    mistakes: list[str] = []
    for text in texts:
        try:
            fault = parse(text)
        except ValueError as error:
            mistakes.append(str(error))
            continue
        if fault.name in faults:
            mistakes.append(f"fault {fault.name!r} is given twice")
        faults[fault.name] = fault
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return tuple(faults.values())


class FaultSwitches:
    """The active faults of one server."""

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int | None = None) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - decides what breaks, not what is secret
        self._active: dict[str, Fault] = {fault.name: fault for fault in faults}
        self._strikes: dict[str, int] = dict.fromkeys(FAULTS, 0)

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that are on."""
        return tuple(self._active.values())

    @property
    def strikes(self) -> dict[str, int]:
        """How often each fault struck since the server started."""
        return dict(self._strikes)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch to these faults and no others."""
        self._active = {fault.name: fault for fault in faults}
        log(logging.WARNING, "faults", active=[str(fault) for fault in self.active])

    def is_on(self, name: str) -> bool:
        """Whether a fault is on, whatever its rate."""
        return name in self._active

    def strike(self, name: str) -> Fault | None:
        """The fault, if it is on and strikes at this occasion."""
        if not self._active:  # the common case costs nothing
            return None
        fault = self._active.get(name)
        if fault is None or (fault.rate < 1 and self._dice.random() >= fault.rate):
            return None
        self._strikes[name] += 1
        return fault
