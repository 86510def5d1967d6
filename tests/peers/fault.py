"""What a fault is: a way to misbehave, where it can happen, and what a prober must make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from prober.outcome import Reason
from tests.peers.protocol import Place

Act = TypeVar("Act")
Other = TypeVar("Other")


@dataclass(frozen=True, kw_only=True)
class Fault(Generic[Act]):
    """`act` replaces the well-behaved answer at one of the places in `where`."""

    act: Act
    reason: Reason | None
    """None: odd but allowed, the probe passes."""
    where: frozenset[Place]
    probe: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the probe that sees it, in the words of the configuration, over those that go with the step."""
    after: int = 0
    """So many times the step goes well before it goes wrong."""

    def at(self, places: frozenset[Place]) -> Fault[Act]:
        """The same fault, but only where `places` are."""
        return replace(self, where=self.where & places)

    def doing(self, act: Other) -> Fault[Other]:
        """The same fault for another transport."""
        return Fault(act=act, reason=self.reason, where=self.where, probe=self.probe, after=self.after)
