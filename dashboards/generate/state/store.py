"""The store beneath: locks, commits, log, cache, and what it depends on."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.charts import lines, timeline
from dashboards.generate.dashboard import Row
from dashboards.generate.language import BAD, CAUTION, GOOD, PARTLY, PLAIN, PLANNED, QUANTILES, UNSURE, colored, values
from dashboards.generate.panels import over_time
from dashboards.generate.state.selectors import SERVERS, STORES, WRITES

_BREAKER: Final = values({1: ("open: calls are refused", BAD), 0: ("closed", GOOD)})
_CACHE: Final = {"hit": GOOD, "miss": UNSURE, "stale": CAUTION}
_SHARES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


def waiting() -> Row:
    """What calls wait for."""
    size = f"sum(rate(mcp_state_batch_size_sum{{{STORES}}}[$__rate_interval]))"
    batches = f"sum(rate(mcp_state_batch_size_count{{{STORES}}}[$__rate_interval]))"
    return Row(
        title="Locks and commits",
        height=8,
        panels=(
            lines(
                "Lock wait",
                "How long calls waited for a session's lock, whether they got it or not.",
                *(over_time(q.quantile(share, "mcp_state_lock_wait_seconds", WRITES), name) for name, share in _SHARES),
                unit="s",
                width=6,
                overrides=colored(QUANTILES),
                empty="no locks",
            ),
            lines(
                "Wait for the write lock",
                "How long commits waited for the write lock of the database, which the processes on it share.",
                *(
                    over_time(q.quantile(share, "mcp_state_write_lock_wait_seconds", STORES), name)
                    for name, share in _SHARES
                ),
                unit="s",
                width=6,
                overrides=colored(QUANTILES),
                empty="this store has no such lock",
            ),
            lines(
                "Commit time",
                "How long one commit took.",
                *(over_time(q.quantile(share, "mcp_state_commit_seconds", STORES), name) for name, share in _SHARES),
                unit="s",
                width=6,
                overrides=colored(QUANTILES),
                empty="this store commits nothing",
            ),
            lines(
                "Writes per commit",
                "Mean number of writes that shared a commit, and commits per second: batches grow when writers queue.",
                over_time(q.ratio(size, batches), "writes per commit"),
                over_time(batches, "commits per second"),
                unit="short",
                width=6,
                overrides=colored({"writes per commit": PLANNED, "commits per second": UNSURE}),
                empty="this store commits nothing",
            ),
        ),
    )


def log() -> Row:
    """Events, snapshots, cache."""
    replayed = f"sum(rate(mcp_state_replayed_events_sum{{{WRITES}}}[$__rate_interval]))"
    reads = f"sum(rate(mcp_state_replayed_events_count{{{WRITES}}}[$__rate_interval]))"
    return Row(
        title="Event log and cache",
        height=8,
        panels=(
            lines(
                "Events and snapshots",
                "Events appended to the logs, and snapshots written so that reads need not replay all of them.",
                over_time(f"sum(rate(mcp_state_events_total{{{WRITES}}}[$__rate_interval]))", "events"),
                over_time(f"sum(rate(mcp_state_snapshots_total{{{STORES}}}[$__rate_interval]))", "snapshots"),
                unit="ops",
                width=8,
                overrides=colored({"events": PLAIN, "snapshots": PLANNED}),
            ),
            lines(
                "Events replayed per read",
                "Mean number of events that a read replayed on top of a snapshot: if it grows, snapshots are missing.",
                over_time(q.ratio(replayed, reads), "events per read"),
                unit="short",
                width=8,
                overrides=colored({"events per read": PLAIN}),
                empty="nothing was replayed",
            ),
            lines(
                "Cache",
                "Reads through the cache by what it had, and values dropped because a write made them untrue.",
                over_time(q.per_second("mcp_state_cache_requests_total", STORES, "result"), "{{result}}"),
                over_time(
                    q.per_second("mcp_state_cache_invalidations_total", STORES, "origin"), "dropped: {{origin}} write"
                ),
                unit="ops",
                width=8,
                overrides=colored(
                    {**_CACHE, "dropped: local write": PLANNED, "dropped: remote write": "#B877D9"},
                ),
            ),
        ),
    )


def dependencies() -> Row:
    """Breakers and the pool."""
    return Row(
        title="What it depends on",
        height=8,
        panels=(
            timeline(
                "Circuit breakers",
                "Open while calls to the dependency are refused at once because it failed or was slow.",
                over_time(f"max by (dependency, instance) (mcp_circuit_breaker_open{{{SERVERS}}})", "{{dependency}}"),
                mappings=_BREAKER,
                width=8,
                thickness=0.4,
            ),
            lines(
                "Connection pool",
                "Connections to the store's data, by whether a call uses them.",
                over_time(f"sum by (state) (mcp_state_pool_connections{{{STORES}}})", "{{state}}"),
                unit="short",
                width=8,
                stacked=True,
                overrides=colored({"in_use": PARTLY, "idle": GOOD}),
                empty="this store has no pool",
            ),
            lines(
                "Wait for a connection, and sessions",
                "99 of 100 calls got a connection faster than this; and the workflow sessions that live.",
                over_time(q.quantile(0.99, "mcp_state_pool_wait_seconds", STORES), "wait, p99"),
                over_time(f"sum(mcp_active_sessions{{{SERVERS}}})", "sessions"),
                unit="s",
                width=8,
                overrides=(
                    *colored({"wait, p99": PARTLY}),
                    {
                        "matcher": {"id": "byName", "options": "sessions"},
                        "properties": [
                            {"id": "unit", "value": "short"},
                            {"id": "custom.axisPlacement", "value": "right"},
                            {"id": "color", "value": {"mode": "fixed", "fixedColor": PLAIN}},
                        ],
                    },
                ),
            ),
        ),
    )
