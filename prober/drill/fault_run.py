"""One fault: injected, seen by the probe, counted, alerted; switched off, resolved."""

from __future__ import annotations

from time import monotonic, time
from typing import Final

from prober.drill.clients import RequestError
from prober.drill.expected import Expected, MetricChange
from prober.drill.findings import Finding, ObservedChange
from prober.drill.pipeline import Chain, Pipeline, Say
from prober.drill.probes import probe_name
from prober.drill.processes import until
from prober.drill.webhook import Notification
from prober.outcome import Reason

PATIENCE: Final = 30.0
"""Seconds to wait for each step at the usual speed, beyond the step's own time constants: for busy machines."""


class FaultRun:
    """Call `wait_for_quiet`, `inject`, `settle`, then `finding`."""

    def __init__(self, fault: str, expected: Expected, reason: str, *, target: str, pipeline: Pipeline) -> None:
        self.fault = fault
        self.target = target
        self.expected = expected
        self.probe = probe_name(target, expected.probe)
        self.injected_at = 0.0
        """When the fault was switched on, in seconds since the epoch."""
        self._reason = reason
        self._pipeline = pipeline
        self._patience = PATIENCE * pipeline.pace
        self._on = self._off = 0.0
        """The same moment and the moment of switching off, by the monotonic clock."""
        self._seen: str | None = None
        self._metric: ObservedChange | None = None
        self._alert: Notification | None = None
        self._probe_seconds: float | None = None
        self._alert_seconds: float | None = None
        self._resolved_seconds: float | None = None

    async def wait_for_quiet(self) -> None:
        """Wait until the expected alert no longer fires for an earlier fault: one alert knows no reasons."""
        if self._pipeline.chain is not None:
            await until(self._is_quiet, seconds=self._settling(self.expected.alert))

    async def inject(self, say: Say) -> None:
        """Switch the fault on, wait for probe, metric and alert, switch it off, wait until the probe passes again."""
        reference, chain = self._pipeline.references[self.target], self._pipeline.chain
        before = await self._value(self.expected.metric)
        self.injected_at, self._on = time(), monotonic()
        await reference.switch(self.fault + self.expected.argument)
        if await until(self._is_seen, seconds=self._patience):
            self._probe_seconds = monotonic() - self._on
            self._metric = await self._change_since(before)
            if chain is not None:
                self._alert = await until(self._fired, seconds=self._patience)
                self._alert_seconds = self._alert.received_at - self.injected_at if self._alert else None
        await reference.switch()
        self._off = monotonic()
        say(f"{self.fault}: {self._progress()}")
        if await until(self._passes, seconds=self._patience) and chain is None:
            self._resolved_seconds = monotonic() - self._off

    async def settle(self, say: Say) -> None:
        """Wait until the alert is resolved."""
        if self._pipeline.chain is None or self._alert is None:
            return
        if await until(self._resolved, seconds=self._settling(self._alert.name)):
            self._resolved_seconds = monotonic() - self._off
            say(f"{self.fault}: resolved after {self._resolved_seconds:.1f} s")

    def finding(self, *, echoes: tuple[str, ...], wrong: tuple[str, ...]) -> Finding:
        """The result."""
        return Finding(
            fault=self.fault,
            target=self.target,
            probe=self.probe,
            expected_reason=self._reason,
            reason=self._seen,
            metric=self._metric,
            expected_alert=self.expected.alert if self._pipeline.chain else None,
            alert=self._alert.labels if self._alert else None,
            receivers=self._receivers(self._alert, self._pipeline.chain),
            probe_seconds=self._probe_seconds,
            alert_seconds=self._alert_seconds,
            resolved_seconds=self._resolved_seconds,
            echoes=echoes,
            wrong=wrong,
        )

    async def _is_seen(self) -> bool | None:
        try:
            seen = (await self._pipeline.prober.reasons())[self.probe]
        except RequestError:
            return None
        self._seen = seen or self._seen
        return seen == self._reason or None

    async def _passes(self) -> bool | None:
        try:
            return (await self._pipeline.prober.reasons())[self.probe] is None or None
        except RequestError:
            return None

    async def _change_since(self, before: float) -> ObservedChange | None:
        """The change of the expected metric. No need to wait: /metrics already includes the run that was seen."""
        metric = self.expected.metric
        after = await self._value(metric)
        if abs(after - before) < metric.least:
            return None
        return ObservedChange(family=metric.family, labels=self._labels(metric), before=before, after=after)

    async def _value(self, metric: MetricChange) -> float:
        return await self._pipeline.prober.value(metric.family, self._labels(metric))

    def _labels(self, metric: MetricChange) -> dict[str, str]:
        about = {"target": self.target} | ({} if metric.of_target else {"probe": self.probe})
        symptom = Reason(self._reason).symptom.value
        return about | {
            name: value.format(reason=self._reason, symptom=symptom) for name, value in metric.labels.items()
        }

    async def _fired(self) -> Notification | None:
        return next((each for each in self._notifications if self._is_expected(each)), None)

    async def _resolved(self) -> bool | None:
        assert self._alert is not None
        last = [each for each in self._notifications if each.labels == self._alert.labels][-1]
        return (last.status == "resolved" and last.began_at >= self._alert.began_at) or None

    def _settling(self, alert: str) -> float:
        """Seconds to wait for the end of an alert."""
        chain = self._pipeline.chain
        assert chain is not None
        return self._patience + chain.keep_firing_for.get(alert, 0.0) + 2 * chain.group_interval

    async def _is_quiet(self) -> bool | None:
        assert self._pipeline.chain is not None
        earlier = self._pipeline.chain.webhook.notifications
        last = {tuple(sorted(each.labels.items())): each.status for each in earlier if self._is_about(each)}
        return "firing" not in last.values() or None

    @property
    def _notifications(self) -> list[Notification]:
        chain = self._pipeline.chain
        return [each for each in chain.webhook.notifications if each.received_at >= self.injected_at] if chain else []

    def _is_expected(self, notification: Notification) -> bool:
        fires = notification.status == "firing" and notification.began_at >= self.injected_at
        return fires and self._is_about(notification)

    def _is_about(self, notification: Notification) -> bool:
        wanted = {"alertname": self.expected.alert, "target": self.target}
        labels = notification.labels
        return wanted.items() <= labels.items() and labels.get("probe", self.probe) == self.probe

    @staticmethod
    def _receivers(alert: Notification | None, chain: Chain | None) -> tuple[str, ...]:
        if alert is None or chain is None:
            return ()
        same = [each for each in chain.webhook.notifications if each.labels == alert.labels]
        return tuple(sorted({each.receiver for each in same if each.began_at == alert.began_at}))

    def _progress(self) -> str:
        if self._probe_seconds is None:
            return f"not seen as {self._reason} within {self._patience:g} s"
        seen = f"{self._reason} after {self._probe_seconds:.1f} s"
        if self._pipeline.chain is None:
            return seen
        if self._alert_seconds is None:
            return f"{seen}, no alert {self.expected.alert} within {self._patience:g} s"
        return f"{seen}, {self.expected.alert} after {self._alert_seconds:.1f} s"
