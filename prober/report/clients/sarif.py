"""The findings of `lint` for code scanning: SARIF 2.1.0, a rule for each rule of a client, a result for each finding.

A finding is in what a server lists and in no file, so that a result has logical locations alone: JSON Pointers. Its
fingerprint is made of server, rule and tool.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from prober import __version__
from prober.lint.linting import Finding
from prober.lint.rules import Rule
from prober.report.clients import LintedServer
from prober.report.sarif import FINGERPRINT, SCHEMA, message_text


def document(servers: Sequence[LintedServer]) -> dict[str, Any]:
    """The whole log, with one run."""
    broken = {finding.rule.id: finding.rule for server in servers for finding in server.linted.findings}
    order = list(broken)
    results = [_result(server, finding, order) for server in servers for finding in server.linted.findings]
    driver = {"name": "mcp-prober", "semanticVersion": __version__, "rules": [_rule(rule) for rule in broken.values()]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"rules": servers[0].linted.version if servers else None},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("_")),
        "shortDescription": {"text": f"{rule.client.title}: {rule.id.replace('_', ' ')}"},
        "fullDescription": {"text": rule.what},
        "help": {"text": f"{rule.what} Source: {rule.source}, as of {rule.as_of}."},
        "helpUri": rule.source,
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["mcp", rule.client.id]},
    }


def _result(server: LintedServer, finding: Finding, order: Sequence[str]) -> dict[str, Any]:
    rule = finding.rule
    where = f"the tool {finding.tool}" if finding.tool is not None else "the list of tools"
    identity = "\0".join((server.address, rule.id, finding.tool or ""))
    return {
        "ruleId": rule.id,
        "ruleIndex": order.index(rule.id),
        "level": rule.severity,
        "message": {"text": message_text(f"{rule.client.title}, {where}: {rule.what} Seen: {finding.seen}.")},
        "locations": [
            {"logicalLocations": [{"name": finding.tool or "tools", "fullyQualifiedName": server.address + pointer}]}
            for pointer in finding.pointers
        ],
        "partialFingerprints": {FINGERPRINT: hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:32]},
        "properties": {"client": rule.client.id, "expected": finding.expected, "as_of": rule.as_of},
    }
