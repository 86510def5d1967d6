"""Annotations: moments that explain what the charts show."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.generate.language import BAD, PLANNED, UNSURE, Json
from dashboards.generate.panels import SOURCE


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Moments that explain what the charts show. `at_value`: the value is the moment, in milliseconds."""

    name: str
    expr: str
    title: str
    text: str
    color: str
    at_value: bool = False

    def document(self, number: int) -> Json:
        """As Grafana stores it."""
        return {
            "datasource": SOURCE,
            "enable": True,
            "expr": self.expr,
            "hide": False,
            "iconColor": self.color,
            "name": self.name,
            "step": "60s",
            "textFormat": self.text,
            "titleFormat": self.title,
            "useValueForTime": "on" if self.at_value else False,
            "target": {"expr": self.expr, "refId": f"Anno{number}"},
        }


def contract_changes(select: str) -> Marks:
    """A server began to differ from its pinned contract, or differs otherwise than before."""
    return Marks(
        name="Contract changes",
        expr=f"instance_probe:mcp_contract_changes:changes2m{{{select}}}",
        title="Contract: {{severity}}",
        text="{{target}}: what {{probe}} sees has changed",
        color=BAD,
    )


def new_servers(select: str) -> Marks:
    """A target answers as another server or version, or in another protocol version, than two minutes ago."""
    return Marks(
        name="New server versions",
        expr="group by (target, protocol_version, server_name, server_version)"
        f" (instance_target:mcp_target_info:new2m{{{select}}})",
        title="{{server_name}} {{server_version}}",
        text="{{target}} now speaks {{protocol_version}}",
        color=UNSURE,
    )


def new_rules(select: str) -> Marks:
    """The prober came with other rules of clients: findings that change now need not be the server's doing."""
    return Marks(
        name="New rules of clients",
        expr=f"group by (version) (mcp_prober_client_rules_info{{{select}}})"
        f" unless group by (version) (mcp_prober_client_rules_info{{{select}}} offset 2m)"
        f" and on () group(mcp_prober_client_rules_info{{{select}}} offset 2m)",
        title="Rules of clients {{version}}",
        text="findings may change with them",
        color=PLANNED,
    )


def reloads(select: str) -> Marks:
    """The prober loaded a configuration."""
    return Marks(
        name="Reloads",
        expr="max by (instance, location)"
        f" (mcp_prober_config_last_reload_success_timestamp_seconds{{{select}}}) * 1000",
        title="Configuration loaded",
        text="{{instance}} {{location}}",
        color=PLANNED,
        at_value=True,
    )
