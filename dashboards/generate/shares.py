"""Where a prober's targets come from, and how they are shared among its worker processes or among shards."""

from __future__ import annotations

from dashboards.generate.dashboard import Row
from dashboards.generate.language import UP
from dashboards.generate.panels import columns
from dashboards.generate.tables import Column, table


def sources(select: str) -> Row:
    """The sources of targets."""
    by = "by (instance, source)"
    return Row(
        title="",
        height=5,
        panels=(
            table(
                "Sources of targets",
                "Files, addresses and registries that give targets. One that fails keeps its last targets.",
                columns(f"min {by} (mcp_prober_source_up{{{select}}})"),
                columns(f"max {by} (mcp_prober_source_targets{{{select}}})"),
                columns(f"max {by} (mcp_prober_source_left_out{{{select}}})"),
                columns(f"max {by} (mcp_prober_source_last_success_timestamp_seconds{{{select}}}) * 1000"),
                show=(
                    Column(field="Value #A", title="State", width=70, mappings=UP, filled=True),
                    Column(field="source", title="Source"),
                    Column(field="instance", title="Prober"),
                    Column(field="Value #B", title="Targets", width=90),
                    Column(field="Value #C", title="Left out", width=90),
                    Column(field="Value #D", title="Last look taken", width=130, unit="dateTimeFromNow"),
                ),
                sort={"Source": False},
                empty="all targets are in the files of the configuration",
            ),
        ),
    )


def workers(select: str) -> Row:
    """The processes of `--processes` and the shards of `--shard`."""
    by = "by (instance, worker)"
    return Row(
        title="",
        height=5,
        panels=(
            table(
                "Worker processes",
                "Of probers with --processes. One that ends is replaced, and its missed runs are made up for.",
                columns(f"min {by} (mcp_prober_worker_up{{{select}}})"),
                columns(f"max {by} (mcp_prober_worker_probes{{{select}}})"),
                columns(f"sum {by} (increase(mcp_prober_worker_ends_total{{{select}}}[$__range]))"),
                columns(f"sum {by} (rate(mcp_prober_worker_cpu_seconds_total{{{select}}}[$__range]))"),
                columns(f"max {by} (mcp_prober_worker_resident_memory_bytes{{{select}}})"),
                show=(
                    Column(field="Value #A", title="State", width=70, mappings=UP, filled=True),
                    Column(field="instance", title="Prober"),
                    Column(field="worker", title="Worker", width=75),
                    Column(field="Value #B", title="Probes", width=70),
                    Column(field="Value #C", title="Ends", width=70, decimals=0),
                    Column(field="Value #D", title="CPU", width=80, unit="percentunit", decimals=0),
                    Column(field="Value #E", title="Memory", width=90, unit="bytes", decimals=0),
                ),
                width=14,
                sort={"Prober": False, "Worker": False},
                empty="no prober has worker processes",
            ),
            table(
                "Shards",
                "Of probers with --shard: which share of the configuration each of them runs.",
                columns(f"max by (instance) (mcp_prober_shard{{{select}}})"),
                columns(f"max by (instance) (mcp_prober_shards{{{select}}})"),
                show=(
                    Column(field="instance", title="Prober"),
                    Column(field="Value #A", title="Shard", width=75),
                    Column(field="Value #B", title="Of", width=75),
                ),
                width=10,
                sort={"Shard": False},
                empty="no prober is a shard",
            ),
        ),
    )
