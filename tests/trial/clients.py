"""Which clients can use the trial's servers: each package linted once, and the table of servers and clients.

`python -m tests.trial --clients` writes `clients.md`. What it says of the servers is what they list; what it says of
clients is as good as the rules, whose sources it names.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from prober.lint.rules import rules
from tests.trial.rounds import LIMIT, prober
from tests.trial.servers import Server, Started, started
from tests.trial.table import cell

RESULTS: Final = Path(__file__).with_name("clients.md")

_LOCAL: Final = ("chatgpt",)
"""Clients that are asked for by name: the trial's servers mostly speak over stdio, and `lint` leaves them out there."""
_NAMES: Final = 8

BY_HAND: Final = (
    (
        "grafana",
        "openai_array_among_types",
        "`value` of `update_dashboard` is a list of seven types with array among"
        " them and no `items`; the source has the same error, in the same place of a list of types",
    ),
    (
        "sequential-thinking",
        "openai_description",
        "2,781 characters; the source is about this very tool, then with 2,780",
    ),
    ("sequential-thinking", "claude_code_description", "2,781 characters; the source names the limit of 2,048"),
    ("pandoc", "claude_code_description", "`convert-contents` has 4,331 characters; the same source"),
    ("mapbox", "claude_code_weight", "118,630 bytes / 4; the source shows the warning `> 25,000`"),
)
"""Findings that were looked up in a raw conversation with the server, and in the source of the rule."""


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What `lint` found with one server; without a document it could not be looked at, for that trouble."""

    server: Server
    document: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""

    @property
    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document.get("findings", [])
        return found

    def cell(self, client: str) -> str:
        """`ok`, or how many errors and warnings the rules of a client gave; a dash where there are no tools."""
        if not self.document["tools"]:
            return "-"
        counts = {
            severity: sum(each["client"] == client and each["severity"] == severity for each in self.findings)
            for severity in ("error", "warning")
        }
        words = [f"**{counts['error']} E**"] * bool(counts["error"]) + [f"{counts['warning']} W"] * bool(
            counts["warning"]
        )
        return " ".join(words) or "ok"


def one_of_each_package(servers: Sequence[Server]) -> list[Server]:
    """The first way in which each package is started: how it is reached changes nothing of what it lists."""
    first: dict[str, Server] = {}
    for server in servers:
        first.setdefault(server.package, server)
    return list(first.values())


def lint_server(server: Server) -> Linted:
    """What `lint` says of one server."""
    with tempfile.TemporaryDirectory(prefix=f"lint-{server.name}-") as name:
        folder = Path(name)
        with started(server, folder) as running:
            return _linted(server, running, folder)


def _linted(server: Server, running: Started, folder: Path) -> Linted:
    clients = [word for client in rules().usual("http") if client not in _LOCAL for word in ("--client", client)]
    try:
        done = prober(["lint", "--output", "json", "--timeout", "60s", *clients, *running.words], folder)
    except subprocess.TimeoutExpired:
        return Linted(server=server, trouble=f"no end within {LIMIT:.0f} s")
    servers = json.loads(done.stdout)["servers"] if done.stdout else []
    if not servers:
        return Linted(server=server, trouble=" ".join(done.stderr.split())[:200])
    return Linted(server=server, document=servers[0])


def markdown(results: Sequence[Linted]) -> str:
    """The whole document."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Sequence[Linted]) -> Iterator[str]:
    looked = [result for result in results if result.document]
    clients = [client for client in rules().usual("http") if client not in _LOCAL]
    broken = sum(any(each["severity"] == "error" for each in result.findings) for result in looked)
    yield "# Servers and clients"
    yield ""
    yield f"Written by `python -m tests.trial --clients` on {datetime.now(UTC):%Y-%m-%d}, by the rules of"
    yield f"{rules().version}: {len(looked)} packages, of which {broken} list something that a client refuses."
    yield "E is an error, by which a request or a tool fails; W a warning. Tokens are bytes / 4."
    yield ""
    yield f"| server | tools | tokens | {' | '.join(rules().clients[client].title for client in clients)} |"
    yield f"|---|---|---|{'---|' * len(clients)}"
    for result in looked:
        numbers = (f"{result.document['tools']:,}", f"{result.document['tokens']:,}")
        row = (f"{result.server.name} ({result.server.package})", *numbers, *map(result.cell, clients))
        yield f"| {' | '.join(row)} |"
    for severity, heading in (("error", "Errors"), ("warning", "Warnings")):
        yield ""
        yield f"## {heading}"
        yield ""
        yield from _rules_broken(looked, severity)
    yield ""
    yield "## Verified by hand"
    yield ""
    yield "In a raw conversation that shares no code with the prober, and in the source of the rule:"
    yield ""
    yield from (f"- {name}, `{rule}`: {shown}" for name, rule, shown in BY_HAND)
    if lost := [result for result in results if not result.document]:
        yield ""
        yield "## Not looked at"
        yield ""
        yield from (f"- {result.server.name}: {cell(result.trouble)}" for result in lost)


def _rules_broken(looked: Sequence[Linted], severity: str) -> Iterator[str]:
    for rule in rules().rules:
        hits = [(result.server.name, each) for result in looked for each in result.findings if each["rule"] == rule.id]
        if rule.severity != severity or not hits:
            continue
        yield f"- `{rule.id}`: {rule.what} [Source]({rule.source}), as of {rule.as_of}."
        of_server: dict[str, list[str]] = {}
        for name, each in hits:
            of_server.setdefault(name, []).append(_place(each))
        for name, places in of_server.items():
            more = f" and {len(places) - _NAMES} more" if len(places) > _NAMES else ""
            yield f"  - {name}: {', '.join(places[:_NAMES])}{more}"


def _place(finding: dict[str, Any]) -> str:
    """Where it is, and what is there; the server's texts as code, on one line."""
    pointer, seen = (
        " ".join(text.replace("`", "'").split())[:200] for text in (finding["pointers"][0], finding["seen"])
    )
    return f"`{pointer}` ({seen})"
