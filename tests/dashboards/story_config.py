"""The configuration of the probers of the story, and what is known of its targets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from prober.config.model import Config
from prober.loader import load

HTTPS: Final = {"crm": 61.0, "payments": 33.0, "search": 9.5, "calendar": 1.8, "inventory": 80.0, "weather": 47.0}
"""Targets that speak TLS, with the days that their certificates have left."""
TOKENS: Final = {"crm": 40.0, "mail": 2.5}
"""Targets whose tokens say when they expire, with the days that are left."""
TOOLS: Final = {"reference": 20, "payments": 14, "crm": 31, "search": 4, "calendar": 9, "mail": 12}


CLIENTS: Final = ("specification", "claude_code", "claude_api", "openai", "gemini", "vscode", "cursor", "bedrock")
"""Clients that the story's probe looks for."""


def _call(target: str, tool: str, **more: Any) -> dict[str, Any]:
    return {"target": target, "kind": "call", "tool": tool, **more}


_BUDGET: Final = {"latency": {"warn": "500ms", "fail": "2s"}}
_RACE: Final = {
    "kind": "race",
    "model": "counter",
    "allow_writes": True,
    "interval": "10m",
    "increment": {"tool": "add", "arguments": {"id": "{scratch}"}, "value": "$.count"},
    "read": {"tool": "get", "arguments": {"id": "{scratch}"}, "value": "$.count"},
}
_WINDOW: Final = {"maintenance": [{"cron": "0 3 * * *", "duration": "1h"}]}

DOCUMENT: Final[Mapping[str, Any]] = {
    "targets": {
        **{name: {"url": f"https://{name}.example/mcp"} for name in HTTPS},
        **{
            name: {"url": f"https://{name}.example/mcp", "allow_writes": True, "budget": "600/h"}
            for name in ("inventory", "payments")
        },
        "reference": {"url": "http://127.0.0.1:8080/mcp", "allow_writes": True},
        "notes": {"command": ["notes-server"], **_WINDOW},
        "docs": {"url": "http://docs.internal:8080/mcp", "budget": "120/h"},
        "mail": {"url": "http://mail.internal:8080/mcp", **_WINDOW},
    },
    "defaults": {"interval": "60s", "timeout": "10s"},
    "probes": {
        **{
            f"{name}-handshake": {"target": name, "kind": "handshake"}
            for name in (*HTTPS, "reference", "notes", "docs", "mail")
        },
        **{
            f"{name}-catalog": {"target": name, "kind": "catalog", "interval": "5m", "contract": "contract.json"}
            for name in TOOLS
        },
        "crm-contacts": _call("crm", "contacts"),
        "payments-balance": _call("payments", "balance", **_BUDGET),
        "search-query": _call("search", "query", latency={"warn": "750ms", "fail": "1s"}),
        "calendar-today": _call("calendar", "today", **_BUDGET),
        "weather-forecast": _call("weather", "forecast"),
        "notes-read": {"target": "notes", "kind": "read", "uri": "note://today"},
        "docs-read": {"target": "docs", "kind": "read", "uri": "docs://index"},
        "mail-unread": _call("mail", "unread"),
        "reference-state": _call("reference", "get_workflow_state", **_BUDGET),
        "reference-race": {"target": "reference", **_RACE},
        "inventory-race": {"target": "inventory", **_RACE},
        "payments-race": {"target": "payments", **_RACE},
        "payments-clients": {"target": "payments", "kind": "clients", "interval": "5m", "clients": [*CLIENTS]},
        "payments-session": {"target": "payments", "kind": "session", "interval": "5m", "connections": 8},
        "payments-auth": {"target": "payments", "kind": "auth", "interval": "10m"},
        "payments-isolation": {
            "target": "payments",
            "kind": "isolation",
            "interval": "10m",
            "tool": "balance",
            "arguments": {"account": "{nonce}"},
        },
        "payments-truth": {
            "target": "payments",
            "kind": "metrics",
            "interval": "10m",
            "allow_writes": True,
            "metrics_url": "https://payments.example/metrics",
            "write": {"tool": "note", "times": 3},
        },
        "payments-stream": {
            "target": "payments",
            "kind": "stream",
            "interval": "10m",
            "timeout": "160s",
            "hold": "150s",
            "expect_open": "60s",
        },
    },
}


def configured() -> Config:
    """The story's configuration, as a daemon reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probes.yaml"
        path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
        return load([path], environ={}, contracts_may_be_missing=True)
