"""The families of the prober itself. Their values are in prometheus_client's objects: see self_metrics.py."""

from __future__ import annotations

from typing import Final

from prober.metrics.family import Family

_LAG_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Below 1 ms the loop is idle; 10 ms shows in latencies; from 250 ms on a start counts as late."""

OF_PROBER: Final[tuple[Family, ...]] = (
    Family(
        name="mcp_prober_build_info",
        type="info",
        labels=("version", "python_version"),
        help="The version of the prober and of the Python that runs it, always 1.",
    ),
    Family(
        name="mcp_prober_client_rules_info",
        type="info",
        labels=("version",),
        help="The version of the rules by which probes of the kind clients look at tools, always 1: where findings"
        " change along with it, the server need not have changed.",
    ),
    Family(
        name="mcp_prober_config_last_reload_successful",
        type="gauge",
        help="Whether the last attempt to load the configuration succeeded: 1 if so, else 0.",
    ),
    Family(
        name="mcp_prober_config_last_reload_success_timestamp_seconds",
        type="gauge",
        help="Unix time at which the configuration was last loaded.",
    ),
    Family(
        name="mcp_prober_start_lag_seconds",
        type="histogram",
        buckets=_LAG_BUCKETS,
        help="Seconds by which runs began later than they were due.",
    ),
    Family(
        name="mcp_prober_loop_lag_seconds",
        type="histogram",
        buckets=_LAG_BUCKETS,
        help="Seconds by which the event loop came back later than it was asked to, measured all the time; with"
        " --processes, the loops of all processes.",
    ),
    Family(
        name="mcp_prober_loop_lag_max_seconds",
        type="gauge",
        help="The worst lag of the event loop within the last minute, in seconds; with --processes, of all of them.",
    ),
    Family(
        name="mcp_prober_shortages_total",
        type="counter",
        help="Runs of all probes that ended without a verdict because the prober lacked files, memory, threads or"
        " processes.",
    ),
    Family(
        name="mcp_prober_skipped_runs_total",
        type="counter",
        help="Runs of all probes that were left out because the one before was still going on.",
    ),
    Family(name="mcp_prober_running_probes", type="gauge", help="Runs that are going on at this moment."),
    Family(name="mcp_prober_waiting_probes", type="gauge", help="Runs that are due and wait for their turn."),
    Family(name="mcp_prober_probes", type="gauge", help="Probes that this prober runs."),
    Family(name="mcp_prober_targets", type="gauge", help="Targets of the probes that this prober runs."),
    Family(
        name="mcp_prober_worker_up",
        type="gauge",
        labels=("worker",),
        help="Whether the worker process runs its share of the probes: 1 if so, else 0; no series without --processes.",
    ),
    Family(
        name="mcp_prober_worker_ends_total",
        type="counter",
        labels=("worker",),
        help="Worker processes that ended and were replaced, or are to be; no series without --processes.",
    ),
    Family(
        name="mcp_prober_worker_probes",
        type="gauge",
        labels=("worker",),
        help="Probes that fall to the worker; no series without --processes.",
    ),
    Family(
        name="mcp_prober_worker_cpu_seconds_total",
        type="counter",
        labels=("worker",),
        help="CPU time of the worker and of those that it replaced, in seconds, the processes that it starts left out;"
        " no series without --processes.",
    ),
    Family(
        name="mcp_prober_worker_resident_memory_bytes",
        type="gauge",
        labels=("worker",),
        help="Resident memory of the worker in bytes; no series without --processes.",
    ),
    Family(
        name="mcp_prober_shard",
        type="gauge",
        help="Which part of all probes this prober runs, the first is 1; no series without --shard.",
    ),
    Family(
        name="mcp_prober_shards",
        type="gauge",
        help="Into how many parts all probes are divided, by --shard; no series without it.",
    ),
    Family(
        name="mcp_prober_suspects_itself",
        type="gauge",
        help="Whether so many unrelated targets cannot be reached that the prober itself is suspect: 1 if so, else 0.",
    ),
    Family(
        name="mcp_prober_source_up",
        type="gauge",
        labels=("source",),
        help="Whether the last look at the source of targets gave what could be taken: 1 if so, else 0, and its targets"
        " are older; no series before the first look.",
    ),
    Family(
        name="mcp_prober_source_targets",
        type="gauge",
        labels=("source",),
        help="Targets that the source gives.",
    ),
    Family(
        name="mcp_prober_source_left_out",
        type="gauge",
        labels=("source",),
        help="Entries of the source that are no targets: malformed, opted out, or not to be probed from here.",
    ),
    Family(
        name="mcp_prober_source_last_success_timestamp_seconds",
        type="gauge",
        labels=("source",),
        help="Unix time of the last look at the source that gave what could be taken; no series before it.",
    ),
    Family(
        name="mcp_prober_history_up",
        type="gauge",
        help="Whether results are being written to the history: 1 if so, else 0; no series where none is kept.",
    ),
    Family(
        name="mcp_prober_history_dropped_total",
        type="counter",
        help="Results that could not be written to the history; no series where none is kept.",
    ),
    Family(
        name="mcp_prober_history_bytes",
        type="gauge",
        help="Size of the history's files in bytes; no series where none is kept.",
    ),
    Family(
        name="mcp_prober_notifications_total",
        type="counter",
        labels=("outcome",),
        help="Notifications by what became of them: sent or failed.",
    ),
)
"""The prober's own metrics. Their values are in prometheus_client's objects: see self_metrics.py."""
