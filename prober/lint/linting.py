"""Looks at an offer by the rules of some clients: findings, and what they mean for each client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from prober.assertions.json_schema.schema_libraries import EngineError
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
    """What came of it. `unread` are tools whose schemas nobody can look at: too large, or no Unicode."""

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
    look = _Look(offer=offer, rules=rules, clients=clients)
    for _ in look.steps():
        pass
    return look.linted()


async def lint_in_turns(offer: Offer, rules: Rules, clients: Sequence[str]) -> Linted:
    """The same, while other tasks of the event loop have their turns: a server may list hundreds of tools."""
    import asyncio  # most that read rules do not run a loop

    look = _Look(offer=offer, rules=rules, clients=clients)
    for _ in look.steps():
        await asyncio.sleep(0)
    return look.linted()


@dataclass(kw_only=True)
class _Look:
    """A look at an offer, and what was found so far."""

    offer: Offer
    rules: Rules
    clients: Sequence[str]
    findings: list[Finding] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def steps(self) -> Iterator[None]:
        """Look, a tool and a rule at a time, and last at the whole list."""
        wanted = self.rules.of(self.clients)
        of_tools = [rule for rule in wanted if rule.check in OF_TOOLS]
        for tool in self.offer.tools:
            yield from tool.prepare()
            is_read = not tool.too_large
            for rule in of_tools:
                try:
                    hits = list(islice(OF_TOOLS[rule.check](self.offer, tool, **rule.settings), COUNTED))
                except EngineError:  # other rules may have found something all the same
                    is_read = False
                else:
                    self._note(rule, tool.name, hits)
                yield
            if not is_read:
                self.unread.append(tool.name)
        for rule in wanted:
            if rule.check in OF_LISTS:
                self._note(rule, None, list(OF_LISTS[rule.check](self.offer, **rule.settings)))
                yield

    def _note(self, rule: Rule, tool: str | None, hits: Sequence[Hit]) -> None:
        if hits:
            self.findings.append(_finding(rule, tool, hits))

    def linted(self) -> Linted:
        """What the findings come to, the worst first, in the order of clients and tools."""
        order = list(self.clients)
        return Linted(
            version=self.rules.version,
            clients=tuple(self.rules.clients[id_] for id_ in order),
            tools=len(self.offer.tools),
            weight=self.offer.weight,
            findings=tuple(
                sorted(
                    self.findings,
                    key=lambda each: (SEVERITIES.index(each.rule.severity), order.index(each.rule.client.id)),
                )
            ),
            unread=tuple(self.unread),
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
