"""One fault, from start to end: switched on, seen by the probe, counted, alerted; switched off, and over."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic, time
from typing import Final

from prober.drill.clients import Unanswered
from prober.drill.expected import Expected, Movement
from prober.drill.findings import Finding, Moved
from prober.drill.pipeline import Chain, Pipeline, Say
from prober.drill.probes import probe_name
from prober.drill.processes import until
from prober.drill.webhook import Notice

PATIENCE: Final = 30.0
"""Seconds for each link of the chain, on a machine that is busy, beyond what its time constants ask for,
at the usual speed."""


class FaultRun:
    """Begins with `inject`, ends with `settle`; what was found until then is told by `finding`."""

    def __init__(self, fault: str, expected: Expected, reason: str, *, target: str, pipeline: Pipeline) -> None:
        self.fault = fault
        self.target = target
        self.expected = expected
        self.probe = probe_name(target, expected.probe)
        self.began_at = 0.0
        """When the fault was switched on, in seconds since the epoch."""
        self._reason = reason
        self._pipeline = pipeline
        self._patience = PATIENCE * pipeline.pace
        self._on = self._off = 0.0
        self._seen: str | None = None
        self._metric: Moved | None = None
        self._alert: Notice | None = None
        self._probe_seconds: float | None = None
        self._alert_seconds: float | None = None
        self._resolved_seconds: float | None = None

    async def inject(self, say: Say) -> None:
        """Switch the fault on, wait until it is seen everywhere, switch it off, wait until the probe passes again."""
        reference, chain = self._pipeline.references[self.target], self._pipeline.chain
        before = await self._value(self.expected.metric)
        self.began_at, self._on = time(), monotonic()
        await reference.switch(self.fault + self.expected.argument)
        if await until(self._is_seen, seconds=self._patience):
            self._probe_seconds = monotonic() - self._on
            self._metric = await self._movement(before)
            if chain is not None:
                self._alert = await until(self._fired, seconds=self._patience)
                self._alert_seconds = self._alert.told_at - self.began_at if self._alert else None
        await reference.switch()
        self._off = monotonic()
        say(f"{self.fault}: {self._progress()}")
        if await until(self._passes, seconds=self._patience) and chain is None:
            self._resolved_seconds = monotonic() - self._off

    async def settle(self, say: Say) -> None:
        """Wait until the alert is told to be over."""
        chain = self._pipeline.chain
        if chain is None or self._alert is None:
            return
        patience = self._patience + chain.keeps.get(self._alert.name, 0.0) + 2 * chain.group_interval
        if await until(self._resolved, seconds=patience):
            self._resolved_seconds = monotonic() - self._off
            say(f"{self.fault}: resolved after {self._resolved_seconds:.1f} s")

    def finding(self, *, echoes: tuple[str, ...], wrong: tuple[str, ...]) -> Finding:
        """All of it."""
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
        except Unanswered:
            return None
        self._seen = seen or self._seen
        return seen == self._reason or None

    async def _passes(self) -> bool | None:
        try:
            return (await self._pipeline.prober.reasons())[self.probe] is None or None
        except Unanswered:
            return None

    async def _movement(self, before: float) -> Moved | None:
        """The one run that was seen has moved it already: pages are made anew for whoever asks."""
        metric = self.expected.metric
        after = await self._value(metric)
        if abs(after - before) < metric.least:
            return None
        return Moved(family=metric.family, labels=self._labels(metric), before=before, after=after)

    async def _value(self, metric: Movement) -> float:
        return await self._pipeline.prober.value(metric.family, self._labels(metric))

    def _labels(self, metric: Movement) -> dict[str, str]:
        about = {"target": self.target} | ({} if metric.of_target else {"probe": self.probe})
        return about | {name: value.format(reason=self._reason) for name, value in metric.labels.items()}

    async def _fired(self) -> Notice | None:
        return next((notice for notice in self._notices if self._is_mine(notice.labels, notice)), None)

    async def _resolved(self) -> bool | None:
        assert self._alert is not None
        told = [notice for notice in self._notices if notice.labels == self._alert.labels]
        return (told[-1].status == "resolved" and told[-1].began_at >= self._alert.began_at) or None

    @property
    def _notices(self) -> list[Notice]:
        chain = self._pipeline.chain
        return [] if chain is None else [notice for notice in chain.hook.notices if notice.told_at >= self.began_at]

    def _is_mine(self, labels: Mapping[str, str], notice: Notice) -> bool:
        wanted = {"alertname": self.expected.alert, "target": self.target, "reason": self._reason}
        mine = wanted.items() <= labels.items() and labels.get("probe", self.probe) == self.probe
        return mine and notice.status == "firing" and notice.began_at >= self.began_at

    @staticmethod
    def _receivers(alert: Notice | None, chain: Chain | None) -> tuple[str, ...]:
        if alert is None or chain is None:
            return ()
        same = [notice for notice in chain.hook.notices if notice.labels == alert.labels]
        return tuple(sorted({notice.receiver for notice in same if notice.began_at == alert.began_at}))

    def _progress(self) -> str:
        if self._probe_seconds is None:
            return f"not seen as {self._reason} within {self._patience:g} s"
        told = f"{self._reason} after {self._probe_seconds:.1f} s"
        if self._pipeline.chain is None:
            return told
        if self._alert_seconds is None:
            return f"{told}, no alert {self.expected.alert} within {self._patience:g} s"
        return f"{told}, {self.expected.alert} after {self._alert_seconds:.1f} s"
