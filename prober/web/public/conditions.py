"""What is said of a target to those who use it: its condition and its name.

    down            each of its probes that could tell fails, and one of them so that nobody is served
    degraded        some probe fails: others pass, or answers come, but late, changed, or mixed up
    no data         no run yet, none for too long, none that could tell, or a failure while the prober doubts itself
    in maintenance  its trouble is expected, or all of its probes are in a window
    operational     every probe passed when it last should have run

No data is never operational: neither a stale pass nor one probe of which nothing is known.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from prober.config.fields.cron import cron_trigger
from prober.config.model import Target
from prober.outcome import Symptom, Verdict
from prober.status import ProbeStatus, TargetStatus
from prober.web.pages.list_query import is_late


class Condition(StrEnum):
    """The worst first."""

    DOWN = "down"
    DEGRADED = "degraded"
    NO_DATA = "no data"
    MAINTENANCE = "in maintenance"
    OPERATIONAL = "operational"


WORDS: Final[Mapping[Symptom, str]] = {
    Symptom.NO_ANSWER: "no answer",
    Symptom.REJECTED: "requests are refused",
    Symptom.WRONG_ANSWER: "wrong answers",
    Symptom.TOO_SLOW: "slow",
    Symptom.CONTRACT_BROKEN: "changed without notice",
    Symptom.RACE_VIOLATION: "mixes up simultaneous calls",
    Symptom.UNKNOWN: "unclear",
}
_STILL_SERVES: Final = frozenset({Symptom.TOO_SLOW, Symptom.CONTRACT_BROKEN, Symptom.RACE_VIOLATION})
_CRON_GRACE: Final = timedelta(minutes=5)


def condition_of(
    target: TargetStatus, now: datetime, *, in_maintenance: Callable[[ProbeStatus], bool], suspects: bool
) -> Condition:
    """`suspects` is whether the prober suspects itself: what fails then proves nothing."""
    fresh = [status for status in target.probes if status.last is not None and not is_stale(status, now)]
    failing = failing_of(target, now, in_maintenance=in_maintenance)
    if failing and suspects:
        return Condition.NO_DATA
    if failing:
        nothing_else = all(status.verdict is not Verdict.PASS for status in fresh)
        unserved = any(symptom_of(status) not in _STILL_SERVES for status in failing)
        return Condition.DOWN if nothing_else and unserved else Condition.DEGRADED
    expected = any(status.verdict is Verdict.FAIL for status in fresh)
    if expected or (target.probes and all(map(in_maintenance, target.probes))):
        return Condition.MAINTENANCE
    known = target.probes and len(fresh) == len(target.probes)
    passed = all(status.verdict is Verdict.PASS for status in fresh)
    return Condition.OPERATIONAL if known and passed else Condition.NO_DATA


def failing_of(
    target: TargetStatus, now: datetime, *, in_maintenance: Callable[[ProbeStatus], bool]
) -> list[ProbeStatus]:
    """The probes that fail, and were not expected to."""

    def is_expected(status: ProbeStatus) -> bool:
        return in_maintenance(status) or (status.last is not None and status.last.maintenance)

    return [status for status in target.of(Verdict.FAIL) if not is_stale(status, now) and not is_expected(status)]


def words_of(symptoms: Iterable[Symptom]) -> str:
    """`no answer, slow`: what callers feel, each once."""
    felt = set(symptoms)
    return ", ".join(WORDS[symptom] for symptom in Symptom if symptom in felt)


def is_stale(status: ProbeStatus, now: datetime) -> bool:
    """Whether the last run is so long ago that it says nothing of now."""
    if status.probe.cron is None or status.last is None:
        return is_late(status, now)
    due = _due_after(status.probe.cron, status.last.outcome.started_at)
    return due is not None and now > due + timedelta(seconds=status.probe.timeout) + _CRON_GRACE


@lru_cache(maxsize=4_096)
def _due_after(cron: str, last: datetime) -> datetime | None:
    due: datetime | None = cron_trigger(cron).get_next_fire_time(None, last + timedelta(seconds=1))
    return due


def symptom_of(status: ProbeStatus) -> Symptom:
    """Of the last run of a probe that fails."""
    return status.reason.symptom if status.reason is not None else Symptom.UNKNOWN


def public_name(target: Target) -> str:
    """The name of a target; another where a source has named it by its host, for addresses are not shown."""
    host = re.sub(r"[^a-z0-9._-]+", "-", urlsplit(target.address).hostname or "").strip("-._")
    if target.source is None or not host or host not in target.name.lower():
        return target.name
    return f"server-{hashlib.sha256(target.name.encode()).hexdigest()[:8]}"
