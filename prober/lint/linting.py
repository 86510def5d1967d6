"""Looks at an offer by the rules of some clients: findings, and what they mean for each client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from prober.json_values import pointer
from prober.lint.checks import OF_LISTS, OF_TOOLS
from prober.lint.hit import Hit
from prober.lint.offer import Offer
from prober.lint.rules import SEVERITIES, Client, Rule, Rules, Severity
from prober.lint.weight import Weight

PLACES: Final = 5
"""How many places of one tool a finding names."""
COUNTED: Final = 100
"""How many it counts."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that one tool breaks, or the whole list: then `tool` is None.

    `pointers` are JSON Pointers into a contract as `mcp-prober pin` writes it, `/tools/NAME/…`, and `seen` is what is
    at the first of them. There are `count` such places, of which only the first few are named, and no more counted than
    COUNTED.
    """

    rule: Rule
    tool: str | None
    pointers: tuple[str, ...]
    count: int
    seen: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What came of it. `unread` are tools whose schemas are too large to be looked at."""

    version: str
    """Of the rules."""
    clients: tuple[Client, ...]
    tools: int
    weight: Weight
    findings: tuple[Finding, ...]
    unread: tuple[str, ...]

    def of(self, client: Client, severity: Severity | None = None) -> tuple[Finding, ...]:
        """The findings for a client, of one severity or of all."""
        return tuple(
            finding
            for finding in self.findings
            if finding.rule.client.id == client.id and severity in (None, finding.rule.severity)
        )

    def usable_by(self, client: Client) -> bool:
        """Whether the client can use all tools: there are some, and nothing was found that it refuses."""
        return self.tools > 0 and not self.of(client, "error")

    def count(self, severity: Severity) -> int:
        return sum(finding.rule.severity == severity for finding in self.findings)


def lint(offer: Offer, rules: Rules, clients: Sequence[str]) -> Linted:
    """Look at an offer at once."""
    found = [finding for findings in iter_findings(offer, rules, clients) for finding in findings]
    return linted(offer, rules, clients, found)


async def lint_in_turns(offer: Offer, rules: Rules, clients: Sequence[str]) -> Linted:
    """The same, while other tasks of the event loop have their turns: a server may list hundreds of tools."""
    import asyncio  # most that read rules do not run a loop

    found: list[Finding] = []
    for findings in iter_findings(offer, rules, clients):
        found += findings
        await asyncio.sleep(0)
    return linted(offer, rules, clients, found)


def iter_findings(offer: Offer, rules: Rules, clients: Sequence[str]) -> Iterator[list[Finding]]:
    """The findings, a tool and a rule at a time, and last those of the whole list."""
    wanted = rules.of(clients)
    of_tools = [rule for rule in wanted if rule.check in OF_TOOLS]
    for tool in offer.tools:
        tool.prepare()
        yield []
        for rule in of_tools:
            hits = list(islice(OF_TOOLS[rule.check](offer, tool, **rule.settings), COUNTED))
            yield [_finding(rule, tool.name, hits)] if hits else []
    of_list = [(rule, list(OF_LISTS[rule.check](offer, **rule.settings))) for rule in wanted if rule.check in OF_LISTS]
    yield [_finding(rule, None, found) for rule, found in of_list if found]


def linted(offer: Offer, rules: Rules, clients: Sequence[str], findings: Sequence[Finding]) -> Linted:
    """What the findings come to, the worst first, in the order of clients and tools."""
    order = list(clients)
    return Linted(
        version=rules.version,
        clients=tuple(rules.clients[id_] for id_ in order),
        tools=len(offer.tools),
        weight=offer.weight,
        findings=tuple(
            sorted(
                findings,
                key=lambda each: (SEVERITIES.index(each.rule.severity), order.index(each.rule.client.id)),
            )
        ),
        unread=tuple(tool.name for tool in offer.tools if tool.too_large),
    )


def _finding(rule: Rule, tool: str | None, hits: Sequence[Hit]) -> Finding:
    where = ("tools",) if tool is None else ("tools", tool)
    return Finding(
        rule=rule,
        tool=tool,
        pointers=tuple(dict.fromkeys(pointer((*where, *hit.path)) for hit in hits[:PLACES])),
        count=len(hits),
        seen=hits[0].seen,
        expected=hits[0].expected,
    )
