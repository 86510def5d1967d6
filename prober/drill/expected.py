"""What a drill expects: one written-out mapping from a fault of the reference server to what must come of it.

The reason that the probe must give is not written here: the reference server says it of each of its faults itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

STATE_TARGET: Final = "reference-races"
"""The target whose probes race: faults that only races find are drilled there."""


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A series of the daemon that must move, of the probe or of its target, and by how much at least.

    `{reason}` in a label's value stands for the fault's reason.
    """

    family: str
    of_target: bool = False
    """Whether it has no label `probe`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    least: float = 1.0


_FAILURES: Final = Movement(family="mcp_probe_failures_total", labels={"reason": "{reason}"})
_VIOLATIONS: Final = Movement(family="mcp_race_violations_total", labels={"anomaly": "{reason}"})


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must come of one fault."""

    probe: str
    """As the shipped files call the probe that looks at the right place."""
    alert: str
    metric: Movement = _FAILURES
    argument: str = ""
    """What follows the fault's name where it is switched on: a duration."""

    @property
    def races(self) -> bool:
        """Whether it takes clients that race to find the fault."""
        return self.alert == "McpRaceViolation"


SLOW_SECONDS: Final = 0.4
"""By how much the fault `slow` delays each answer; what a probe of many requests outlasts within its timeout."""


def _race(probe: str) -> Expected:
    return Expected(probe=probe, alert="McpRaceViolation", metric=_VIOLATIONS)


def _wrong(probe: str = "reference-workflow-state") -> Expected:
    return Expected(probe=probe, alert="McpWrongAnswer")


def _down() -> Expected:
    return Expected(probe="reference-workflow-state", alert="McpTargetDown")


EXPECTED: Final[Mapping[str, Expected]] = {
    "lost-update": _race("reference-steps"),
    "torn-read": _race("reference-record"),
    "stale-cache": _race("reference-configuration"),
    "session-loss": _wrong(),
    "lock-not-released": _race("reference-lock"),
    "double-lock": _race("reference-lock"),
    "duplicate-event": _race("reference-audit-trail"),
    "missing-field": _wrong("reference-session"),
    "null-field": _wrong(),
    "wrong-type": _wrong("reference-sessions"),
    "tool-error": _wrong(),
    "drop-tool": Expected(
        probe="reference-catalog", alert="McpWrongAnswer", metric=Movement(family="mcp_target_tools", of_target=True)
    ),
    "schema-drift": Expected(
        probe="reference-catalog",
        alert="McpContractBroken",
        metric=Movement(family="mcp_contract_changes", labels={"severity": "breaking"}),
    ),
    "http-500": _down(),
    "http-503": _down(),
    "html-200": _down(),
    "malformed-json": _down(),
    "truncated-body": _down(),
    "wrong-id": _down(),
    "hang": _down(),
    "slow": Expected(
        probe="reference-workflow-state",
        alert="McpTooSlow",
        metric=Movement(family="mcp_probe_latency_seconds", least=SLOW_SECONDS / 2),
        argument=f":{SLOW_SECONDS:g}s",
    ),
}
"""By the fault's name. Tests hold it equal to the reference server's faults and to the names in alerts/."""

ECHOES: Final = frozenset({"McpSloBurnFast", "McpSloBurn", "McpSloBurnSlow", "McpSlowAgainstBudget"})
"""Alerts that look back: an hour of faults one after the other rightly burns an error budget. They are told, and not
held against any fault."""

OWN: Final = frozenset(
    {
        "McpProbeCannotTell",
        "McpProbeNotRun",
        "McpProberAbsent",
        "McpProberLate",
        "McpProberSkipsRuns",
        "McpProberSuspectsItself",
    }
)
"""Alerts by which a prober says that it cannot be relied on. No fault of a server raises them; a machine that is too
busy for the drill does."""
