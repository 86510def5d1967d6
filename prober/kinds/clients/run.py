"""`clients`: reads the list of tools once, and looks at it by the rules of clients. It calls no tool."""

from __future__ import annotations

from typing import Final

from prober.json_values import cap
from prober.kinds.clients import ClientsSettings
from prober.kinds.context import ProbeContext
from prober.kinds.offered import read_offer
from prober.kinds.token_budget import require_light_list
from prober.lint.linting import Finding, Linted, lint_in_turns
from prober.lint.rules import FAILING, SEVERITIES, rules
from prober.outcome import Evidence, Failure, Reason

_SHOWN: Final = 20
"""The most findings that evidence shows, and the most rules that warnings show."""
_NAMES: Final = 3
_STEP: Final = "tools/list"


async def run(context: ProbeContext, settings: ClientsSettings) -> None:
    async with context.session(explicit=True) as session:
        offer = await read_offer(session, context.target)
    if not offer.tools:
        raise Failure(Reason.TOOL_MISSING, "the server lists no tools: there is nothing that a client could use")
    clients = rules().usual(context.target.transport) if settings.clients is None else settings.clients
    linted = await lint_in_turns(offer, rules(), clients)
    _learn(context, linted)
    failing = FAILING[settings.fail_on]
    milder = [finding for finding in linted.findings if finding.rule.severity not in failing]
    context.warnings += warnings(milder)
    if grave := [finding for finding in linted.findings if finding.rule.severity in failing]:
        raise _failure(linted, grave)
    if linted.unread:
        names = ", ".join(cap(name, 60) for name in linted.unread[:_NAMES])
        raise Failure(
            Reason.UNDECIDED,
            f"tools with schemas that are too large or no Unicode, so not looked at: {len(linted.unread)} ({names})",
            step=_STEP,
        )
    require_light_list(linted.weight, settings.max_tokens)


def _learn(context: ProbeContext, linted: Linted) -> None:
    facts = context.facts
    facts["tools"], facts["tools_bytes"] = linted.tools, linted.weight.bytes
    for severity in SEVERITIES:
        facts[f"client_findings_{severity}"] = linted.count(severity)
    for client in linted.clients:
        usable = linted.usable_by(client)
        if not (usable and linted.unread):  # of what nobody looked at, nobody says that it is well
            facts[f"client_usable_{client.id}"] = float(usable)
        counts = {f"client_{severity}s_{client.id}": len(linted.of(client, severity)) for severity in SEVERITIES}
        facts.update((name, count) for name, count in counts.items() if count)  # few are left: history keeps facts


def warnings(findings: list[Finding]) -> list[str]:
    """A sentence for each rule, with the tools that break it and who says so."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule.id, []).append(finding)
    told = [_told(alike) for alike in by_rule.values()]
    more = len(told) - _SHOWN
    return told[:_SHOWN] + ([f"{more} more rules of clients are broken; `mcp-prober lint` shows all"] * (more > 0))


def _told(alike: list[Finding]) -> str:
    rule = alike[0].rule
    names = [cap(each.tool, 60) for each in alike if each.tool is not None]
    tools = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
    seen = f" ({tools})" if tools else f" ({alike[0].seen})"
    return f"{rule.client.title}, {rule.id}{seen}: {rule.what} {rule.source}"


def _failure(linted: Linted, grave: list[Finding]) -> Failure:
    clients = [client.title for client in linted.clients if any(each.rule.client.id == client.id for each in grave)]
    first, *rest = grave[:_SHOWN]
    return Failure(
        Reason.CLIENT_UNUSABLE,
        f"{len(clients)} of {len(linted.clients)} clients cannot use all tools: {', '.join(clients)};"
        f" first: {cap(first.pointers[0], 200)}: {first.rule.what}",
        step=_STEP,
        evidence=_evidence(first, linted, said=f"{first.rule.client.title}:"),
        further=tuple(_evidence(each, linted, said=f"{each.rule.client.title}: {each.rule.what}") for each in rest),
    )


def _evidence(finding: Finding, linted: Linted, *, said: str) -> Evidence:
    rule = finding.rule
    return Evidence(
        pointer=finding.pointers[0],
        keyword=rule.id,
        seen=finding.seen,
        expected=finding.expected,
        detail=f"{said} {rule.source}, as of {rule.as_of}; rules of {linted.version}",
    )
