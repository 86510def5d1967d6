"""`fleet`: all targets; who is down and why, the worst first."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.charts import bars, lines
from dashboards.generate.dashboard import Dashboard, Row
from dashboards.generate.figures import ranking, stat
from dashboards.generate.fresh import RUNBOOKS, fresh
from dashboards.generate.language import (
    ANY_IS_BAD,
    ANY_IS_UNSURE,
    AVAILABILITY,
    BAD,
    BUDGET_LEFT,
    BUDGET_SPENT,
    BURN,
    CAUTION,
    DAYS_LEFT,
    GOOD,
    PLAIN,
    PLANNED,
    QUANTILES,
    REASON_WORDS,
    SPENT,
    STANDING,
    UNSURE,
    colored,
    reasons_colored,
    sentence,
    steps,
    symptoms_colored,
)
from dashboards.generate.links import IN_ROW, IN_SERIES, link_to_target
from dashboards.generate.marks import contract_changes, new_servers, reloads
from dashboards.generate.panels import columns, now, over_time
from dashboards.generate.tables import Column, table
from dashboards.generate.variables import LOCATION, TARGETS

_S: Final = q.TARGETS
_FORTNIGHT: Final = 14 * 86400
_AGE: Final = steps(PLAIN, (300, UNSURE))
"""Prometheus itself forgets a series after five minutes."""
_TO_SERIES: Final = link_to_target(IN_SERIES)
_TO_ROW: Final = link_to_target(IN_ROW)


_RUNBOOKS: Final = {
    "Targets, the worst first": (
        "McpTargetDown",
        "McpProbeFailing",
        "McpWrongAnswer",
    ),
    "Could not tell": ("McpProbeCannotTell",),
    "Probes that do not pass, by reason": (
        "McpProbeFailing",
        "McpTokenRejected",
        "McpRateLimited",
    ),
    "Burn rate": (
        "McpSloBurnFast",
        "McpSloBurn",
        "McpSloBurnSlow",
    ),
    "Availability by location": ("McpTargetDownFromLocation",),
    "Latency, as a share of its limit": (
        "McpTooSlow",
        "McpSlowAgainstBudget",
    ),
    "Contract changes": (
        "McpContractBroken",
        "McpContractChanged",
    ),
    "Certificates, soonest first": (
        "McpCertificateExpires",
        "McpCertificateExpiresSoon",
    ),
    "What answers": ("McpProtocolVersionChanged",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    return Dashboard(
        uid="mcp-prober-fleet",
        title="MCP fleet",
        description="Every MCP server that is probed: who is down and why, the worst first.",
        variables=(LOCATION, TARGETS),
        marks=(contract_changes(_S), new_servers(_S), reloads(q.PLACES)),
        rows=(fresh(q.PLACES, _S), _headline(), _worst_first(), _why(), _objective(), _speed(), _promises()),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
    )


def _headline() -> Row:
    certificates = f"min by (target) (mcp_target_certificate_expiry_timestamp_seconds{{{_S}}}) - time() < {_FORTNIGHT}"
    return Row(
        title="",
        height=3,
        panels=(
            stat(
                "Targets",
                "Targets that are probed.",
                over_time(f"count(count by (target) (mcp_probe_info{{{_S}}}))", "targets"),
            ),
            stat(
                "Targets failing",
                "Targets of which at least one probe fails, outside of maintenance windows.",
                over_time(q.targets_with(q.failing(_S), _S), "targets"),
                steps=ANY_IS_BAD,
            ),
            stat(
                "Probes failing",
                "Probes whose last run failed, outside of maintenance windows. A run that could not tell is not one.",
                over_time(q.probes_with(q.failing(_S), _S), "probes"),
                steps=ANY_IS_BAD,
            ),
            stat(
                "Could not tell",
                "Probes whose last run ended unknown: the prober's own trouble, no budget left, an undecided race.",
                over_time(q.probes_with(q.unsure(_S), _S), "probes"),
                steps=ANY_IS_UNSURE,
            ),
            stat(
                "Maintenance",
                "Targets with a probe in a maintenance window: they are probed, and nobody is called.",
                over_time(q.targets_with(q.planned(_S), _S), "targets"),
                steps=steps(PLAIN, (1, PLANNED)),
            ),
            stat(
                "Cert < 14 days",
                "Targets whose TLS certificate expires within 14 days.",
                over_time(q.targets_with(certificates, _S), "targets"),
                steps=steps(GOOD, (1, CAUTION)),
            ),
            stat(
                "Availability",
                sentence(
                    "Share of runs that passed over the range that is shown, of those that could tell.",
                    "Runs in maintenance windows count.",
                ),
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
        ),
    )


def _worst_first() -> Row:
    passed = "mcp_probe_last_success_timestamp_seconds"
    last = "min by (target) (max by (target, probe) ({}))".format
    return Row(
        title="",
        height=11,
        panels=(
            table(
                "Targets, the worst first",
                sentence(
                    "How every target stands. Why is the reason that most of its failing probes share; oldest success",
                    "is that of the probe that has failed for longest. A target whose prober cannot be scraped is",
                    "stale: in grey, as it stood. Click a target for its own dashboard.",
                ),
                columns(q.standing(_S)),
                columns(q.why(_S)),
                columns(q.probes_failing(_S)),
                columns(q.probes(_S)),
                columns(f"({last(f'{passed}{{{_S}}}')} or {last(q.known(passed, _S))}) * 1000"),
                columns(q.availability(_S, "$__range", "target")),
                columns(q.budget_left(_S, "$__range", "target")),
                columns(q.run_quantile(0.95, _S, "target", "$__range")),
                columns(q.age(_S)),
                show=(
                    Column(field="Value #A", title="State", width=150, mappings=STANDING, filled=True),
                    Column(field="target", title="Target", links=_TO_ROW),
                    Column(field="reason", title="Why", mappings=REASON_WORDS),
                    Column(field="Value #C", title="Failing", width=80, steps=ANY_IS_BAD),
                    Column(field="Value #D", title="Probes", width=80),
                    Column(field="Value #E", title="Oldest success", width=150, unit="dateTimeFromNow"),
                    Column(
                        field="Value #F",
                        title="Availability",
                        width=110,
                        unit="percentunit",
                        decimals=2,
                        steps=AVAILABILITY,
                    ),
                    Column(
                        field="Value #G",
                        title="Budget left",
                        width=110,
                        unit="percentunit",
                        decimals=0,
                        steps=BUDGET_LEFT,
                        mappings=SPENT,
                    ),
                    Column(field="Value #H", title="p95", width=80, unit="s"),
                    Column(field="Value #I", title="Age", width=75, unit="s", decimals=0, steps=_AGE),
                ),
                sort={"State": True},
            ),
        ),
    )


def _why() -> Row:
    seen = f"count by (reason) (count by (target, probe, reason) ({q.failing(_S)} or {q.unsure(_S)}))"
    new = f'sum by (result) (increase(mcp_probe_runs_total{{{_S}, result!="pass"}}[$__rate_interval]))'
    return Row(
        title="Why",
        height=9,
        panels=(
            lines(
                "Probes that do not pass, by reason",
                "Probes whose last run did not pass, by the reason it gave. Colours are those of the reason's family.",
                over_time(q.or_nothing(seen, "reason", _S), "{{reason}}"),
                unit="short",
                stacked=True,
                overrides=reasons_colored(),
                decimals=0,
                at_least=5,
            ),
            bars(
                lines(
                    "Runs that did not pass, by symptom",
                    "Runs that failed or could not tell in each stretch of time, by what a caller felt.",
                    over_time(q.or_nothing(f"{new} > 0", "result", _S), "{{result}}"),
                    unit="short",
                    stacked=True,
                    overrides=symptoms_colored(),
                    at_least=5,
                )
            ),
        ),
    )


def _objective() -> Row:
    return Row(
        title="Objective and error budget",
        height=8,
        panels=(
            lines(
                "Burn rate",
                sentence(
                    "How many times faster than the objectives allow failures come: at 1 the budget lasts exactly its",
                    "30 days. The lines are where alerts speak up: 1, 6 and 14.4.",
                ),
                over_time(q.budget_spent(_S, "1h"), "over 1 hour"),
                over_time(q.budget_spent(_S, "6h"), "over 6 hours"),
                unit="none",
                width=8,
                limits=BURN,
                at_least=16,
                overrides=colored({"over 1 hour": "#F2CC0C", "over 6 hours": "#5794F2"}),
            ),
            ranking(
                "Error budget spent, the ten worst",
                "How many times over each target has spent what it may over the range that is shown: 1x is all of it.",
                now(f"topk(10, {q.budget_spent(_S, '$__range', 'target')})", "{{target}}"),
                unit="suffix:x",
                decimals=1,
                steps=BUDGET_SPENT,
                links=_TO_SERIES,
            ),
            lines(
                "Availability by location",
                sentence(
                    "Share of runs that passed, over an hour, as seen from each place. One place alone that",
                    "sees failures has trouble of its own; without locations there is one line.",
                ),
                over_time(q.availability(_S, "1h", "location"), "from {{location}}"),
                unit="percentunit",
                width=8,
                minimum=None,
                maximum=1,
                at_most=0.99,
            ),
        ),
    )


def _speed() -> Row:
    latency = f"max by (target, probe) (mcp_probe_latency_seconds{{{_S}}})"
    limit = f'min by (target, probe) (mcp_probe_latency_budget_seconds{{{_S}, level="fail"}})'
    p95 = q.run_quantile(0.95, _S, "target", "$__range")
    return Row(
        title="Speed",
        height=8,
        panels=(
            lines(
                "Duration of runs",
                "Quantiles of how long a whole run takes, over all targets, races left out.",
                *(
                    over_time(q.run_quantile(share, _S), name)
                    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
                ),
                unit="s",
                width=8,
                overrides=colored(QUANTILES),
            ),
            ranking(
                "Slowest targets, p95",
                "95 of 100 runs were faster than this, over the range that is shown.",
                now(f"topk(10, {p95})", "{{target}}"),
                unit="s",
                links=_TO_SERIES,
            ),
            ranking(
                "Latency, as a share of its limit",
                sentence(
                    "The last run's latency as a share of that at which the probe fails: who comes nearest",
                    "to failing for slowness.",
                ),
                now(f"topk(10, {latency} / {limit})", "{{probe}}"),
                unit="percentunit",
                decimals=0,
                maximum=1,
                steps=steps(GOOD, (0.5, CAUTION), (1, BAD)),
                empty="no latency limit is known",
                links=_TO_SERIES,
            ),
        ),
    )


def _promises() -> Row:
    changes = 'max by (target) (mcp_contract_changes{%s, severity="%s"})'
    expiry = f"min by (target) (mcp_target_certificate_expiry_timestamp_seconds{{{_S}}})"
    return Row(
        title="Promises: contracts, certificates, versions",
        height=8,
        panels=(
            table(
                "Contract changes",
                "How each target differs from its pinned contract, where there is one. Breaking ones hurt agents.",
                *(columns(changes % (_S, severity)) for severity in ("breaking", "additive", "cosmetic")),
                show=(
                    Column(field="target", title="Target", links=_TO_ROW),
                    Column(field="Value #A", title="Breaking", width=75, steps=ANY_IS_BAD),
                    Column(field="Value #B", title="Additive", width=75, steps=steps(GOOD, (1, PLANNED))),
                    Column(field="Value #C", title="Cosmetic", width=80),
                ),
                width=7,
                sort={"Breaking": True, "Additive": True},
                empty="no pinned contract is known",
            ),
            table(
                "Certificates, soonest first",
                "When the TLS certificate of each target expires.",
                columns(f"{expiry} - time()"),
                columns(f"{expiry} * 1000"),
                show=(
                    Column(field="target", title="Target", links=_TO_ROW),
                    Column(field="Value #A", title="Left", width=80, unit="s", decimals=0, steps=DAYS_LEFT),
                    Column(field="Value #B", title="Expires", width=150, unit="dateTimeAsIsoNoDateIfToday"),
                ),
                width=7,
                sort={"Left": False},
                empty="no certificate is known",
            ),
            table(
                "What answers",
                "What each server says of itself, and the version of the protocol that was agreed with it.",
                columns(f"group by (target, protocol_version, server_name, server_version) (mcp_target_info{{{_S}}})"),
                columns(f"max by (target) (mcp_target_tools{{{_S}}})"),
                show=(
                    Column(field="target", title="Target", links=_TO_ROW),
                    Column(field="server_name", title="Server"),
                    Column(field="server_version", title="Version", width=85),
                    Column(field="protocol_version", title="Protocol", width=95),
                    Column(field="Value #B", title="Tools", width=55),
                ),
                width=10,
                sort={"Target": False},
            ),
        ),
    )
