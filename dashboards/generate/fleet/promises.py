"""Promises: contracts, certificates, tokens, versions."""

from __future__ import annotations

from dashboards.generate.dashboard import Row
from dashboards.generate.language import ANY_IS_BAD, DAYS_LEFT, GOOD, PLANNED, steps
from dashboards.generate.links import IN_ROW, link_to_target
from dashboards.generate.panels import columns
from dashboards.generate.tables import Column, table

_SOONEST = 50
"""Certificates, and tokens, that are listed."""


def promises(select: str) -> Row:
    """Four tables."""
    links = link_to_target(IN_ROW)
    changes = 'max by (target) (mcp_contract_changes{%s, severity="%s"}) and on (target) mcp_contract_changes{%s} > 0'
    expiry = f"min by (target) (mcp_target_certificate_expiry_timestamp_seconds{{{select}}})"
    token = f'min by (target) (mcp_target_token_expiry_timestamp_seconds{{{select}, renewal="none"}})'
    soonest = f"bottomk({_SOONEST}, {expiry})"
    server = "target, protocol_version, server_name, server_version"
    return Row(
        title="Promises: contracts, certificates, tokens, versions",
        height=8,
        panels=(
            table(
                "Contract changes",
                "Targets that differ from their pinned contract, and in how much. Breaking ones hurt agents.",
                *(columns(changes % (select, severity, select)) for severity in ("breaking", "additive", "cosmetic")),
                show=(
                    Column(field="target", title="Target", links=links),
                    Column(field="Value #A", title="Breaking", width=75, steps=ANY_IS_BAD),
                    Column(field="Value #B", title="Additive", width=75, steps=steps(GOOD, (1, PLANNED))),
                    Column(field="Value #C", title="Cosmetic", width=80),
                ),
                width=7,
                sort={"Breaking": True, "Additive": True},
                empty="no difference is known",
            ),
            table(
                "Certificates, soonest first",
                f"When the TLS certificates of targets expire, the {_SOONEST} soonest.",
                columns(f"{soonest} - time()"),
                show=(
                    Column(field="target", title="Target", links=links),
                    Column(field="Value", title="Left", width=80, unit="s", decimals=0, steps=DAYS_LEFT),
                ),
                width=5,
                sort={"Left": False},
                empty="no certificate is known",
            ),
            table(
                "Tokens, soonest first",
                f"How long the tokens live that nothing renews, as they say themselves, the {_SOONEST} soonest.",
                columns(f"bottomk({_SOONEST}, {token}) - time()"),
                show=(
                    Column(field="target", title="Target", links=links),
                    Column(field="Value", title="Left", width=80, unit="s", decimals=0, steps=DAYS_LEFT),
                ),
                width=4,
                sort={"Left": False},
                empty="no expiry is known",
            ),
            table(
                "What answers",
                "What each server says of itself, and the version of the protocol that was agreed with it.",
                columns(f"group by ({server}) (mcp_target_info{{{select}}})"),
                columns(f"max by (target) (mcp_target_tools{{{select}}})"),
                show=(
                    Column(field="target", title="Target", links=links),
                    Column(field="server_name", title="Server"),
                    Column(field="server_version", title="Version", width=85),
                    Column(field="protocol_version", title="Protocol", width=95),
                    Column(field="Value #B", title="Tools", width=55),
                ),
                width=8,
                sort={"Target": False},
            ),
        ),
    )
