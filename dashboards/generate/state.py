"""`state`: a server's shared state from inside, beside what its probes see from outside.

The inside is what `mcp-prober reference` exports and what any server can: see mcp_state/metrics.py.
"""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.charts import heatmap, lines, timeline
from dashboards.generate.dashboard import Dashboard, Row
from dashboards.generate.figures import ranking, stat
from dashboards.generate.fresh import RUNBOOKS, fresh
from dashboards.generate.language import (
    ANY_IS_BAD,
    AVAILABILITY,
    BAD,
    CAUTION,
    CONFLICTS,
    GOOD,
    PARTLY,
    PLAIN,
    PLANNED,
    QUANTILES,
    UNSURE,
    UP,
    colored,
    sentence,
    steps,
    values,
)
from dashboards.generate.marks import contract_changes, new_servers
from dashboards.generate.panels import Panel, buckets, now, over_time
from dashboards.generate.variables import LOCATION, PROBE, TARGETS, labels_of

_I: Final = 'instance=~"$instance"'
_S: Final = f'{_I}, store=~"$store"'
_T: Final = f'{_S}, tool=~"$tool"'
_CALLS: Final = f'{_I}, tool_name=~"$tool"'
_OUT: Final = q.PROBES

_BREAKER: Final = values({1: ("open: calls are refused", BAD), 0: ("closed", GOOD)})
_WRITES: Final = {"ok": GOOD, "conflict": PARTLY, "rejected": UNSURE, "failed": BAD}
_CACHE: Final = {"hit": GOOD, "miss": UNSURE, "stale": CAUTION}
_SHARES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

INSTANCE: Final = labels_of("instance", "Server", "label_values(mcp_state_store_safe, instance)")
STORE: Final = labels_of("store", "Store", 'label_values(mcp_state_store_safe{instance=~"$instance"}, store)')
TOOL: Final = labels_of("tool", "Tool", 'label_values(mcp_state_writes_total{instance=~"$instance"}, tool)')


_RUNBOOKS: Final = {
    "Conflict ratio by tool": (
        "McpStateConflictRatioHigh",
        "McpLogWriteConflicts",
    ),
    "Writes by outcome": ("McpStateRetriesExhausted",),
    "Lock wait": ("McpStateLockWaitHigh",),
    "Circuit breakers": ("McpStateBreakerOpen",),
    "Wait for a connection, and sessions": ("McpStatePoolExhausted",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    return Dashboard(
        uid="mcp-prober-state",
        title="MCP shared state",
        description="A server's shared state from inside, beside what its probes see from outside.",
        variables=(INSTANCE, STORE, TOOL, LOCATION, TARGETS, PROBE),
        marks=(contract_changes(q.TARGETS), new_servers(q.TARGETS)),
        rows=(
            fresh(q.PLACES, _OUT, _served()),
            _headline(),
            _both_sides(),
            _conflicts(),
            _waiting(),
            _log(),
            _dependencies(),
        ),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
    )


def _served() -> Panel:
    return stat(
        "Server",
        "Whether Prometheus can scrape every server that exported its state within a day.",
        now(q.scraped("mcp_state_store_safe", _I)),
        width=4,
        mappings=UP,
        empty="no server",
    )


def _headline() -> Row:
    conflicts = f"sum(rate(mcp_state_write_conflicts_total{{{_T}}}[$__rate_interval]))"
    gave_up = f'sum(rate(mcp_state_writes_total{{{_T}, outcome="conflict"}}[$__rate_interval]))'
    hits = f'sum(rate(mcp_state_cache_requests_total{{{_S}, result="hit"}}[$__rate_interval]))'
    reads = f"sum(rate(mcp_state_cache_requests_total{{{_S}}}[$__rate_interval]))"
    used = f'sum(mcp_state_pool_connections{{{_S}, state="in_use"}})'
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "From outside",
                "Share of the probes' runs that passed over the range that is shown.",
                now(q.while_known(q.availability(_OUT, "$__range"), q.SUCCESS, _OUT)),
                unit="percentunit",
                decimals=2,
                steps=AVAILABILITY,
                empty="not probed",
            ),
            stat(
                "Calls",
                "Tool calls that the server answered.",
                over_time(f"sum(rate(mcp_tool_calls_total{{{_CALLS}}}[$__rate_interval]))", "calls"),
                unit="reqps",
                decimals=1,
            ),
            stat(
                "Conflict ratio",
                "Attempts to write that lost against another writer, as a share of all attempts.",
                over_time(q.ratio(conflicts, f"{_attempts()} + {conflicts}"), "conflicts"),
                unit="percentunit",
                decimals=1,
                steps=CONFLICTS,
                empty="no writes seen",
            ),
            stat(
                "Given up",
                "Writes that were told a conflict for good, after all retries.",
                over_time(gave_up, "given up"),
                unit="ops",
                steps=steps(GOOD, (0.001, CAUTION), (0.1, BAD)),
            ),
            stat(
                "Lock wait, p99",
                "99 of 100 calls waited less than this for a session's lock.",
                over_time(q.quantile(0.99, "mcp_state_lock_wait_seconds", _T), "p99"),
                unit="s",
                steps=steps(GOOD, (0.5, CAUTION), (2.5, BAD)),
                empty="no locks seen",
            ),
            stat(
                "Cache hit ratio",
                "Reads that the cache answered.",
                over_time(q.ratio(hits, reads), "hits"),
                unit="percentunit",
                decimals=1,
                empty="no reads seen",
            ),
            stat(
                "Pool in use",
                "Connections to the store that a call uses at this moment, as a share of the pool.",
                over_time(q.ratio(used, f"sum(mcp_state_pool_connections{{{_S}}})"), "in use"),
                unit="percentunit",
                decimals=0,
                steps=steps(GOOD, (0.8, CAUTION), (1, BAD)),
                empty="no pool seen",
            ),
            stat(
                "Breakers open",
                "Dependencies that calls are refused for at once, because they failed or were slow.",
                over_time(f"sum(mcp_circuit_breaker_open{{{_I}}})", "open"),
                steps=ANY_IS_BAD,
            ),
        ),
    )


