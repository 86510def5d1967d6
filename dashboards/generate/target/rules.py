"""Which rules of the protocol the target breaks, and what several clients and its own counters show."""

from __future__ import annotations

from dashboards.generate.charts import lines
from dashboards.generate.dashboard import Row
from dashboards.generate.language import BAD, GOOD, colored
from dashboards.generate.panels import over_time


def rules(probes: str) -> Row:
    """Of the kinds session, http, auth, isolation and metrics."""
    return Row(
        title="Which rules it breaks",
        height=7,
        panels=(
            lines(
                "Broken rules of the transport",
                "Rules of sessions, headers and origins that the last run of each probe found broken.",
                over_time(f"max by (probe) (mcp_probe_rules_broken{{{probes}}})", "{{probe}}"),
                unit="short",
                width=6,
                at_least=5,
                empty="no probe of the kinds session and http",
                decimals=0,
            ),
            lines(
                "Answers to the wrong client",
                "Answers of the last run that reached another client than the one that asked.",
                over_time(f'max by (probe) (mcp_isolation_calls{{{probes}, answer="crossed"}})', "crossed {{probe}}"),
                unit="short",
                width=6,
                at_least=5,
                empty="no probe of the kind isolation",
                decimals=0,
            ),
            lines(
                "Counters that tell the truth",
                "The server's own counters that moved by what the last run did, and those that should have.",
                over_time(f"min by (moved) (mcp_metrics_counters{{{probes}}})", "moved: {{moved}}"),
                unit="short",
                width=6,
                overrides=colored({"moved: yes": GOOD, "moved: no": BAD}),
                at_least=5,
                empty="no probe of the kind metrics",
                decimals=0,
            ),
            lines(
                "Ways to register",
                "Whether a new client gets an id by itself: dynamic registration, or a document of its own.",
                over_time(f"min by (way) (mcp_auth_registration{{{probes}}})", "{{way}}"),
                unit="short",
                width=6,
                at_least=1,
                empty="no probe of the kind auth",
                decimals=0,
            ),
        ),
    )
