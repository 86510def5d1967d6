"""The server in a few numbers, and beside what its probes see."""

from __future__ import annotations

from dashboards.generate import promql as q
from dashboards.generate import recorded as r
from dashboards.generate.charts import lines
from dashboards.generate.dashboard import Row
from dashboards.generate.figures import ranking, stat
from dashboards.generate.language import (
    ANY_IS_BAD,
    AVAILABILITY,
    BAD,
    CAUTION,
    CONFLICTS,
    GOOD,
    PARTLY,
    PLANNED,
    colored,
    sentence,
    steps,
)
from dashboards.generate.panels import now, over_time
from dashboards.generate.state.selectors import CALLS, SERVERS, STORES, WRITES


def headline() -> Row:
    """The server in eight numbers."""
    conflicts = f"sum(rate(mcp_state_write_conflicts_total{{{WRITES}}}[$__rate_interval]))"
    lost = f'rate(mcp_state_writes_total{{{WRITES}, outcome="conflict"}}[$__rate_interval])'
    retrying = "on (cluster, job, instance, store, tool) mcp_state_write_retries_count"
    hits = f'sum(rate(mcp_state_cache_requests_total{{{STORES}, result="hit"}}[$__rate_interval]))'
    reads = f"sum(rate(mcp_state_cache_requests_total{{{STORES}}}[$__rate_interval]))"
    used = f'sum(mcp_state_pool_connections{{{STORES}, state="in_use"}})'
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "From outside",
                sentence(
                    "Share of the targets' runs that passed over the range that is shown, those in maintenance windows",
                    "left out.",
                ),
                now(q.while_known(r.availability(q.TARGETS, "$__range"), r.PROBES, q.TARGETS)),
                unit="percentunit",
                decimals=2,
                steps=AVAILABILITY,
                empty="not probed",
            ),
            stat(
                "Calls",
                "Tool calls that the server answered.",
                now(f"sum(rate(mcp_tool_calls_total{{{CALLS}}}[$__rate_interval]))"),
                unit="reqps",
                decimals=1,
            ),
            stat(
                "Conflict ratio",
                "Attempts to write that lost against another writer, as a share of all attempts.",
                now(q.ratio(conflicts, f"{_attempts()} + {conflicts}")),
                unit="percentunit",
                decimals=1,
                steps=CONFLICTS,
                empty="no writes seen",
            ),
            stat(
                "Given up",
                sentence(
                    "Writes that lost on every try, of tools that retry: others hand each conflict to their caller, as",
                    "they should.",
                ),
                now(f"sum({lost} and {retrying})"),
                unit="ops",
                steps=steps(GOOD, (0.001, CAUTION), (0.1, BAD)),
            ),
            stat(
                "Lock wait, p99",
                "99 of 100 calls over the range that is shown waited less than this for a session's lock.",
                now(q.quantile(0.99, "mcp_state_lock_wait_seconds", WRITES, window="$__range")),
                unit="s",
                steps=steps(GOOD, (0.5, CAUTION), (2.5, BAD)),
                empty="no locks seen",
            ),
            stat(
                "Cache hit ratio",
                "Reads that the cache answered.",
                now(q.ratio(hits, reads)),
                unit="percentunit",
                decimals=1,
                empty="no reads seen",
            ),
            stat(
                "Pool in use",
                "Connections to the store that a call uses at this moment, as a share of the pool.",
                now(q.ratio(used, f"sum(mcp_state_pool_connections{{{STORES}}})")),
                unit="percentunit",
                decimals=0,
                steps=steps(GOOD, (0.8, CAUTION), (1, BAD)),
                empty="no pool seen",
            ),
            stat(
                "Breakers open",
                "Dependencies that calls are refused for at once, because they failed or were slow.",
                now(f"sum(mcp_circuit_breaker_open{{{SERVERS}}})"),
                steps=ANY_IS_BAD,
            ),
        ),
    )


def _attempts() -> str:
    return f'sum(rate(mcp_state_writes_total{{{WRITES}, outcome="ok"}}[$__rate_interval]))'


def both_sides() -> Row:
    """The same from outside and from inside."""
    errors = f'sum(rate(mcp_tool_calls_total{{{CALLS}, status="error"}}[$__rate_interval]))'
    calls = f"sum(rate(mcp_tool_calls_total{{{CALLS}}}[$__rate_interval]))"
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
                over_time(f"1 - ({r.availability_now(q.TARGETS)})", "outside: runs that fail"),
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
                over_time(q.quantile(0.95, "mcp_target_latency_seconds", q.TARGETS), "outside: probes, p95"),
                over_time(q.quantile(0.95, "mcp_tool_duration_seconds", CALLS), "inside: calls, p95"),
                unit="s",
                overrides=colored({"outside: probes, p95": PARTLY, "inside: calls, p95": PLANNED}),
                width=8,
            ),
            ranking(
                "Slowest tools inside, p95",
                "95 of 100 calls of the tool were answered faster than this, over the range that is shown.",
                now(
                    f"topk(8, {q.quantile(0.95, 'mcp_tool_duration_seconds', CALLS, 'tool_name', '$__range')})",
                    "{{tool_name}}",
                ),
                unit="s",
            ),
        ),
    )
