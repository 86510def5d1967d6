"""What a run found wrong, rule by rule: one failure in the end, with all of it as evidence, and their number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from prober.config.kind import FactMetric
from prober.kinds.several_failures import first_of
from prober.outcome import Evidence, Failure, Reason

_FACT: Final = "rules_broken"

RULES_METRIC: Final = FactMetric(
    name="mcp_probe_rules_broken",
    type="gauge",
    help="Rules of the transport that the last run found broken, of those that it tried and that are demanded.",
    facts={"": _FACT},
)


@dataclass(kw_only=True)
class BrokenRules:
    """Broken rules, in the order in which they were found."""

    _found: list[Failure] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._found)

    def add(self, reason: Reason, message: str, *, step: str, evidence: Evidence) -> None:
        self._found.append(Failure(reason, message, step=step, evidence=evidence))

    def conclude(self, facts: dict[str, float]) -> None:
        """Raises the first as a failure; the others are its further evidence. Returns where there is none."""
        facts[_FACT] = len(self._found)
        if not self._found:
            return
        others = len(self._found) - 1
        more = f"; {others} more in the evidence" if others else ""
        raise first_of(
            self._found,
            self._found[0].message + more,
            told=lambda other: replace(other.evidence, detail=other.message),
        )
