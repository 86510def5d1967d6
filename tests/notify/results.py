"""Runs as they end, written as a word each: `pass`, `unknown` or the reason of a failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prober.config.model import Config, Probe, Target
from prober.kinds.handshake import HandshakeSettings
from prober.notify import Notifier
from prober.outcome import Outcome, Reason, Verdict
from prober.scheduled_run import ScheduledRun
from prober.status import StatusStore

START: Final = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def at(minute: float) -> datetime:
    """A moment, in minutes from the first."""
    return START + timedelta(minutes=minute)


def run(
    word: str, minute: float = 0.0, *, probe: str = "a", target: str = "t", maintenance: bool = False, **more: Any
) -> ScheduledRun:
    """A run that began at that minute."""
    reason = None if word == "pass" else Reason.NOT_RUN if word == "unknown" else Reason(word)
    outcome = Outcome(
        target=target,
        probe=probe,
        kind="handshake",
        verdict=reason.verdict if reason else Verdict.PASS,
        reason=reason,
        started_at=at(minute),
        duration_seconds=0.1,
        **({"message": f"it says {word}", "step": "initialize"} if reason else {}) | more,
    )
    return ScheduledRun(outcome=outcome, due=at(minute), maintenance=maintenance)


def statuses(*probes: str, suspects: Callable[[], bool] = lambda: False) -> StatusStore:
    """A status store with these probes, of which nothing is known. `c` and `other` are probes of a second target."""
    made = StatusStore(suspects=suspects)
    named = {
        name: Probe(
            name=name,
            target="u" if name in ("c", "other") else "t",
            kind="handshake",
            settings=HandshakeSettings(),
        )
        for name in probes
    }
    made.apply_config(Config(targets={name: Target(name=name) for name in ("t", "u")}, probes=named))
    return made


def ended(notifier: Notifier, result: ScheduledRun) -> None:
    """Give a result to the notifier, and before it to the status store that counts for it."""
    notifier._statuses.record(result)
    notifier.record(result)
