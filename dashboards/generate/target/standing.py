"""How the target and its probes stand now, and how they stood."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate import recorded as r
from dashboards.generate.charts import bars, lines, timeline
from dashboards.generate.dashboard import Row
from dashboards.generate.figures import stat, words
from dashboards.generate.language import (
    AVAILABILITY,
    BUDGET_LEFT,
    DAYS_LEFT,
    HISTORY,
    PLANNED_OR_NOT,
    REASON_WORDS,
    RESULT,
    SPENT,
    STANDING,
    sentence,
    symptoms_colored,
)
from dashboards.generate.panels import columns, now, over_time
from dashboards.generate.tables import Column, table

_PAGE: Final = [
    {"targetBlank": True, "title": "Evidence on the status page", "url": "${status_page}/targets/${target}"}
]


def headline(select: str) -> Row:
    """The target in eight numbers and words."""
    info = "group by ({label}) (mcp_target_info{{{select}}})"
    certificate = f"min(mcp_target_certificate_expiry_timestamp_seconds{{{select}}}) - time()"
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "State",
                "Down: all probes fail. Partly failing: some do. Grey: the prober could not tell, or is gone.",
                now(r.standing(select)),
                mappings=STANDING,
                size=20,
                links=_PAGE,
            ),
            stat(
                "Availability",
                sentence(
                    "Share of runs that passed over the range that is shown, of those that could tell.",
                    "Runs in maintenance windows are left out.",
                ),
                now(q.while_known(r.availability(select, "$__range"), r.PROBES, select)),
                unit="percentunit",
                decimals=2,
                steps=AVAILABILITY,
                empty="no data",
            ),
            stat(
                "Budget left",
                "What is left of the failures that the objective allows over the range that is shown.",
                now(q.while_known(r.budget_left(select, "$__range"), r.PROBES, select)),
                unit="percentunit",
                decimals=0,
                steps=BUDGET_LEFT,
                mappings=SPENT,
                empty="no data",
            ),
            stat(
                "Duration, p95",
                "95 of 100 runs over the range that is shown were faster than this, races left out.",
                now(q.run_quantile(0.95, select, window="$__range")),
                unit="s",
            ),
            words(
                "Server",
                "What the server calls itself.",
                now(info.format(label="server_name", select=select)),
                "{{server_name}}",
                empty="not known",
            ),
            words(
                "Protocol",
                "The version of the Model Context Protocol that was agreed on, and its era: modern has no handshake.",
                now(info.format(label="protocol_version, era", select=select)),
                "{{protocol_version}} {{era}}",
                empty="not known",
            ),
            stat(
                "Tools",
                "Tools that the server listed last.",
                now(f"max(mcp_target_tools{{{select}}})"),
                empty="not known",
            ),
            stat(
                "Certificate",
                "Time until its TLS certificate expires.",
                now(certificate),
                unit="s",
                decimals=0,
                steps=DAYS_LEFT,
                empty="none known",
            ),
        ),
    )


def course(select: str) -> Row:
    """What failed when, by probe and by symptom."""
    new = f'sum by (result) (increase(mcp_probe_runs_total{{{select}, result!="pass"}}[$__rate_interval]))'
    return Row(
        title="",
        height=9,
        panels=(
            timeline(
                "Probes over time",
                sentence(
                    "Every probe of the target: green while it passes, else in the colour of what a caller feels; blue",
                    "while in maintenance.",
                ),
                over_time(q.history(select), "{{probe}}"),
                mappings=HISTORY,
                width=14,
                links=_PAGE,
            ),
            bars(
                lines(
                    "Runs that did not pass, by symptom",
                    "Runs that failed or could not tell in each stretch of time, by what a caller felt.",
                    over_time(q.or_nothing(f"{new} > 0", "result", q.SUCCESS, select), "{{result}}"),
                    unit="short",
                    width=10,
                    stacked=True,
                    overrides=symptoms_colored(),
                    at_least=5,
                )
            ),
        ),
    )


def probes(select: str) -> Row:
    """Every probe in a row of a table."""
    return Row(
        title="",
        height=7,
        panels=(
            table(
                "Probes, the worst first",
                "How each probe's last run ended, how many failed in a row with one symptom, and when one last passed.",
                columns(q.result(select)),
                columns(q.reasons(select)),
                columns(q.latest("mcp_probe_last_run_timestamp_seconds", select, "probe")),
                columns(q.latest("mcp_probe_last_success_timestamp_seconds", select, "probe")),
                columns(f"max by (probe) (mcp_probe_interval_seconds{{{select}}})"),
                columns(f"max by (probe) (mcp_probe_latency_seconds{{{select}}})"),
                columns(q.availability(select, "$__range", "probe")),
                columns(f"max by (probe) (mcp_probe_maintenance{{{select}}})"),
                columns(f"max by (probe) (mcp_probe_consecutive_failures{{{select}}})"),
                columns(f"max by (probe) (mcp_probe_consecutive_slow_runs{{{select}}})"),
                show=(
                    Column(field="Value #A", title="Last run", width=150, mappings=RESULT, filled=True),
                    Column(field="probe", title="Probe", links=_PAGE),
                    Column(field="reason", title="Why", mappings=REASON_WORDS),
                    Column(field="Value #I", title="Failures in a row", width=130),
                    Column(field="Value #J", title="Slow in a row", width=110),
                    Column(field="Value #C", title="Ran", width=130, unit="dateTimeFromNow"),
                    Column(field="Value #D", title="Passed", width=130, unit="dateTimeFromNow"),
                    Column(field="Value #E", title="Interval", width=85, unit="s"),
                    Column(field="Value #F", title="Latency", width=90, unit="s"),
                    Column(
                        field="Value #G",
                        title="Availability",
                        width=105,
                        unit="percentunit",
                        decimals=2,
                        steps=AVAILABILITY,
                    ),
                    Column(field="Value #H", title="Maintenance", width=110, mappings=PLANNED_OR_NOT),
                ),
                sort={"Last run": True},
            ),
        ),
    )
