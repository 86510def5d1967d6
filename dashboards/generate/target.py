"""`target`: one target, from its state to the phases of a request."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.charts import bars, heatmap, lines, timeline
from dashboards.generate.dashboard import Dashboard, Row
from dashboards.generate.figures import stat, words
from dashboards.generate.fresh import RUNBOOKS, fresh
from dashboards.generate.language import (
    ANY_IS_BAD,
    AVAILABILITY,
    BAD,
    BUDGET_LEFT,
    CAUTION,
    DAYS_LEFT,
    HISTORY,
    PHASES,
    PLANNED_OR_NOT,
    REASON_WORDS,
    RESULT,
    SEVERITIES,
    SPENT,
    STANDING,
    colored,
    reasons_colored,
    sentence,
    symptoms_colored,
)
from dashboards.generate.links import page
from dashboards.generate.marks import contract_changes, new_servers, reloads
from dashboards.generate.panels import Query, buckets, columns, now, over_time
from dashboards.generate.tables import Column, table
from dashboards.generate.variables import LOCATION, PROBE, TARGET

_S: Final = q.PROBES
_T: Final = q.TARGETS
_PAGE: Final = [
    {"targetBlank": True, "title": "Evidence on the status page", "url": "${status_page}/targets/${target}"}
]


_RUNBOOKS: Final = {
    "Probes over time": (
        "McpTargetDown",
        "McpTargetDownFromLocation",
    ),
    "Runs that did not pass, by symptom": (
        "McpWrongAnswersNowAndThen",
        "McpTokenRejected",
        "McpRateLimited",
    ),
    "Probes, the worst first": (
        "McpProbeFailing",
        "McpWrongAnswer",
        "McpProbeNotRun",
        "McpScrapedProbeFailing",
    ),
    "Latency of the judged request": (
        "McpTooSlow",
        "McpSlowAgainstBudget",
    ),
    "Contract changes": (
        "McpContractBroken",
        "McpContractChanged",
    ),
    "Violations": ("McpRaceViolation",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    return Dashboard(
        uid="mcp-prober-target",
        title="MCP target",
        description="One MCP server as its probes see it: what fails, where the time goes, what it promises.",
        variables=(LOCATION, TARGET, PROBE),
        marks=(contract_changes(_T), new_servers(_T), reloads(q.PLACES)),
        rows=(fresh(q.PLACES, _T), _headline(), _course(), _probes(), _time(), _promises(), _races()),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
        links=(
            page(
                "Evidence",
                "${status_page}/targets/${target}",
                "Latest failures of this target, with what was sent and what came back",
            ),
        ),
    )


def _headline() -> Row:
    info = "group by ({label}) (mcp_target_info{{{select}}})"
    certificate = f"min(mcp_target_certificate_expiry_timestamp_seconds{{{_T}}}) - time()"
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "State",
                "Down: all probes fail. Partly failing: some do. Grey: the prober could not tell, or is gone.",
                now(q.standing(_T)),
                mappings=STANDING,
                size=20,
                links=_PAGE,
            ),
            stat(
                "Availability",
                "Share of runs that passed over the range that is shown, of those that could tell.",
                now(q.while_known(q.availability(_S, "$__range"), q.SUCCESS, _S)),
                unit="percentunit",
                decimals=2,
                steps=AVAILABILITY,
                empty="no data",
            ),
            stat(
                "Budget left",
                "What is left of the failures that the objective allows over the range that is shown.",
                now(q.while_known(q.budget_left(_S, "$__range"), q.SUCCESS, _S)),
                unit="percentunit",
                decimals=0,
                steps=BUDGET_LEFT,
                mappings=SPENT,
                empty="no data",
            ),
            stat(
                "Duration, p95",
                "95 of 100 runs over the range that is shown were faster than this, races left out.",
                now(q.run_quantile(0.95, _T, window="$__range")),
                unit="s",
            ),
            words(
                "Server",
                "What the server calls itself.",
                now(info.format(label="server_name", select=_T)),
                "{{server_name}}",
                empty="not known",
            ),
            words(
                "Protocol",
                "The version of the Model Context Protocol that was agreed on, and its era: modern has no handshake.",
                now(info.format(label="protocol_version, era", select=_T)),
                "{{protocol_version}} {{era}}",
                empty="not known",
            ),
            stat(
                "Tools",
                "Tools that the server listed last.",
                over_time(f"max(mcp_target_tools{{{_T}}})", "tools"),
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


def _course() -> Row:
    new = f'sum by (result) (increase(mcp_probe_runs_total{{{_S}, result!="pass"}}[$__rate_interval]))'
    return Row(
        title="",
        height=9,
        panels=(
            timeline(
                "Probes over time",
                sentence(
                    "Every probe of the target: green while it passes, else in the colour of the family of its reason;",
                    "blue while in maintenance.",
                ),
                over_time(q.history(_S), "{{probe}}"),
                mappings=HISTORY,
                width=14,
                links=_PAGE,
            ),
            bars(
                lines(
                    "Runs that did not pass, by symptom",
                    "Runs that failed or could not tell in each stretch of time, by what a caller felt.",
                    over_time(q.or_nothing(f"{new} > 0", "result", _S), "{{result}}"),
                    unit="short",
                    width=10,
                    stacked=True,
                    overrides=symptoms_colored(),
                    at_least=5,
                )
            ),
        ),
    )


def _probes() -> Row:
    return Row(
        title="",
        height=7,
        panels=(
            table(
                "Probes, the worst first",
                "How each probe's last run ended, how many failed in a row with one symptom, and when one last passed.",
                columns(q.result(_S)),
                columns(q.reasons(_S)),
                columns(q.latest("mcp_probe_last_run_timestamp_seconds", _S, "probe")),
                columns(q.latest("mcp_probe_last_success_timestamp_seconds", _S, "probe")),
                columns(f"max by (probe) (mcp_probe_interval_seconds{{{_S}}})"),
                columns(f"max by (probe) (mcp_probe_latency_seconds{{{_S}}})"),
                columns(q.availability(_S, "$__range", "probe")),
                columns(f"max by (probe) (mcp_probe_maintenance{{{_S}}})"),
                columns(f"max by (probe) (mcp_probe_consecutive_failures{{{_S}}})"),
                columns(f"max by (probe) (mcp_probe_consecutive_slow_runs{{{_S}}})"),
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


def _time() -> Row:
    taken = f"increase(mcp_target_run_duration_seconds_bucket{{{_T}, {q.NO_RACE}}}[$__rate_interval])"
    limits = f"min by (level) (mcp_probe_latency_budget_seconds{{{_S}}})"
    return Row(
        title="Where the time goes",
        height=9,
        panels=(
            lines(
                "Phases of a run",
                "Time that a run spent in each phase, on average, races left out.",
                *(over_time(_mean_of_phase(name), name) for name in PHASES),
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
                over_time(f"max by (probe) (mcp_probe_latency_seconds{{{_S}}})", "{{probe}}"),
                over_time(q.quantile(0.95, "mcp_target_latency_seconds", _T), "p95 of all"),
                over_time(limits, "limit: {{level}}"),
                unit="s",
                width=6,
                overrides=(
                    _dashed("limit: warn", CAUTION),
                    _dashed("limit: fail", BAD),
                ),
                empty="no probe measures a latency",
            ),
            lines(
                "Start and end of the process",
                "How long a stdio server took to start, and to leave, in the last runs: neither is in their duration.",
                over_time(f"max(mcp_probe_start_seconds{{{_S}}})", "to its first answer"),
                over_time(f"max(mcp_probe_close_seconds{{{_S}}})", "to leave"),
                unit="s",
                width=6,
                empty="no process of its own",
            ),
        ),
    )


def _mean_of_phase(name: str) -> str:
    spent = f'mcp_target_phase_seconds_total{{{_T}, {q.NO_RACE}, phase="{name}"}}'
    runs = f"mcp_target_run_duration_seconds_count{{{_T}, {q.NO_RACE}}}"
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


def _promises() -> Row:
    return Row(
        title="What it promises",
        height=7,
        panels=(
            lines(
                "Catalogue size",
                "Tools that the server listed. A step down is a tool that agents miss.",
                over_time(f"max by (location) (mcp_target_tools{{{_T}}})", "tools {{location}}"),
                unit="short",
                width=5,
                empty="no probe lists its tools",
                decimals=0,
            ),
            lines(
                "Contract changes",
                "Differences from the pinned contract, by severity.",
                over_time(f"max by (severity) (mcp_contract_changes{{{_S}}})", "{{severity}}"),
                unit="short",
                width=5,
                overrides=colored(SEVERITIES),
                at_least=5,
                empty="no contract is pinned",
                decimals=0,
            ),
            lines(
                "Call budget left",
                "Requests that the target's budget still allows.",
                over_time(f"min by (location) (mcp_target_budget_remaining{{{_T}}})", "requests left {{location}}"),
                unit="short",
                width=5,
                empty="no budget is set",
            ),
            lines(
                "Ends of the kept process",
                "Processes kept between runs that ended, by cause: a death between two runs is in no run's verdict.",
                over_time(
                    f"sum by (cause) (increase(mcp_target_process_restarts_total{{{_T}}}[$__rate_interval]))",
                    "{{cause}}",
                ),
                unit="short",
                width=5,
                overrides=colored({"died": BAD, "broken": BAD, "failed": CAUTION}),
                at_least=5,
                empty="no process is kept",
                decimals=0,
            ),
            lines(
                "Sessions and addresses",
                "Connections over which the last session was not known, and addresses of the name that did not answer.",
                over_time(f'max by (probe) (mcp_session_connections{{{_S}, known="no"}})', "lost {{probe}}"),
                over_time(f'max by (probe) (mcp_session_addresses{{{_S}, well="no"}})', "failed {{probe}}"),
                unit="short",
                width=4,
                at_least=5,
                empty="no session probe",
                decimals=0,
            ),
        ),
    )


def _races() -> Row:
    lost = f"sum by (anomaly) (increase(mcp_race_violations_total{{{_S}}}[$__range]))"
    calls = f"sum by (probe) (increase(mcp_race_operations_total{{{_S}}}[$__rate_interval]))"
    over: Query = over_time(
        f"sum by (anomaly) (increase(mcp_race_violations_total{{{_S}}}[$__rate_interval]))", "{{anomaly}}"
    )
    return Row(
        collapsed=True,
        title="Races: does it keep its promises when several agents write",
        height=7,
        panels=(
            stat(
                "Violations",
                "Lost updates, torn and stale reads and the like that races proved over the range that is shown.",
                now(q.while_known(f"sum({lost})", q.SUCCESS, _S)),
                width=4,
                decimals=0,
                steps=ANY_IS_BAD,
                empty="none known",
            ),
            lines(
                "Violations by anomaly",
                "Cases that the traces of races proved, by what went wrong.",
                over,
                unit="short",
                width=8,
                stacked=True,
                overrides=reasons_colored(),
                at_least=5,
                empty="no race probe",
            ),
            bars(
                lines(
                    "Calls of races",
                    "Calls that races made in each stretch of time: without them nothing is proved.",
                    over_time(calls, "{{probe}}"),
                    unit="short",
                    width=6,
                    empty="no race probe",
                )
            ),
            lines(
                "Overlap of races",
                "Most calls that were open at one instant of the last race: 1 means that nothing raced.",
                over_time(f"max by (probe) (mcp_race_overlap{{{_S}}})", "{{probe}}"),
                unit="short",
                width=6,
                empty="no race probe",
                decimals=0,
            ),
        ),
    )
