"""The expected effects of each fault of the reference server: which probe, metric and alert must show it.

The reason that the probe must give is not written here: the reference server publishes it for each fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CALLS: Final = "reference.yaml"
RULES: Final = "reference-rules.yaml"
RACES: Final = "reference-races.yaml"
"""The shipped files of probes. A fault is injected into a server that the probes of one of them look at."""


@dataclass(frozen=True, kw_only=True)
class MetricChange:
    """A series of the daemon that must change by `least` or more.

    `{reason}` in a label is the fault's reason, `{symptom}` the symptom of that reason.
    """

    family: str
    of_target: bool = False
    """Whether the series belongs to the target: it has no label `probe`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    least: float = 1.0


_FAILURES: Final = MetricChange(family="mcp_probe_runs_total", labels={"result": "{symptom}"})
_VIOLATIONS: Final = MetricChange(family="mcp_race_violations_total", labels={"anomaly": "{reason}"})


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The expected effects of one fault."""

    probe: str
    """The shipped probe that sees the fault."""
    alert: str
    metric: MetricChange = _FAILURES
    argument: str = ""
    """Appended to the fault's name when it is switched on: a duration."""
    file: str = CALLS
    """The shipped file that has the probe."""

    @property
    def lingers(self) -> bool:
        """Whether the alert stays long after the fault: no right answer disproves what several clients saw."""
        return self.alert == "McpRaceViolation"


SLOW_SECONDS: Final = 0.4
"""Delay of the fault `slow`: a probe of many requests still ends within its timeout."""


def _race(probe: str) -> Expected:
    return Expected(probe=probe, alert="McpRaceViolation", metric=_VIOLATIONS, file=RACES)


def _rule(probe: str, alert: str = "McpWrongAnswer") -> Expected:
    return Expected(probe=probe, alert=alert, file=RULES)


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
        probe="reference-catalog",
        alert="McpWrongAnswer",
        metric=MetricChange(family="mcp_target_tools", of_target=True),
    ),
    "schema-drift": Expected(
        probe="reference-catalog",
        alert="McpContractBroken",
        metric=MetricChange(family="mcp_contract_changes", labels={"severity": "breaking"}),
    ),
    "unusable-schema": _rule("rules-of-clients"),
    "crossed-answers": _rule("rules-of-isolation", "McpRaceViolation"),
    "any-origin": _rule("rules-of-http"),
    "unchecked-headers": _rule("rules-of-sessions"),
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
        metric=MetricChange(family="mcp_probe_latency_seconds", least=SLOW_SECONDS / 2),
        argument=f":{SLOW_SECONDS:g}s",
    ),
}
"""By the fault's name. Tests compare it with the reference server's faults and with the names in alerts/."""

ECHOES: Final = frozenset({"McpSloBurnFast", "McpSloBurn", "McpSloBurnSlow", "McpWrongAnswersNowAndThen"})
"""Alerts over a long window: an hour of faults rightly burns an error budget, and a probe that two faults met for a run
or two each rightly counts as wrong now and then. They are reported, and are not wrong."""

SELF_ALERTS: Final = frozenset(
    {
        "McpProbeCannotTell",
        "McpProbeNotRun",
        "McpProberAbsent",
        "McpProberLate",
        "McpProberSkipsRuns",
        "McpProberStalled",
        "McpProberSuspectsItself",
        "McpProberWorkerEnds",
    }
)
"""Alerts about the prober itself. No fault of a server raises them; a machine too busy for the drill does."""
