"""Finds a run by its id: among the recent runs with its exchanges, else in history with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from prober.history import HistoryStore, PastResult
from prober.outcome import Outcome, Reason
from prober.recent import RecentRun
from prober.recent.runs import run_id
from prober.web.app_state import AppState

_FAILURES: Final = 1000
"""Failures of a probe among which one is looked for by its time."""
_MILLISECOND: Final = timedelta(milliseconds=1)


async def find_runs(app_state: AppState, wanted: str, probe: str | None) -> tuple[list[RecentRun], bool]:
    """The runs with that id, of that probe if one is named; and whether they are recent ones, with their exchanges."""
    if recent := app_state.recent_runs.find(wanted, probe=probe):
        return recent, True
    present = [run for run in _present(app_state) if run.run_id == wanted and probe in (None, run.outcome.probe)]
    if present:
        return present, any(run.outcome.exchanges for run in present)
    began = _time(wanted)
    if app_state.history is None or began is None:
        return [], False
    return await _past(app_state.history, began, wanted, probe), False


def _present(app_state: AppState) -> Iterator[RecentRun]:
    """The last run of each probe, which its status keeps whatever else has been forgotten."""
    for status in app_state.statuses.probes():
        if status.last is not None:
            yield RecentRun(outcome=status.last.outcome, maintenance=status.last.maintenance)


async def _past(history: HistoryStore, began: datetime, wanted: str, probe: str | None) -> list[RecentRun]:
    results = await history.results(probe=probe, since=began, until=began + _MILLISECOND)
    return [await _with_evidence(history, each) for each in results if run_id(each.started_at) == wanted]


async def _with_evidence(history: HistoryStore, result: PastResult) -> RecentRun:
    if result.reason is not None:
        for failure in await history.failures(target=result.target, probe=result.probe, limit=_FAILURES):
            if failure.started_at == result.started_at:
                return RecentRun(outcome=failure.outcome, maintenance=failure.maintenance)
    outcome = Outcome(
        target=result.target,
        probe=result.probe,
        kind="",
        verdict=result.verdict,
        reason=next((reason for reason in Reason if reason == result.reason), None),
        started_at=result.started_at,
        duration_seconds=result.duration_seconds,
    )
    return RecentRun(outcome=outcome, maintenance=result.maintenance)


def _time(wanted: str) -> datetime | None:
    try:
        began = datetime.fromisoformat(wanted)
    except ValueError:
        return None
    return began.astimezone(UTC) if began.tzinfo is not None and 1970 < began.year < 9999 else None
