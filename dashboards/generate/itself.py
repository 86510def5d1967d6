"""`prober`: the probers themselves; whether what the other dashboards say can be believed."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate import recorded as r
from dashboards.generate.charts import heatmap, lines
from dashboards.generate.dashboard import Dashboard, Row
from dashboards.generate.figures import ranking, stat
from dashboards.generate.fresh import RUNBOOKS, fresh
from dashboards.generate.language import (
    BAD,
    CAUTION,
    GOOD,
    LATENESS,
    PLAIN,
    PLANNED,
    QUANTILES,
    RESULTS,
    UP,
    YES_IS_BAD,
    YES_IS_GOOD,
    colored,
    steps,
)
from dashboards.generate.marks import reloads
from dashboards.generate.panels import buckets, columns, now, over_time
from dashboards.generate.shares import sources, workers
from dashboards.generate.tables import Column, table
from dashboards.generate.variables import CLUSTER, JOB, LOCATION, labels_of

_S: Final = f'instance=~"$instance", {q.PLACES}'
_MINE: Final = f"and on (cluster, job, instance) mcp_prober_build_info{{{_S}}}"
"""Leaves out what other processes export too."""
_SHARES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

INSTANCE: Final = labels_of("instance", "Prober", f"label_values(mcp_prober_build_info{{{q.PLACES}}}, instance)")


_RUNBOOKS: Final = {
    "Config loaded": ("McpProberNotReloading",),
    "Start lag": ("McpProberLate",),
    "Runs lost, by prober": ("McpProberSkipsRuns",),
    "Probers": ("McpProberAbsent", "McpProberShardMissing"),
    "Results not written": ("McpProberHistoryDown",),
    "Sources of targets": ("McpProberSourceFailing",),
    "Worker processes": ("McpProberWorkerEnds",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    return Dashboard(
        uid="mcp-prober-prober",
        title="MCP prober itself",
        description="The probers: late, overloaded or cut off? Whether the other dashboards can be believed.",
        variables=(CLUSTER, JOB, LOCATION, INSTANCE),
        marks=(reloads(_S),),
        rows=(fresh(_S, _S), _headline(), _lag(), _load(), _who(), sources(_S), workers(_S), _process(), _history()),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
    )


def _headline() -> Row:
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "History",
                "Whether results are being written to the history. Probing goes on without it.",
                now(f"min(mcp_prober_history_up{{{_S}}})"),
                width=5,
                mappings=UP,
                empty="none known",
            ),
            stat(
                "Start lag, p99",
                "99 of 100 runs began less than this after they were due.",
                now(q.quantile(0.99, "mcp_prober_start_lag_seconds", _S)),
                width=5,
                unit="s",
                steps=LATENESS,
            ),
            stat(
                "Loop lag",
                "The worst lag of an event loop within a minute. From a quarter second on, latencies are in doubt.",
                now(f"max(mcp_prober_loop_lag_max_seconds{{{_S}}})"),
                width=5,
                unit="s",
                steps=LATENESS,
            ),
            stat(
                "Runs left out",
                "Runs over the range that is shown that did not begin because the one before still went on.",
                now(
                    q.while_known(
                        f"sum(increase(mcp_prober_skipped_runs_total{{{_S}}}[$__range]))", "mcp_prober_build_info", _S
                    )
                ),
                width=5,
                decimals=0,
                steps=steps(GOOD, (1, CAUTION)),
            ),
            stat(
                "Probes",
                "Probes that all of them run.",
                now(f"sum(mcp_prober_probes{{{_S}}})"),
                width=4,
            ),
        ),
    )


def _lag() -> Row:
    return Row(
        title="Is it late",
        height=8,
        panels=(
            lines(
                "Start lag",
                "How much later than due runs began.",
                *(over_time(q.quantile(share, "mcp_prober_start_lag_seconds", _S), name) for name, share in _SHARES),
                unit="s",
                width=8,
                overrides=colored(QUANTILES),
            ),
            heatmap(
                "Start lag, all runs",
                "How many runs began how late.",
                buckets(f"sum by (le) (increase(mcp_prober_start_lag_seconds_bucket{{{_S}}}[$__rate_interval]))"),
                unit="s",
                width=8,
            ),
            lines(
                "Event loop lag",
                "How much later than asked the event loop came back: time in which no answer could be read.",
                over_time(q.quantile(0.99, "mcp_prober_loop_lag_seconds", _S, "instance"), "p99 {{instance}}"),
                over_time(f"max by (instance) (mcp_prober_loop_lag_max_seconds{{{_S}}})", "worst {{instance}}"),
                unit="s",
                width=8,
            ),
        ),
    )


def _load() -> Row:
    passed, others = r.runs_per_second(_S)
    short = f"sum by (instance) (increase(mcp_prober_shortages_total{{{_S}}}[$__range]))"
    skipped = f"sum by (instance) (increase(mcp_prober_skipped_runs_total{{{_S}}}[$__range]))"
    return Row(
        title="How busy is it",
        height=8,
        panels=(
            lines(
                "Runs by result",
                "Runs per second over five minutes: passed, or by what a caller felt. Grey could not tell.",
                over_time(passed, "pass"),
                over_time(others, "{{result}}"),
                unit="ops",
                width=8,
                stacked=True,
                step="5m",
                overrides=colored(RESULTS),
            ),
            lines(
                "Runs going on and waiting",
                "Runs that go on at this moment, and runs that are due and wait for their turn.",
                over_time(f"sum(mcp_prober_running_probes{{{_S}}})", "running"),
                over_time(f"sum(mcp_prober_waiting_probes{{{_S}}})", "waiting"),
                unit="short",
                width=8,
                overrides=colored({"running": PLANNED, "waiting": CAUTION}),
                decimals=0,
            ),
            ranking(
                "Runs lost, by prober",
                "Runs left out because the one before still went on (raise the interval or lower the timeout), and runs"
                " for which the prober lacked files, memory, threads or processes (raise the limit: see"
                " prober_shortage).",
                now(
                    f"topk(8, {skipped} + {short} > 0)",
                    "{{instance}}",
                ),
                unit="short",
                decimals=0,
                steps=steps(PLAIN, (1, CAUTION)),
                empty="none is known",
            ),
        ),
    )


def _who() -> Row:
    by = "by (instance, location)"
    labels = "(instance, location, version, python_version)"
    ran = "mcp_probe_last_run_timestamp_seconds"
    gone = f"({q.known('mcp_prober_build_info', _S)} and on (cluster, job, instance) up == 0)"
    return Row(
        title="",
        height=5,
        panels=(
            table(
                "Probers",
                "Every prober that is scraped, and those that cannot be any longer, with what it runs.",
                columns(f"group by {labels} (mcp_prober_build_info{{{_S}}}) or group by {labels} {gone}"),
                columns(f"min {by} (mcp_prober_config_last_reload_successful{{{_S}}})"),
                columns(f"max {by} (mcp_prober_config_last_reload_success_timestamp_seconds{{{_S}}}) * 1000"),
                columns(f"max {by} (process_start_time_seconds{{{_S}}} {_MINE}) * 1000"),
                columns(f"sum {by} (mcp_prober_targets{{{_S}}})"),
                columns(f"sum {by} (mcp_prober_probes{{{_S}}})"),
                columns(f"max {by} (mcp_prober_suspects_itself{{{_S}}})"),
                columns(f"group {by} (mcp_prober_build_info{{{_S}}}) or group {by} {gone} * 0"),
                columns(f"(max {by} ({ran}{{{_S}}}) or max {by} ({q.known(ran, _S)})) * 1000"),
                show=(
                    Column(field="Value #H", title="State", width=70, mappings=UP, filled=True),
                    Column(field="instance", title="Prober"),
                    Column(field="location", title="Location"),
                    Column(field="version", title="Version", width=75),
                    Column(field="python_version", title="Python", width=75),
                    Column(field="Value #I", title="Newest run", width=115, unit="dateTimeFromNow"),
                    Column(field="Value #B", title="Last load worked", width=125, mappings=YES_IS_GOOD),
                    Column(field="Value #C", title="Loaded", width=115, unit="dateTimeFromNow"),
                    Column(field="Value #D", title="Started", width=115, unit="dateTimeFromNow"),
                    Column(field="Value #E", title="Targets", width=70),
                    Column(field="Value #F", title="Probes", width=70),
                    Column(field="Value #G", title="Suspects itself", width=115, mappings=YES_IS_BAD),
                ),
                sort={"Prober": False},
            ),
        ),
    )


def _process() -> Row:
    return Row(
        title="What it costs",
        height=8,
        panels=(
            lines(
                "CPU",
                "Share of one core that each prober uses.",
                over_time(f"rate(process_cpu_seconds_total{{{_S}}}[$__rate_interval]) {_MINE}", "{{instance}}"),
                unit="percentunit",
                width=6,
            ),
            lines(
                "Memory",
                "Resident memory of each prober.",
                over_time(f"process_resident_memory_bytes{{{_S}}} {_MINE}", "{{instance}}"),
                unit="bytes",
                width=6,
            ),
            lines(
                "Open files",
                "File descriptors of each prober: sockets, pipes, files. A slope is a leak.",
                over_time(f"process_open_fds{{{_S}}} {_MINE}", "{{instance}}"),
                unit="short",
                width=6,
                decimals=0,
            ),
            lines(
                "Time to scrape",
                "How long Prometheus took to fetch /metrics.",
                over_time(f"scrape_duration_seconds{{{q.JOBS}}} {_MINE}", "{{instance}}"),
                unit="s",
                width=6,
            ),
        ),
    )


def _history() -> Row:
    return Row(
        title="History and notifications",
        height=7,
        panels=(
            lines(
                "Size of the history",
                "Bytes of the history's files.",
                over_time(f"mcp_prober_history_bytes{{{_S}}}", "{{instance}}"),
                unit="bytes",
                width=8,
                empty="no history is kept",
            ),
            lines(
                "Results not written",
                "Results per second that could not be written to the history.",
                over_time(
                    f"sum by (instance) (rate(mcp_prober_history_dropped_total{{{_S}}}[$__rate_interval]))",
                    "{{instance}}",
                ),
                unit="ops",
                width=8,
                at_least=1,
                empty="no history is kept",
            ),
            lines(
                "Notifications",
                "Notifications that the probers sent themselves, without Alertmanager, by what became of them.",
                over_time(
                    f"sum by (outcome) (increase(mcp_prober_notifications_total{{{_S}}}[$__rate_interval]))",
                    "{{outcome}}",
                ),
                unit="short",
                width=8,
                at_least=1,
                overrides=colored({"sent": PLANNED, "failed": BAD}),
            ),
        ),
    )
