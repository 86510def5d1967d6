"""Results as a scheduler would hand them over, and time to go with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from prober.config.model import Config, Probe, Target
from prober.history.write_connection import Entry
from prober.kinds.handshake import HandshakeSettings
from prober.outcome import Evidence, MaskedServerInfo, Outcome, Reason, ServerInfo, Verdict
from prober.redaction import masked_before
from prober.scheduled_run import ScheduledRun
from prober.status import StatusStore

NOON = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
REASONS = (Reason.TIMEOUT, Reason.SCHEMA_MISMATCH, Reason.CONNECT_REFUSED, Reason.NOT_RUN)


def result(
    at: datetime = NOON,
    *,
    target: str = "reference",
    probe: str = "state",
    reason: Reason | None = None,
    seconds: float = 0.0125,
    maintenance: bool = False,
    lag: float = 0.0,
    **further: Any,
) -> ScheduledRun:
    """One that passed, unless there is a reason."""
    outcome = Outcome(
        target=target,
        probe=probe,
        kind="call",
        verdict=reason.verdict if reason else Verdict.PASS,
        reason=reason,
        message=masked_before(f"ended with {reason}" if reason else ""),
        started_at=at,
        duration_seconds=seconds,
        server=MaskedServerInfo(
            ServerInfo(era="modern", protocol_version="2026-07-28", name="reference", version="1.2.3")
        ),
        **further,
    )
    return ScheduledRun(
        outcome=outcome, due=at - timedelta(seconds=lag), start_lag_seconds=lag, maintenance=maintenance
    )


def entry(at: datetime = NOON, **given: Any) -> Entry:
    """The same, as it is written."""
    return Entry(result(at, **given))


def random_results(
    random: Random, count: int, *, targets: int = 3, probes: int = 8, hours: int = 60
) -> list[ScheduledRun]:
    """Of probes that pass and fail, in and out of maintenance, in no order of time at all; exact to the microsecond."""
    found = []
    for _ in range(count):
        number = random.randrange(probes)
        reason = random.choice(REASONS) if random.random() < 0.3 else None
        found.append(
            result(
                NOON - timedelta(seconds=random.uniform(0, hours * 3600)),
                target=f"target-{number % targets}",
                probe=f"probe-{number}",
                reason=reason,
                seconds=round(random.lognormvariate(-4, 2), 6),
                maintenance=random.random() < 0.2,
                lag=round(random.choice((0.0, random.uniform(0, 2))), 6),
                facts={"latency_seconds": round(random.uniform(0, 3), 6)} if random.random() < 0.7 else {},
                evidence=(Evidence(pointer="/a/b", keyword="type", seen="null"),) if reason else (),
            )
        )
    return found


def statuses_of(results: Sequence[ScheduledRun]) -> StatusStore:
    """A status store that knows the probes of these results, and nothing of their runs."""
    statuses = StatusStore()
    targets = {name: Target(name=name) for name in {given.outcome.target for given in results}}
    probes = {
        given.outcome.probe: Probe(
            name=given.outcome.probe, target=given.outcome.target, kind="handshake", settings=HandshakeSettings()
        )
        for given in results
    }
    statuses.apply_config(Config(targets=targets, probes=probes))
    return statuses
