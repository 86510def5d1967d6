"""`state`: a server's shared state from inside, beside what its probes see from outside.

The inside is what `mcp-prober reference` exports and what any server can: see mcp_state/metrics.py.
"""

from __future__ import annotations

from typing import Final

from dashboards.generate import promql as q
from dashboards.generate.dashboard import Dashboard
from dashboards.generate.figures import stat
from dashboards.generate.fresh import RUNBOOKS, fresh
from dashboards.generate.language import UP
from dashboards.generate.marks import contract_changes, new_servers
from dashboards.generate.panels import Panel, now
from dashboards.generate.state.overview import both_sides, headline
from dashboards.generate.state.selectors import SERVERS, STORES
from dashboards.generate.state.store import dependencies, log, waiting
from dashboards.generate.state.writers import conflicts
from dashboards.generate.variables import CLUSTER, JOB, LOCATION, TARGETS, labels_of

SERVER_JOB: Final = labels_of(
    "server_job", "Server's job", 'label_values(mcp_state_store_safe{cluster=~"$cluster"}, job)'
)
INSTANCE: Final = labels_of(
    "instance", "Server", 'label_values(mcp_state_store_safe{cluster=~"$cluster", job=~"$server_job"}, instance)'
)
STORE: Final = labels_of("store", "Store", f"label_values(mcp_state_store_safe{{{SERVERS}}}, store)")
TOOL: Final = labels_of("tool", "Tool", f"label_values(mcp_state_writes_total{{{STORES}}}, tool)")


_RUNBOOKS: Final = {
    "Conflict ratio by tool": (
        "McpStateConflictRatioHigh",
        "McpLogWriteConflicts",
    ),
    "Writes by outcome": ("McpStateRetriesExhausted", "McpStateWritesFail"),
    "Lock wait": ("McpStateLockWaitHigh",),
    "Circuit breakers": ("McpStateBreakerOpen",),
    "Wait for a connection, and sessions": ("McpStatePoolExhausted",),
}
"""Alerts by the title of the panel that shows why they fire."""


def dashboard() -> Dashboard:
    """All of it."""
    return Dashboard(
        uid="mcp-prober-state",
        title="MCP shared state",
        description="A server's shared state from inside, beside what its probes see from outside.",
        variables=(CLUSTER, SERVER_JOB, INSTANCE, STORE, TOOL, JOB, LOCATION, TARGETS),
        marks=(contract_changes(q.TARGETS), new_servers(q.TARGETS)),
        rows=(
            fresh(q.PLACES, q.TARGETS, _served()),
            headline(),
            both_sides(),
            conflicts(),
            waiting(),
            log(),
            dependencies(),
        ),
        runbooks={**RUNBOOKS, **_RUNBOOKS},
    )


def _served() -> Panel:
    return stat(
        "Server",
        "Whether Prometheus can scrape every server that exported its state within a day.",
        now(q.scraped("mcp_state_store_safe", SERVERS)),
        width=4,
        mappings=UP,
        empty="no server",
    )
