"""`kind: session`: what becomes of a session beyond one connection, and of requests that name none that lives."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import Choice, Integer, ListOf
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.kind import FactMetric, ProbeKind
from prober.kinds.broken_rules import RULES_METRIC
from prober.outcome import Reason

RULES: Final = ("dead-session", "get", "versions", "headers")
"""What is tried beside connections and addresses."""


@settings
class SessionSettings:
    """Use one session over several connections, end it, and send what a server has to refuse."""

    connections: int = key(
        Integer(least=1, most=64),
        "Over how many fresh connections the session is used, one after the other.",
        default=4,
    )
    addresses: str = key(
        Choice(("one", "all")),
        "Whether `all` addresses (A and AAAA) of the host's name are asked one by one, or `one` of them.",
        default="one",
    )
    skip: tuple[str, ...] = key(
        ListOf(item=Choice(RULES), wanted="a list of rules", least=1),
        "Rules that are not tried: what the server is known to break.",
        default=(),
    )


KIND: Final = ProbeKind(
    rank=13,
    help="Use one session over fresh connections and all addresses, end it, and send what has to be refused.",
    settings=mapping_of(SessionSettings),
    reasons=lambda _: {Reason.SESSION_LOST, Reason.DEAD_SESSION, Reason.HTTP_RULE_BROKEN, Reason.HEADERS_UNCHECKED},
    needs_http=True,
    metrics=(
        RULES_METRIC,
        FactMetric(
            name="mcp_session_connections",
            type="gauge",
            help="Fresh connections over which the session of the last run was used, by whether the server knew it.",
            label="known",
            facts={"yes": "session_connections_known", "no": "session_connections_lost"},
        ),
        FactMetric(
            name="mcp_session_addresses",
            type="gauge",
            help="Addresses of the target's name that the last run asked, by whether MCP was spoken there.",
            label="well",
            facts={"yes": "session_addresses_well", "no": "session_addresses_failed"},
        ),
    ),
)
