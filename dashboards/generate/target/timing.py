"""Where the time goes."""

from __future__ import annotations

from dashboards.generate import promql as q
from dashboards.generate.charts import heatmap, lines
from dashboards.generate.dashboard import Row
from dashboards.generate.language import BAD, CAUTION, PHASES, colored
from dashboards.generate.panels import buckets, over_time


def timing(targets: str, probes: str) -> Row:
    """Phases, durations, latencies, and the life of a process."""
    taken = f"increase(mcp_target_run_duration_seconds_bucket{{{targets}, {q.NO_RACE}}}[$__rate_interval])"
    limits = f"min by (level) (mcp_probe_latency_budget_seconds{{{probes}}})"
    warm_limits = f"min by (level) (mcp_probe_warm_latency_budget_seconds{{{probes}}})"
    return Row(
        title="Where the time goes",
        height=9,
        panels=(
            lines(
                "Phases of a run",
                "Time that a run spent in each phase, on average, races left out.",
                *(over_time(_mean_of_phase(name, targets), name) for name in PHASES),
                unit="s",
                width=6,
                stacked=True,
                overrides=colored(PHASES),
            ),
            heatmap(
                "Duration of runs",
                "How many runs took how long, races left out. A second band is a second kind of answer: a cold cache.",
                buckets(f"sum by (le) ({taken})"),
                unit="s",
                width=6,
            ),
            lines(
                "Latency of the judged request",
                "What agents wait for, by probe. The lines are the tightest limits at which a probe warns and fails.",
                over_time(f"max by (probe) (mcp_probe_latency_seconds{{{probes}}})", "{{probe}}"),
                over_time(q.quantile(0.95, "mcp_target_latency_seconds", targets), "p95 of all"),
                over_time(f"max by (probe) (mcp_probe_warm_latency_seconds{{{probes}}})", "{{probe}}, warm"),
                over_time(limits, "limit: {{level}}"),
                over_time(warm_limits, "limit when warm: {{level}}"),
                unit="s",
                width=6,
                overrides=(
                    _dashed("limit: warn", CAUTION),
                    _dashed("limit: fail", BAD),
                    _dashed("limit when warm: warn", CAUTION),
                    _dashed("limit when warm: fail", BAD),
                ),
                empty="no probe measures a latency",
            ),
            lines(
                "Start and end of the process",
                "How long a stdio server took to start, and to leave, in the last runs: neither is in their duration.",
                over_time(f"max(mcp_probe_start_seconds{{{probes}}})", "to its first answer"),
                over_time(f"max(mcp_probe_close_seconds{{{probes}}})", "to leave"),
                unit="s",
                width=6,
                empty="no process of its own",
            ),
        ),
    )


def _mean_of_phase(name: str, targets: str) -> str:
    spent = f'mcp_target_phase_seconds_total{{{targets}, {q.NO_RACE}, phase="{name}"}}'
    runs = f"mcp_target_run_duration_seconds_count{{{targets}, {q.NO_RACE}}}"
    return q.ratio(f"sum(rate({spent}[$__rate_interval]))", f"sum(rate({runs}[$__rate_interval]))")


def _dashed(name: str, color: str) -> dict[str, object]:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": "color", "value": {"mode": "fixed", "fixedColor": color}},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 6]}},
            {"id": "custom.fillOpacity", "value": 0},
            {"id": "custom.lineWidth", "value": 1},
        ],
    }
