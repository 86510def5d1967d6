"""`kind: clients`: which clients and models can use the tools that the server lists."""

from __future__ import annotations

from typing import Final, Literal, get_args

from prober.config.fields.field_types import Choice, ListOf
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.fields.unit_fields import TOKENS
from prober.config.kind import FactMetric, ProbeKind
from prober.kinds.token_budget import LIST_TOKENS
from prober.lint.rules import SEVERITIES, rules
from prober.outcome import Reason

FailOn = Literal["error", "warning", "never"]


@settings
class ClientsSettings:
    """Read the list of tools, and look at it by the rules of clients and models."""

    clients: tuple[str, ...] | None = key(
        ListOf(item=Choice(tuple(rules().clients)), wanted="a list of clients", least=1),
        "The clients and models that shall be able to use the server. Default: all that speak its transport, but the"
        f" modes that few use: {', '.join(f'`{each.id}`' for each in rules().clients.values() if each.opt_in)}.",
        default=None,
    )
    fail_on: FailOn = key(
        Choice(get_args(FailOn)),
        "What fails the probe: an `error`, by which a client cannot use a tool; a `warning` as well; or neither.",
        default="error",
    )
    max_tokens: int | None = key(TOKENS, LIST_TOKENS, default=None)


def _reasons(settings: ClientsSettings) -> set[Reason]:
    possible = {Reason.TOOL_MISSING}
    if settings.fail_on != "never":
        possible.add(Reason.CLIENT_UNUSABLE)
    if settings.max_tokens is not None:
        possible.add(Reason.EXPECTATION_FAILED)
    return possible


KIND: Final = ProbeKind(
    rank=27,
    help="Say which clients and models can use the tools that the server lists.",
    settings=mapping_of(ClientsSettings),
    reasons=_reasons,
    next_steps={
        Reason.TOOL_MISSING: "If the server is to have tools, look why it lists none: `mcp-prober list {target} tools`."
        " Otherwise remove the probe {probe}.",
    },
    target_metrics=(
        FactMetric(
            name="mcp_target_client_usable",
            type="gauge",
            help="Whether a client or model can use every tool that the target listed last: 1 if nothing was found that"
            " it refuses, else 0; no series for a client that no probe names.",
            label="client",
            facts={client: f"client_usable_{client}" for client in rules().clients},
        ),
        FactMetric(
            name="mcp_target_client_findings",
            type="gauge",
            help="Rules of clients that tools of the target broke when they were last looked at, by severity, each rule"
            " and tool counted once; no series before.",
            label="severity",
            facts={severity: f"client_findings_{severity}" for severity in SEVERITIES},
        ),
    ),
)
