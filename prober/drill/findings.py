"""The results of a drill, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prober.drill.deliveries import Delivery


@dataclass(frozen=True, kw_only=True)
class ObservedChange:
    """A series of the daemon before the fault and after the probe had seen the fault."""

    family: str
    labels: Mapping[str, str]
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one fault. Detection is timed in seconds from switching it on, resolution from switching it off.

    Without Prometheus there is no alert; `resolved_seconds` is then the time until the probe passed again.
    """

    fault: str
    target: str
    probe: str
    expected_reason: str
    reason: str | None = None
    """The probe's reason: the expected one, or else the last one seen; None if it passed."""
    metric: ObservedChange | None = None
    """None if the expected metric did not change."""
    expected_alert: str | None = None
    """None without Prometheus."""
    alert: Mapping[str, str] | None = None
    """Its labels in the notification."""
    receivers: tuple[str, ...] = ()
    """The Alertmanager's receivers of the alert."""
    probe_seconds: float | None = None
    alert_seconds: float | None = None
    resolved_seconds: float | None = None
    echoes: tuple[str, ...] = ()
    """Other alerts that rightly fired."""
    wrong: tuple[str, ...] = ()
    """Alerts that should not have fired."""

    @property
    def troubles(self) -> tuple[str, ...]:
        """Every difference from the expected result, in words."""
        troubles = []
        if self.probe_seconds is None:
            troubles.append(
                f"missed by the probe, which said {self.reason or 'pass'} instead of {self.expected_reason}"
            )
        elif self.metric is None:
            troubles.append("no metric moved")
        if self.expected_alert is not None and self.alert_seconds is None:
            troubles.append(f"{self.expected_alert} did not fire")
        if self.resolved_seconds is None and (self.expected_alert is None or self.alert_seconds is not None):
            troubles.append("did not resolve")
        return (*troubles, *(f"wrong alert {name}" for name in self.wrong))

    @property
    def as_expected(self) -> bool:
        """Whether nothing is missing and no wrong alert fired."""
        return not self.troubles


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole drill."""

    started_at: datetime
    seconds: float
    speed: float
    chain: str | None
    """Why the drill ran without Prometheus and Alertmanager; None if it ran with them."""
    findings: tuple[Finding, ...]
    own: tuple[str, ...] = ()
    """Alerts about the prober itself: then the results of the drill are not reliable."""
    deliveries: tuple[Delivery, ...] = ()
    """To the operator's receivers, if they took part."""

    @property
    def as_expected(self) -> bool:
        """Whether every fault is as expected, no alert is about the prober itself, and no delivery failed."""
        return (
            not self.own
            and all(finding.as_expected for finding in self.findings)
            and not any(each.trouble for each in self.deliveries)
        )
