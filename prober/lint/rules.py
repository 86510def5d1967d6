"""The rules of clients and models, as `rules.json` has them; `rules.schema.json` is its schema.

The rules are data with a date: a client changes what it accepts without a new version of the prober. A server that
did not change may have other findings after an update of the rules, which is why each finding is told with their
version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from typing import Any, Final, Literal

Severity = Literal["error", "warning"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning")
"""The worst first. `error`: a request or a tool fails. `warning`: something is cut, or works less well."""
FAILING: Final[Mapping[str, tuple[Severity, ...]]] = {"error": SEVERITIES[:1], "warning": SEVERITIES, "never": ()}
"""The severities that are a failure, by what the operator lets fail."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client or a model, or a mode of one."""

    id: str
    title: str
    means: str
    """What is meant by it, as a sentence."""
    opt_in: bool
    """Whether it is looked at only where it is named: a mode that few use."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that a client refuses, or does not like."""

    id: str
    client: Client
    severity: Severity
    what: str
    """What is the case and what comes of it, as a sentence."""
    check: str
    """The name of the check, by which `prober.lint.checks` knows it."""
    settings: Mapping[str, Any]
    source: str
    as_of: str
    """The day of the newest report in the source; of a page without a date, the day on which it was read."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All clients and rules. `version` is the day on which they were last changed."""

    version: str
    clients: Mapping[str, Client]
    rules: tuple[Rule, ...]

    def of(self, clients: Iterable[str]) -> tuple[Rule, ...]:
        """The rules of some clients, in the order of the data."""
        wanted = set(clients)
        return tuple(rule for rule in self.rules if rule.client.id in wanted)

    def usual(self, transport: str | None) -> tuple[str, ...]:
        """The clients that are looked at where none is named: no modes, and none that does not speak the transport."""
        without = self.unreaching(transport)
        return tuple(id_ for id_, client in self.clients.items() if not client.opt_in and id_ not in without)

    def unreaching(self, transport: str | None) -> Mapping[str, Rule]:
        """The clients that do not speak a transport, with the rule that says so."""
        rules = (rule for rule in self.rules if rule.check == "transport")
        return {rule.client.id: rule for rule in rules if transport in rule.settings["refused"]}


@cache
def rules() -> Rules:
    """The rules that the package ships."""
    return read_rules(json.loads(get_data("prober.lint", "rules.json") or b""))


def read_rules(document: Mapping[str, Any]) -> Rules:
    """The rules of a document that fits `rules.schema.json`."""
    clients = {
        id_: Client(id=id_, title=told["title"], means=told["means"], opt_in=told.get("opt_in", False))
        for id_, told in document["clients"].items()
    }
    return Rules(
        version=document["version"],
        clients=clients,
        rules=tuple(
            Rule(
                id=told["id"],
                client=clients[told["client"]],
                severity=told["severity"],
                what=told["what"],
                check=told["check"]["name"],
                settings={name: value for name, value in told["check"].items() if name != "name"},
                source=told["source"],
                as_of=told["as_of"],
            )
            for told in document["rules"]
        ),
    )
