"""A probe that nothing is known of is looked at within a minute, whatever its interval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prober.schedule.interval_trigger import IntervalTrigger
from prober.schedule.scheduler import EARLY
from tests.kinds.offering import gives, offering, tool
from tests.schedule.ledger import Ledger, loaded, scheduling


def soon() -> str:
    """The name of a probe that an early look would come to within two seconds, and its interval in an hour or so."""
    now = datetime.now(UTC)
    for number in range(100_000):
        name = f"p{number}"
        early = IntervalTrigger.of("peer", name, EARLY).get_next_fire_time(None, now) - now
        late = IntervalTrigger.of("peer", name, 86_400).get_next_fire_time(None, now) - now
        if timedelta(seconds=1) < early < timedelta(seconds=2) and late > timedelta(hours=1):
            return name
    raise AssertionError("no such name")


async def test_a_probe_with_a_long_interval_runs_once_at_first_and_then_when_it_is_due(tmp_path: Path) -> None:
    ledger = Ledger()
    async with offering(tool("count", gives({"count": 3}))) as peer:
        name, daily = soon(), {"kind": "call", "tool": "count", "interval": "1d", "target": "peer"}
        config = loaded({"targets": {"peer": {"url": peer.url}}, "probes": {name: daily}}, tmp_path)
        async with scheduling(config, ledger) as scheduler:
            due = scheduler.next_due(name)
            scheduler.run_early(name)
            scheduler.run_early(name)
            [result] = await ledger.runs(name, 1)
            assert scheduler.next_due(name) == due
    assert result.outcome.reason is None
    assert len(ledger.results) == 1


async def test_short_intervals_and_cron_expressions_are_kept_to(tmp_path: Path) -> None:
    often = {"kind": "handshake", "interval": "60s", "target": "dead"}
    yearly = {"kind": "handshake", "cron": "0 0 1 1 *", "target": "dead"}
    config = loaded(
        {"targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}}, "probes": {"often": often, "yearly": yearly}}, tmp_path
    )
    async with scheduling(config, Ledger()) as scheduler:
        for name in config.probes:
            scheduler.run_early(name)
        assert not scheduler._early