def _attempts() -> str:
    return f'sum(rate(mcp_state_writes_total{{{_T}, outcome="ok"}}[$__rate_interval]))'


def _both_sides() -> Row:
    errors = f'sum(rate(mcp_tool_calls_total{{{_CALLS}, status="error"}}[$__rate_interval]))'
    calls = f"sum(rate(mcp_tool_calls_total{{{_CALLS}}}[$__rate_interval]))"
    rate = f'sum(rate(mcp_probe_runs_total{{{_OUT}, result!~"pass|unknown"}}[$__rate_interval]))'
    runs = f'sum(rate(mcp_probe_runs_total{{{_OUT}, result!="unknown"}}[$__rate_interval]))'
    return Row(
        title="Outside and inside",
        height=8,
        panels=(
            lines(
                "Failures: probes outside, calls inside",
                sentence(
                    "Share of the probes' runs that failed, and of the server's calls that ended in an error. Outside",
                    "alone: the way there, or an answer that is wrong although the server thinks it is right.",
                ),
                over_time(q.ratio(rate, runs), "outside: runs that fail"),
                over_time(q.ratio(errors, calls), "inside: calls in error"),
                unit="percentunit",
                overrides=colored({"outside: runs that fail": BAD, "inside: calls in error": PLANNED}),
                width=8,
            ),
            lines(
                "Latency: probes outside, calls inside",
                sentence(
                    "What a probe waits for its answer outside, what calls take inside. The gap between them is the",
                    "network, and the queue before the server.",
                ),
                over_time(f"max(mcp_probe_latency_seconds{{{_OUT}}})", "outside: slowest probe"),
                over_time(q.quantile(0.95, "mcp_tool_duration_seconds", _CALLS), "inside: calls, p95"),
                unit="s",
                overrides=colored({"outside: slowest probe": PARTLY, "inside: calls, p95": PLANNED}),
                width=8,
            ),
            ranking(
                "Slowest tools inside, p95",
                "95 of 100 calls of the tool were answered faster than this, over the range that is shown.",
                now(
                    f"topk(8, {q.quantile(0.95, 'mcp_tool_duration_seconds', _CALLS, 'tool_name', '$__range')})",
                    "{{tool_name}}",
                ),
                unit="s",
            ),
        ),
    )


