"""An event log with a projection of one's own, on a store of one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from mcp_state import EventLog, StateRecorder, VersionConflictError
from mcp_state.values import Event

from .conftest import Sample
from .memory import MemoryEvents
from .test_writes import facts


class Balance:
    """Events add up; before the first there is no balance at all."""

    def initial(self) -> int | None:
        """Nothing."""
        return None

    def fold(self, state: int | None, events: Sequence[Event]) -> int | None:
        """The sum."""
        total: int = (state or 0) + sum(json.loads(event.payload)["amount"] for event in events)
        return total

    def dump(self, state: int | None) -> str:
        """A number, or null."""
        return json.dumps(state)

    def load(self, text: str) -> int | None:
        """The same."""
        found: int | None = json.loads(text)
        return found


def log_of(store: MemoryEvents, recorder: StateRecorder) -> EventLog[int | None]:
    """With a snapshot after every ten events."""
    return EventLog(store, Balance(), recorder=recorder, snapshot_every=10, snapshots_kept=2)


async def pay(log: EventLog[int | None], amount: int, *, expected_last: int | None = None) -> Event:
    """Append one event."""
    payload = {"amount": amount}
    return await log.append("s", tool="t", kind="paid", payload=payload, agent_id="a", expected_last=expected_last)


async def test_the_state_is_what_the_events_add_up_to_at_every_one_of_them(
    recorder: StateRecorder, sample: Sample
) -> None:
    log = log_of(MemoryEvents(), recorder)
    assert await log.current("s", tool="t") is None
    for amount in range(1, 36):
        await pay(log, amount)
    assert await log.current("s", tool="t") == sum(range(36))
    for number in (0, 1, 9, 10, 11, 25, 35):
        replayed = await log.replayed("s", tool="t", upto=number)
        assert (replayed.state, replayed.version, replayed.last_event) == (sum(range(number + 1)) or None, number, 35)
    assert sample("mcp_state_events_total", store="sqlite", tool="t") == 35
    assert sample("mcp_state_snapshots_total", store="sqlite") == 3


async def test_a_state_that_is_known_is_not_replayed_until_an_event_is_appended(
    recorder: StateRecorder, sample: Sample
) -> None:
    log = log_of(MemoryEvents(), recorder)
    for amount in (1, 2):
        await pay(log, amount)
    for _ in range(3):
        assert await log.current("s", tool="t") == 3
    assert sample("mcp_state_replayed_events_count", store="sqlite", tool="t") == 3
    assert sample("mcp_state_replayed_events_sum", store="sqlite", tool="t") == 2
    await pay(log, 3)
    assert await log.current("s", tool="t") == 6


async def test_an_append_that_expects_another_newest_event_is_refused(recorder: StateRecorder) -> None:
    log = log_of(MemoryEvents(), recorder)
    await pay(log, 1, expected_last=0)
    with pytest.raises(VersionConflictError, match="at version 1, not 0"):
        await pay(log, 1, expected_last=0)
    assert await log.current("s", tool="t") == 1


async def test_an_event_stands_where_its_snapshot_cannot_be_written(
    recorder: StateRecorder, sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryEvents()
    store.broken = True
    log = log_of(store, recorder)
    for _ in range(10):
        await pay(log, 1)
    assert await log.current("s", tool="t") == 10
    assert sample("mcp_state_snapshots_total", store="sqlite") == 0
    assert facts(caplog, "snapshot_failed") == [{"session_id": "s", "number": 10, "error": "StoreUnavailableError"}]
