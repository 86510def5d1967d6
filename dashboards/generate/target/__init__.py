"""`target`: one target, from its state to the phases of a request."""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.dashboard import Dashboard
from dashboards.generate.fresh import RUNBOOKS, fresh
from dashboards.generate.links import page
from dashboards.generate.marks import contract_changes, new_rules, new_servers, reloads
from dashboards.generate.target.clients import clients
from dashboards.generate.target.promises import promises
from dashboards.generate.target.races import races
from dashboards.generate.target.rules import rules
from dashboards.generate.target.standing import course, headline, probes
from dashboards.generate.target.timing import timing
from dashboards.generate.variables import CLUSTER, JOB, LOCATION, PROBE, TARGET

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
        "McpMixedFailures",
        "McpWrongAnswer",
        "McpProbeNotRun",
        "McpScrapedProbeFailing",
        "McpScrapedProbeFailingFromLocation",
    ),
    "Latency of the judged request": (
        "McpTooSlow",
        "McpSlowAgainstBudget",
    ),
    "Contract changes": (
        "McpContractBroken",
        "McpContractChanged",
    ),
    "Ends of the kept process": ("McpTargetProcessDies",),
    "Runs with violations": ("McpRaceViolation",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    return Dashboard(
        uid="mcp-prober-target",
        title="MCP target",
        description="One MCP server as its probes see it: what fails, where the time goes, what it promises.",
        variables=(CLUSTER, JOB, LOCATION, TARGET, PROBE),
        marks=(contract_changes(q.TARGETS), new_servers(q.TARGETS), new_rules(q.PLACES), reloads(q.PLACES)),
        rows=(
            fresh(q.PLACES, q.TARGETS),
            headline(q.TARGETS),
            course(q.PROBES),
            probes(q.PROBES),
            timing(q.TARGETS, q.PROBES),
            promises(q.TARGETS, q.PROBES),
            clients(q.TARGETS),
            rules(q.PROBES),
            races(q.PROBES),
        ),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
        links=(
            page(
                "Evidence",
                "${status_page}/targets/${target}",
                "Latest failures of this target, with what was sent and what came back",
            ),
        ),
    )
