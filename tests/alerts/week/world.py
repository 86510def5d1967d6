"""What happens in the week: fifty servers that are deployed, maintained and sometimes slow; nothing that is an outage.

Times are seconds since the beginning, 00:00 UTC of a Wednesday; in the night to Sunday the clocks of Europe go back.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from prober.config.model import Config, Probe
from prober.loader import load
from prober.outcome import Outcome, Phase, Reason, ServerInfo, Verdict
from prober.outcome.masking import masked_server
from prober.redaction import masked_before

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
BEGIN: Final = datetime(2026, 10, 21, tzinfo=UTC)
MINUTES: Final = 7 * 24 * 60
ZONE: Final = "Europe/Berlin"
CLOCKS_GO_BACK: Final = datetime(2026, 10, 25, 1, tzinfo=UTC)

TARGETS: Final = tuple(f"server-{number:02}" for number in range(50))
MAINTAINED: Final = TARGETS[:5]
"""Every night, an hour after two o'clock UTC."""
CONTROL: Final = "server-13"
"""What is down for some minutes in the week that is told as a control."""


def configured(*, without: str = "") -> Config:
    """The configuration; without a target, after it was removed."""
    names = [name for name in TARGETS if name != without]
    document: dict[str, Any] = {
        "targets": {
            name: {
                "url": f"https://{name}.example/mcp",
                **({"maintenance": [{"cron": "0 2 * * *", "duration": "1h"}]} if name in MAINTAINED else {}),
            }
            for name in names
        },
        "defaults": {"interval": "5m", "timeout": "10s"},
        "probes": {
            **{
                f"{name}-call": {
                    "target": name,
                    "kind": "call",
                    "tool": "search",
                    "latency": {"warn": "500ms", "fail": "2s"},
                    **({"interval": "60s"} if number % 10 == 3 else {}),
                }
                for number, name in enumerate(TARGETS)
                if name in names
            },
            **{
                f"{name}-offer": {"target": name, "kind": "catalog", "interval": "1h", "contract": "contract.json"}
                for name in names[::5]
            },
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probes.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        return load([path], environ={}, contracts_may_be_missing=True)


@dataclass(frozen=True, kw_only=True)
class World:
    """The servers. `outage` is the control: from when to when CONTROL is down."""

    outage: tuple[float, float] | None = None
    dice: random.Random = field(default_factory=lambda: random.Random(50))

    def run(self, probe: Probe, *, at: float, wall: datetime) -> Outcome:
        """What comes of a run at a moment, as a prober sees it whose clock says `wall`."""
        reason = self._reason(probe, at)
        number = TARGETS.index(probe.target)
        slow = self.dice.random() < 0.002
        took = self.dice.lognormvariate(-3.2, 0.4) + 0.7 * slow
        lost = reason is Reason.CONNECT_REFUSED
        return Outcome(
            target=probe.target,
            probe=probe.name,
            kind=probe.kind,
            verdict=reason.verdict if reason else Verdict.PASS,
            reason=reason,
            started_at=wall,
            duration_seconds=10.0 if reason is Reason.TIMEOUT else took,
            phases={Phase.CONNECT: 0.01} if lost else {Phase.CONNECT: 0.01, Phase.WAIT: took - 0.01},
            server=masked_server(ServerInfo() if lost else self._server(number, at), masked_before),
            facts={} if reason else self._facts(probe, took, at),
        )

    def _reason(self, probe: Probe, at: float) -> Reason | None:
        if self._down(probe.target, at):
            return Reason.CONNECT_REFUSED
        return Reason.TIMEOUT if self.dice.random() < 0.0005 else None

    def _down(self, target: str, at: float) -> bool:
        number = TARGETS.index(target)
        if target == CONTROL and self.outage is not None and self.outage[0] <= at < self.outage[1]:
            return True
        since_midnight = at % DAY
        if target in MAINTAINED and 2 * HOUR + 2 * MINUTE <= since_midnight < 2 * HOUR + 50 * MINUTE:
            return True
        deployed = (9 * HOUR + number * 611.0) % DAY
        restarted = 3 * DAY + 12 * HOUR  # the switch before all of them
        return 0 <= since_midnight - deployed < 12 + number % 4 * 10 or 0 <= at - restarted < 20

    @staticmethod
    def _server(number: int, at: float) -> ServerInfo:
        deploys = int((at - (9 * HOUR + number * 611.0)) // DAY + 1)
        return ServerInfo(era="modern", protocol_version="2026-07-28", name=f"mcp-{number}", version=f"1.{deploys}.0")

    @staticmethod
    def _facts(probe: Probe, took: float, at: float) -> Mapping[str, float]:
        issued = DAY * (at // (4 * DAY)) * 4  # renewed every fourth day
        expiry = {"certificate_expiry_timestamp_seconds": BEGIN.timestamp() + issued + 20 * DAY}
        if probe.kind == "catalog":
            return {
                **expiry,
                "tools": 9.0,
                **{f"contract_changes_{each}": 0.0 for each in ("breaking", "additive", "cosmetic")},
            }
        return {**expiry, "latency_seconds": took}
