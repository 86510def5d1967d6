"""What the target promises, and what it may be asked."""

from __future__ import annotations

from dashboards.generate.charts import lines
from dashboards.generate.dashboard import Row
from dashboards.generate.language import BAD, CAUTION, SEVERITIES, colored
from dashboards.generate.panels import over_time


def promises(targets: str, probes: str) -> Row:
    """Catalogue, contract, budget of calls, and whether kept processes, sessions and idle streams live."""
    return Row(
        title="What it promises",
        height=7,
        panels=(
            lines(
                "Catalogue size",
                "Tools that the server listed. A step down is a tool that agents miss.",
                over_time(f"max by (location) (mcp_target_tools{{{targets}}})", "tools {{location}}"),
                unit="short",
                width=4,
                empty="no probe lists its tools",
                decimals=0,
            ),
            lines(
                "Contract changes",
                "Differences from the pinned contract, by severity, on top of each other.",
                over_time(f"max by (severity) (mcp_contract_changes{{{probes}}})", "{{severity}}"),
                unit="short",
                width=4,
                stacked=True,
                overrides=colored(SEVERITIES),
                at_least=5,
                empty="no contract is pinned",
                decimals=0,
            ),
            lines(
                "Call budget left",
                "Requests that the target's budget still allows.",
                over_time(
                    f"min by (location) (mcp_target_budget_remaining{{{targets}}})", "requests left {{location}}"
                ),
                unit="short",
                width=4,
                empty="no budget is set",
            ),
            lines(
                "Ends of the kept process",
                "Processes kept between runs that ended, by cause: a death between two runs is in no run's verdict.",
                over_time(
                    f"sum by (cause) (increase(mcp_target_process_restarts_total{{{targets}}}[$__rate_interval]))",
                    "{{cause}}",
                ),
                unit="short",
                width=4,
                overrides=colored({"died": BAD, "broken": BAD, "failed": CAUTION}),
                at_least=5,
                empty="no process is kept",
                decimals=0,
            ),
            lines(
                "Sessions and addresses",
                "Connections over which the last session was not known, and addresses of the name that did not answer.",
                over_time(f'max by (probe) (mcp_session_connections{{{probes}, known="no"}})', "lost {{probe}}"),
                over_time(f'max by (probe) (mcp_session_addresses{{{probes}, well="no"}})', "failed {{probe}}"),
                unit="short",
                width=4,
                at_least=5,
                empty="no session probe",
                decimals=0,
            ),
            lines(
                "Idle stream",
                "How long a stream stayed open on which nobody spoke, and its longest silence.",
                over_time(f"min by (location) (mcp_stream_open_seconds{{{probes}}})", "open {{location}}"),
                over_time(f"max by (location) (mcp_stream_silence_seconds{{{probes}}})", "silence {{location}}"),
                unit="s",
                width=4,
                empty="no stream probe",
            ),
        ),
    )
