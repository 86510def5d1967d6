"""Three hours of two probers and a fleet of ten targets, told to the real sink as the daemon would tell them.

What happens is written down in TROUBLES; how fast things are comes from a seeded generator. So the same story has the
same numbers wherever and whenever it is told; `healthy` tells it without the troubles.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from unittest.mock import patch

from prometheus_client.samples import Sample

from prober.config.model import Config, Probe
from prober.config.sources import TargetSource
from prober.metrics import Metrics
from prober.metrics.records import Streak
from prober.outcome import MaskedServerInfo, Outcome, Phase, Reason, ServerInfo, Verdict
from prober.scheduled_run import ScheduledRun
from prober.sources.watcher import SourceState
from prober.status import StatusStore
from tests.dashboards.story_config import CLIENTS, HTTPS, TOKENS, TOOLS
from tests.metrics.library import library_registry

MINUTES: Final = 180
LOCATIONS: Final[Mapping[str, str]] = {"amsterdam": "127.0.0.1:9733", "singapore": "127.0.0.2:9733"}
"""Where the probers stand, and how they are scraped."""

_DAY: Final = 86400.0


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong from one minute to another. An empty `probe` or `location` means all of them."""

    target: str
    reason: Reason
    begins: int
    ends: int = MINUTES + 1
    probe: str = ""
    location: str = ""
    share: float = 1.0
    """How many of the runs meet it."""

    def meets(self, *, probe: Probe, location: str, minute: int, chance: float) -> bool:
        """Whether a run goes wrong."""
        return (
            probe.target == self.target
            and self.begins <= minute < self.ends
            and self.probe in ("", probe.name)
            and self.location in ("", location)
            and chance < self.share
        )


TROUBLES: Final = (
    Trouble(target="crm", reason=Reason.CONNECT_REFUSED, begins=128),
    Trouble(target="crm", reason=Reason.UNAVAILABLE, begins=116, ends=128),
    Trouble(target="payments", reason=Reason.SCHEMA_MISMATCH, begins=96, probe="payments-balance"),
    Trouble(target="payments", reason=Reason.CONTRACT_BROKEN, begins=92, probe="payments-catalog"),
    Trouble(target="payments", reason=Reason.DUPLICATE_EFFECT, begins=95, probe="payments-race", share=0.6),
    Trouble(target="payments", reason=Reason.TIMEOUT, begins=20, ends=60, share=0.3),
    Trouble(target="inventory", reason=Reason.LOST_UPDATE, begins=60, probe="inventory-race"),
    Trouble(target="search", reason=Reason.TOO_SLOW, begins=60, ends=80, share=0.5, probe="search-query"),
    Trouble(target="weather", reason=Reason.RATE_LIMITED, begins=30, ends=150, share=0.06),
    Trouble(target="weather", reason=Reason.DNS_FAILED, begins=100, ends=112, location="singapore"),
    Trouble(target="notes", reason=Reason.PROCESS_EXITED, begins=140, ends=156),
    Trouble(target="calendar", reason=Reason.TOOL_ERROR, begins=40, ends=44, probe="calendar-today"),
    Trouble(target="docs", reason=Reason.NOT_RUN, begins=150, probe="docs-read"),
    Trouble(target="mail", reason=Reason.MALFORMED_JSON, begins=66, ends=73, share=0.7),
)
MAINTENANCE: Final = {"notes": (138, 160), "mail": (170, MINUTES + 1)}
"""Targets with a window, by its first minute and the one after its last."""
UPGRADED: Final = {"payments": 90}
"""When a target began to answer as another version."""
REFUSING: Final = ("gemini", "bedrock")
"""Clients that refuse a tool of that version."""

_PACE: Final = {"crm": 0.09, "search": 0.6, "payments": 0.14, "weather": 0.22, "docs": 0.05}
"""Seconds that a request takes, where it is not a fifth of that of the others."""


