"""The first way in which a value does not fit a compiled schema, cheap to make: most faults are of alternatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from prober.assertions.mismatch import Mismatch
from prober.json_values import Json, cap, pointer, render


@dataclass(slots=True)
class Fault:
    """The first way in which a value does not fit. `path` leads from the fault up to the root."""

    keyword: str
    expected: str
    value: Json
    path: list[str | int] = field(default_factory=list)

    def mismatch(self) -> Mismatch:
        return Mismatch(
            pointer=pointer(reversed(self.path)),
            keyword=self.keyword,
            seen=render(self.value),
            expected=cap(self.expected),
        )


Check = Callable[[Json], Fault | None]
"""None for a value that fits."""
