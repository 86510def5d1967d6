"""The findings of `lint` for programs: one JSON document, stable within its `version`.

`schema/lint.schema.json` is its schema. Every key is always there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from prober.lint.linting import Finding, Linted
from prober.report.clients import LintedServer
from prober.report.json_report import server_fields

VERSION: Final = 1


def document(servers: Sequence[LintedServer]) -> dict[str, Any]:
    """The whole document."""
    return {"version": VERSION, "servers": [_server(server) for server in servers]}


def _server(server: LintedServer) -> dict[str, Any]:
    linted = server.linted
    return {
        "address": server.address,
        **server_fields(server.server),
        "rules": linted.version,
        "tools": linted.tools,
        "bytes": linted.weight.bytes,
        "tokens": linted.weight.tokens,
        "heaviest": [{"tool": name, "bytes": size} for name, size in linted.weight.heaviest],
        "long_descriptions": [{"tool": name, "bytes": size} for name, size in linted.weight.long_descriptions],
        "clients": _clients(linted),
        "findings": [_finding(finding) for finding in linted.findings],
        "unread": list(linted.unread),
    }


def _clients(linted: Linted) -> list[dict[str, Any]]:
    return [
        {
            "client": client.id,
            "title": client.title,
            "usable": linted.usable_by(client),
            "errors": len(linted.of(client, "error")),
            "warnings": len(linted.of(client, "warning")),
        }
        for client in linted.clients
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "client": rule.client.id,
        "severity": rule.severity,
        "tool": finding.tool,
        "pointers": list(finding.pointers),
        "count": finding.count,
        "seen": finding.seen,
        "expected": finding.expected,
        "what": rule.what,
        "source": rule.source,
        "as_of": rule.as_of,
    }