class Prober:
    """One prober of the story."""

    def __init__(self, config: Config, *, location: str, healthy: bool, begin: float) -> None:
        """`begin` is the Unix time at which the story begins."""
        self._config = config
        self._location = location
        self._troubles = () if healthy else TROUBLES
        self._healthy = healthy
        self._begin = begin
        self._dice = random.Random(location)
        self._minute = 0
        self._written = 0
        self._metrics = Metrics(location=location)
        self._registry = library_registry(self._metrics)
        with patch("time.time", return_value=begin - 40):
            self._metrics.apply_config(config, config.probes)
        self._statuses = StatusStore()
        self._statuses.apply_config(config)
        self._metrics.ask(budget_remaining=self._budget_left, in_maintenance=self._in_maintenance, streak=self._streak)

    def live(self, minute: int) -> None:
        """Live through a minute."""
        self._minute = minute
        if not self._healthy and minute == 88:
            with patch("time.time", return_value=self._now()):
                self._metrics.apply_config(self._config, self._config.probes)
        for probe in self._config.probes.values():
            if minute % (probe.interval / 60) == sum(probe.name.encode()) % (probe.interval / 60):
                self._run(probe)
        self._breathe()

    def page(self) -> Iterator[Sample]:
        """What the page says now."""
        fixed = self._process()
        for family in self._registry.collect():
            for sample in family.samples:
                yield sample._replace(value=fixed.get(sample.name, sample.value))

    def _now(self) -> float:
        return self._begin + 60 * self._minute

    def _in_maintenance(self, probe: str) -> bool:
        first, end = MAINTENANCE.get(self._config.probes[probe].target, (0, 0))
        return not self._healthy and first <= self._minute < end

    def _streak(self, probe: str) -> Streak:
        status = self._statuses.probe(probe)
        return status.streak, status.symptom

    def _budget_left(self, target: str) -> float:
        a_minute = 1.2 if self._healthy or target != "docs" else 2.6
        return max(0.0, 120 - (self._minute % 60) * a_minute)

    def _run(self, probe: Probe) -> None:
        chance = self._dice.random()
        reason = next(
            (
                trouble.reason
                for trouble in self._troubles
                if trouble.meets(probe=probe, location=self._location, minute=self._minute, chance=chance)
            ),
            None,
        )
        outcome = self._outcome(probe, reason)
        self._written += 2100
        run = ScheduledRun(
            outcome=outcome, due=outcome.started_at, start_lag_seconds=self._dice.expovariate(1 / self._lag())
        )
        self._statuses.record(run)
        self._metrics.record(run)
        if reason is Reason.TIMEOUT and chance < 0.05:
            self._metrics.skipped(probe)

    def _outcome(self, probe: Probe, reason: Reason | None) -> Outcome:
        phases = self._phases(probe, reason)
        target = self._config.targets[probe.target]
        modern = target.name in ("reference", "search", "docs", "payments", "crm")
        server = ServerInfo(
            era="modern" if modern else "handshake",
            protocol_version="2026-07-28" if modern else "2025-11-25",
            name=f"{target.name}-mcp",
            version="3.0.0" if self._is_upgraded(target.name) else "2.4.1",
        )
        lost = reason is not None and reason in (Reason.CONNECT_REFUSED, Reason.DNS_FAILED, Reason.NOT_RUN)
        return Outcome(
            target=target.name,
            probe=probe.name,
            kind=probe.kind,
            verdict=reason.verdict if reason else Verdict.PASS,
            reason=reason,
            started_at=datetime.fromtimestamp(self._now() - self._dice.uniform(1, 55), UTC),
            duration_seconds=sum(phases.values()) if reason is not Reason.TIMEOUT else 10.0,
            phases=phases,
            server=MaskedServerInfo(ServerInfo() if lost else server),
            facts={} if lost else self._facts(probe, phases, reason),
        )

    def _is_upgraded(self, target: str) -> bool:
        return not self._healthy and self._minute >= UPGRADED.get(target, MINUTES + 1)

    def _phases(self, probe: Probe, reason: Reason | None) -> dict[Phase, float]:
        pace = _PACE.get(probe.target, 0.03) * self._dice.lognormvariate(0, 0.35)
        if self._location == "singapore":
            pace = pace * 1.15 + 0.02
        if reason is Reason.TOO_SLOW:
            pace *= 2.5
        if probe.kind == "race":
            pace *= 60
        if probe.target == "notes":
            return {Phase.SPAWN: pace * 3, Phase.SEND: 0.0004, Phase.WAIT: pace, Phase.RECEIVE: 0.0006}
        reached = reason not in (Reason.CONNECT_REFUSED, Reason.DNS_FAILED)
        phases = {Phase.DNS: pace * 0.06, Phase.CONNECT: pace * 0.14}
        if reached and probe.target in HTTPS:
            phases[Phase.TLS] = pace * 0.25
        return phases | {Phase.SEND: 0.0006, Phase.WAIT: pace, Phase.RECEIVE: pace * 0.08} if reached else phases

    def _facts(self, probe: Probe, phases: Mapping[Phase, float], reason: Reason | None) -> dict[str, float]:
        facts: dict[str, float] = {}
        if probe.kind in ("call", "read"):
            facts["latency_seconds"] = phases[Phase.WAIT] + phases[Phase.RECEIVE]
        if probe.target == "notes":
            facts |= {"start_seconds": phases[Phase.SPAWN] + phases[Phase.WAIT], "close_seconds": 0.02}
        if probe.target in HTTPS:
            days = 200.0 if self._healthy else HTTPS[probe.target]
            facts["certificate_expiry_timestamp_seconds"] = self._begin + 60 * MINUTES + days * _DAY
        if probe.target in TOKENS:
            days = 200.0 if self._healthy else TOKENS[probe.target]
            facts["token_expiry_timestamp_seconds"] = self._begin + 60 * MINUTES + days * _DAY
        if probe.kind in ("catalog", "clients"):
            facts["tools_bytes"] = 640.0 * TOOLS[probe.target] + (9000 if self._is_upgraded(probe.target) else 0)
        if probe.kind == "catalog":
            facts["tools"] = TOOLS[probe.target] - 2.0 * (reason is Reason.CONTRACT_BROKEN)
            broken = reason is Reason.CONTRACT_BROKEN
            additive = not self._healthy and probe.target == "search" and self._minute > 50
            facts |= {
                "contract_changes_breaking": 3.0 * broken,
                "contract_changes_additive": 1.0 * broken + 2.0 * additive,
                "contract_changes_cosmetic": 4.0 * (not self._healthy and probe.target == "mail"),
            }
        facts |= self._facts_of_clients(probe)
        if probe.kind == "race":
            facts |= {"race_operations": 200.0, "race_overlap": float(self._dice.randint(5, 8))}
            if reason in (Reason.LOST_UPDATE, Reason.DUPLICATE_EFFECT):
                facts |= {
                    f"race_violations_{reason}": float(self._dice.randint(1, 9)),
                    "race_violations_stale_read": 2.0,
                }
        return facts

    def _facts_of_clients(self, probe: Probe) -> dict[str, float]:
        """What the kinds see that ask as clients do. Of the new version two clients refuse a tool."""
        refused = self._is_upgraded(probe.target)
        match probe.kind:
            case "clients":
                usable = {f"client_usable_{each}": float(not (refused and each in REFUSING)) for each in CLIENTS}
                found = {"error": 2.0 * refused, "warning": 3.0 + refused, "info": 5.0}
                return usable | {f"client_findings_{severity}": number for severity, number in found.items()}
            case "session":
                lost = 3.0 * refused
                rules = {"rules_broken": 2.0 * refused}
                return rules | {"session_connections_known": 8 - lost, "session_connections_lost": lost}
            case "auth":
                return {"auth_registration_dcr": 1.0, "auth_registration_cimd": 0.0}
            case "isolation":
                return {"isolation_calls": 41.0, "isolation_crossed": 4.0 * refused}
            case "metrics":
                return {"metrics_moved": 5.0 - 2 * refused, "metrics_not_moved": 2.0 * refused}
            case "stream":
                return {"stream_open_seconds": 65.0 if refused else 150.0, "stream_silence_seconds": 15.0}
        return {}

    def _lag(self) -> float:
        """Seconds that runs begin late by, on average: a quarter of an hour was busy."""
        return 0.08 if not self._healthy and 130 <= self._minute < 145 else 0.002

    def _breathe(self) -> None:
        metrics, dice = self._metrics, self._dice
        for _ in range(60):
            metrics.loop_lag(dice.expovariate(1 / (self._lag() / 3)))
        metrics.load(running=dice.randint(0, 4), waiting=0 if self._lag() < 0.01 else dice.randint(2, 9))
        metrics.suspects(not self._healthy and self._location == "singapore" and 100 <= self._minute < 108)
        metrics.sources(self._sources())
        metrics.history_up(True)
        metrics.history_size(4_000_000 + self._written, dropped=0)
        if not self._healthy and self._minute in (97, 100, 119, 131):
            metrics.notified(True)

    def _sources(self) -> dict[str, SourceState]:
        """A file that is read each minute, and a registry that could not be had for a while."""
        targets = [*self._config.targets.items()]
        down = not self._healthy and self._minute >= 150
        looked = datetime.fromtimestamp(self._begin + 60 * (149 if down else self._minute), UTC)
        return {
            "platform": SourceState(
                source=TargetSource(name="platform"),
                targets=dict(targets[:4]),
                looked_at=datetime.fromtimestamp(self._now(), UTC),
            ),
            "registry": SourceState(
                source=TargetSource(name="registry"),
                targets=dict(targets[4:]),
                left_out=3,
                looked_at=looked,
                trouble="it answers 503" if down else None,
            ),
        }

    def _process(self) -> dict[str, float]:
        """What else would tell of the moments in which the story is told, not of those that it tells of."""
        lag = self._lag()
        return {
            "process_cpu_seconds_total": 12 + self._minute * 1.7 + self._dice.random(),
            "process_resident_memory_bytes": 92e6 + self._dice.uniform(0, 3e6),
            "process_start_time_seconds": self._begin - 41,
            "process_open_fds": 21.0 + self._dice.randint(0, 5),
            "mcp_prober_loop_lag_max_seconds": lag * self._dice.uniform(1, 4),
        }