def _conflicts() -> Row:
    lost = q.per_second("mcp_state_write_conflicts_total", _T, "tool")
    won = q.per_second("mcp_state_writes_total", f'{_T}, outcome="ok"', "tool")
    return Row(
        title="Writers against writers",
        height=8,
        panels=(
            lines(
                "Conflict ratio by tool",
                sentence(
                    "Attempts to write that lost against another writer, as a share of all attempts: those that were",
                    "made good by a retry included. Above 5 % writers get in each other's way.",
                ),
                over_time(f"{lost} / ({won} + {lost} > 0)", "{{tool}}"),
                unit="percentunit",
                width=8,
                limits=CONFLICTS,
                empty="no writes",
            ),
            heatmap(
                "Retries per write",
                "How many retries a write took until it won or gave up: 0 is the first attempt.",
                buckets(f"sum by (le) (increase(mcp_state_write_retries_bucket{{{_T}}}[$__rate_interval]))"),
                unit="short",
                width=8,
            ),
            lines(
                "Writes by outcome",
                "What writers were told. Rejected is the caller's mistake, failed is the store's.",
                over_time(q.per_second("mcp_state_writes_total", _T, "outcome"), "{{outcome}}"),
                unit="ops",
                width=8,
                stacked=True,
                overrides=colored(_WRITES),
            ),
        ),
    )


def _waiting() -> Row:
    size = f"sum(rate(mcp_state_batch_size_sum{{{_S}}}[$__rate_interval]))"
    batches = f"sum(rate(mcp_state_batch_size_count{{{_S}}}[$__rate_interval]))"
    return Row(
        title="Locks and commits",
        height=8,
        panels=(
            lines(
                "Lock wait",
                "How long calls waited for a session's lock, whether they got it or not.",
                *(over_time(q.quantile(share, "mcp_state_lock_wait_seconds", _T), name) for name, share in _SHARES),
                unit="s",
                width=8,
                overrides=colored(QUANTILES),
                empty="no locks",
            ),
            lines(
                "Commit time",
                "How long one commit took.",
                *(over_time(q.quantile(share, "mcp_state_commit_seconds", _S), name) for name, share in _SHARES),
                unit="s",
                width=8,
                overrides=colored(QUANTILES),
                empty="this store commits nothing",
            ),
            lines(
                "Writes per commit",
                "Mean number of writes that shared a commit, and commits per second: batches grow when writers queue.",
                over_time(q.ratio(size, batches), "writes per commit"),
                over_time(batches, "commits per second"),
                unit="short",
                width=8,
                overrides=colored({"writes per commit": PLANNED, "commits per second": UNSURE}),
                empty="this store commits nothing",
            ),
        ),
    )


def _log() -> Row:
    replayed = f"sum(rate(mcp_state_replayed_events_sum{{{_T}}}[$__rate_interval]))"
    reads = f"sum(rate(mcp_state_replayed_events_count{{{_T}}}[$__rate_interval]))"
    return Row(
        title="Event log and cache",
        height=8,
        panels=(
            lines(
                "Events and snapshots",
                "Events appended to the logs, and snapshots written so that reads need not replay all of them.",
                over_time(f"sum(rate(mcp_state_events_total{{{_T}}}[$__rate_interval]))", "events"),
                over_time(f"sum(rate(mcp_state_snapshots_total{{{_S}}}[$__rate_interval]))", "snapshots"),
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
                over_time(q.per_second("mcp_state_cache_requests_total", _S, "result"), "{{result}}"),
                over_time(
                    q.per_second("mcp_state_cache_invalidations_total", _S, "origin"), "dropped: {{origin}} write"
                ),
                unit="ops",
                width=8,
                overrides=colored(
                    {**_CACHE, "dropped: local write": PLANNED, "dropped: remote write": "#B877D9"},
                ),
            ),
        ),
    )


def _dependencies() -> Row:
    return Row(
        title="What it depends on",
        height=8,
        panels=(
            timeline(
                "Circuit breakers",
                "Open while calls to the dependency are refused at once because it failed or was slow.",
                over_time(f"max by (dependency, instance) (mcp_circuit_breaker_open{{{_I}}})", "{{dependency}}"),
                mappings=_BREAKER,
                width=8,
                thickness=0.4,
            ),
            lines(
                "Connection pool",
                "Connections to the store's data, by whether a call uses them.",
                over_time(f"sum by (state) (mcp_state_pool_connections{{{_S}}})", "{{state}}"),
                unit="short",
                width=8,
                stacked=True,
                overrides=colored({"in_use": PARTLY, "idle": GOOD}),
                empty="this store has no pool",
            ),
            lines(
                "Wait for a connection, and sessions",
                "99 of 100 calls got a connection faster than this; and the workflow sessions that live.",
                over_time(q.quantile(0.99, "mcp_state_pool_wait_seconds", _S), "wait, p99"),
                over_time(f"sum(mcp_active_sessions{{{_I}}})", "sessions"),
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
