"""What a drill found, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A series of the daemon before the fault and after the probe had seen it."""

    family: str
    labels: Mapping[str, str]
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of one fault. Times are seconds: to detect from switching it on, to resolve from switching it off.

    Without Prometheus there is no alert, and `resolved_seconds` is when the probe passed again.
    """

    fault: str
    target: str
    probe: str
    expected_reason: str
    reason: str | None = None
    """What the probe said: the reason that was expected, or else the last one seen; None where it passed."""
    metric: Moved | None = None
    """None where it did not move."""
    expected_alert: str | None = None
    """None where none is looked for."""
    alert: Mapping[str, str] | None = None
    """Its labels as they came out of the end of the chain."""
    receivers: tuple[str, ...] = ()
    """By which the Alertmanager told of it."""
    probe_seconds: float | None = None
    alert_seconds: float | None = None
    resolved_seconds: float | None = None
    echoes: tuple[str, ...] = ()
    """Alerts that were told as well, and rightly."""
    wrong: tuple[str, ...] = ()
    """Alerts that should not have been told."""

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is not as expected, in words."""
        told = []
        if self.probe_seconds is None:
            told.append(f"missed by the probe, which said {self.reason or 'pass'} instead of {self.expected_reason}")
        elif self.metric is None:
            told.append("no metric moved")
        if self.expected_alert is not None and self.alert_seconds is None:
            told.append(f"{self.expected_alert} did not fire")
        if self.resolved_seconds is None and (self.expected_alert is None or self.alert_seconds is not None):
            told.append("did not resolve")
        return (*told, *(f"wrong alert {name}" for name in self.wrong))

    @property
    def as_expected(self) -> bool:
        """Whether all came of it that should, and nothing else."""
        return not self.troubles


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole drill."""

    started_at: datetime
    seconds: float
    speed: float
    chain: str | None
    """None with Prometheus and Alertmanager; else why without."""
    findings: tuple[Finding, ...]
    own: tuple[str, ...] = ()
    """Alerts by which the prober says that it cannot be relied on: then the drill cannot be either."""

    @property
    def as_expected(self) -> bool:
        """Whether everything was."""
        return not self.own and all(finding.as_expected for finding in self.findings)
