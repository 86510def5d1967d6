"""How far the counters of a server have to move for what was done to it, and whether they did.

Other callers move the same counters meanwhile, so each has to move by at least what was done, never by exactly that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prober.state_metrics.families import Families
from prober.state_metrics.page import Page

CALLS: Final = "mcp_tool_calls_total"
DURATIONS: Final = "mcp_tool_duration_seconds_count"
WRITES: Final = "mcp_state_writes_total"
CONFLICTS: Final = "mcp_state_write_conflicts_total"
LOCK_WAITS: Final = "mcp_state_lock_wait_seconds_count"
LOCK_SECONDS: Final = "mcp_state_lock_wait_seconds_sum"

_ROUNDING: Final = 1e-6


@dataclass(kw_only=True)
class Expected:
    """By sample and labels, how far it has to move at least."""

    least: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def add(self, sample: str, least: float, **labels: str) -> None:
        key = sample, tuple(labels.items())
        self.least[key] = self.least.get(key, 0) + least

    def called(self, tool: str, *, is_error: bool) -> None:
        """A call of a tool was answered."""
        self.add(CALLS, 1, tool_name=tool, status="error" if is_error else "ok")
        self.add(DURATIONS, 1, tool_name=tool, status="error" if is_error else "ok")

    def written(self, tool: str) -> None:
        """A write took effect."""
        self.add(WRITES, 1, tool=tool, outcome="ok")

    def lost(self, tool: str) -> None:
        """A write lost against another."""
        self.add(CONFLICTS, 1, tool=tool)
        self.add(WRITES, 1, tool=tool, outcome="conflict")

    def waited(self, tool: str, *, seconds: float) -> None:
        """A call waited for a lock, `seconds` at least."""
        self.add(LOCK_WAITS, 1, tool=tool)
        self.add(LOCK_SECONDS, seconds, tool=tool)


@dataclass(frozen=True, kw_only=True)
class Movement:
    """How one sum of series moved."""

    name: str
    """With its labels, as PromQL writes it."""
    least: float
    moved: float | None
    """None where there is no such series."""

    @property
    def is_true(self) -> bool:
        """Whether it moved by what was done, or by more."""
        return self.moved is not None and self.moved >= self.least - _ROUNDING


def movements(before: Page, after: Page, expected: Expected) -> tuple[Movement, ...]:
    """What moved, in the order in which it was expected."""
    return tuple(
        _movement(before, after, name, dict(labels), least) for (name, labels), least in expected.least.items()
    )


def _movement(before: Page, after: Page, name: str, labels: Mapping[str, str], least: float) -> Movement:
    then, now = before.total(name, labels), after.total(name, labels)
    told = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return Movement(name=f"{name}{{{told}}}", least=least, moved=None if now is None else now - (then or 0.0))


def began_anew(before: Page, after: Page, families: Families) -> str | None:
    """A counter that fell between the pages, or the start of the process: they are not of one run of one server."""
    return next(_fallen(before, after, families), None)


def _fallen(before: Page, after: Page, families: Families) -> Iterator[str]:
    counting = {name for family in families if family.type != "gauge" for name in family.samples}
    start = "process_start_time_seconds"
    if (then := before.total(start, {})) is not None and after.total(start, {}) not in (None, then):
        yield start
    old = _by_series(before, counting)
    new = _by_series(after, counting)
    yield from (name for (name, labels), value in old.items() if new.get((name, labels), 0.0) < value)


def _by_series(page: Page, names: Iterable[str]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    wanted = set(names)
    return {(each.name, each.series): each.value for each in page.samples if each.name in wanted}
