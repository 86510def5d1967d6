"""What a run found wrong, rule by rule: one failure in the end, with all of it as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from prober.outcome import Evidence, Failure, Reason


@dataclass(kw_only=True)
class BrokenRules:
    """Broken rules, in the order in which they were found."""

    _found: list[Failure] = field(default_factory=list)

    def add(self, reason: Reason, message: str, *, step: str, evidence: Evidence) -> None:
        self._found.append(Failure(reason, message, step=step, evidence=evidence))

    def conclude(self) -> None:
        """Raises the first as a failure; the others are its further evidence. Returns where there is none."""
        if not self._found:
            return
        first, *others = self._found
        more = f"; {len(others)} more in the evidence" if others else ""
        raise Failure(
            first.reason,
            first.message + more,
            step=first.step,
            evidence=first.evidence,
            further=tuple(replace(other.evidence, detail=other.message) for other in others),
        )
