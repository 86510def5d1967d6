"""`fleet`: all targets; who is down and why, the worst first."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.dashboard import Dashboard
from dashboards.generate.fleet.course import BURNING, objective, speed, why
from dashboards.generate.fleet.promises import promises
from dashboards.generate.fleet.standing import WORST, headline, over_time_row, worst_first
from dashboards.generate.fresh import RUNBOOKS, fresh, rules_loaded
from dashboards.generate.marks import contract_changes, new_servers, reloads
from dashboards.generate.variables import CLUSTER, JOB, LOCATION, TARGETS

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
    "Burn rate, the fastest": (
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
    "Tokens, soonest first": ("McpTokenExpires",),
    "What answers": ("McpProtocolVersionChanged",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    select = q.TARGETS
    return Dashboard(
        uid="mcp-prober-fleet",
        title="MCP fleet",
        description="Every MCP server that is probed: who is down and why, the worst first.",
        variables=(CLUSTER, JOB, LOCATION, TARGETS, WORST, BURNING),
        marks=(contract_changes(select), new_servers(select), reloads(q.PLACES)),
        rows=(
            fresh(q.PLACES, select, rules_loaded(select)),
            headline(select),
            worst_first(select),
            over_time_row(select),
            why(select),
            objective(select),
            speed(select),
            promises(select),
        ),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
    )
