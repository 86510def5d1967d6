"""The client that the suite runs: python -m tests.conformance.client URL

It looks at the server with a session of the prober's own and then runs probes of everything it found, as a
configuration would name them. Told on standard output: how each probe ended.

The suite sets MCP_CONFORMANCE_PROTOCOL_VERSION, and MCP_CONFORMANCE_CONTEXT where a scenario wants certain calls.
CONFORMANCE_PROTOCOL=auto leaves it to the prober to learn the era.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from prober.outcome import Failure, Outcome, Verdict
from tests.client.opening import opened, target
from tests.running import run_document

ARGUMENTS: Final[dict[str, dict[str, Any]]] = {
    "add_numbers": {"a": 5, "b": 3},
    "valid_tool": {"region": "us-west1"},
    "lookup_user": {"id": "ada"},
}
"""By tool, where the suite does not say. Whatever else there is, is called with nothing."""


def protocol() -> str:
    version = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", "2026-07-28")
    own = "modern" if version >= "2026-07-28" else "handshake"
    return os.environ.get("CONFORMANCE_PROTOCOL", own)


def wanted_calls() -> list[dict[str, Any]]:
    """What the scenario asks for: name and arguments of tools."""
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    calls: list[dict[str, Any]] = context.get("toolCalls", [])
    return calls


async def look(url: str) -> dict[str, Any]:
    """Probes of everything that the server offers."""
    probes: dict[str, Any] = {"handshake": {"kind": "handshake"}, "catalog": {"kind": "catalog"}}
    found: dict[str, list[dict[str, Any]]] = {"tools": [], "prompts": [], "resources": []}
    try:
        async with opened(target(url, protocol=protocol())) as conversation:
            for what in found:
                if what in conversation.session.capabilities:
                    found[what] = await conversation.session.pages(f"{what}/list", what)
            await conversation.session.close()
    except Failure as failure:
        print(f"look: {failure.reason} at {failure.step}: {failure.message}")
    calls = wanted_calls() or [
        {"name": tool["name"], "arguments": arguments_for(tool, found)} for tool in found["tools"]
    ]
    for number, call in enumerate(calls):
        probes[f"call-{number}"] = {"kind": "call", "tool": call["name"], "arguments": call["arguments"]}
        probes[f"call-{number}"]["allow_writes"] = True  # the suite's tools have no hints, and change nothing
    for number, prompt in enumerate(found["prompts"]):
        probes[f"prompt-{number}"] = {"kind": "prompt", "prompt": prompt["name"]}
    for number, resource in enumerate(found["resources"]):
        probes[f"read-{number}"] = {"kind": "read", "uri": resource["uri"]}
    return probes


def arguments_for(tool: dict[str, Any], found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    if tool["name"] == "json_schema_echo":
        return {"schema": next(each["inputSchema"] for each in found["tools"] if each is not tool)}
    return ARGUMENTS.get(tool["name"], {})


async def main(url: str) -> int:
    probes = await look(url)
    with tempfile.TemporaryDirectory() as folder:
        document = {
            "targets": {"suite": {"url": url, "protocol": protocol()}},
            "probes": {name: {"target": "suite", "timeout": "10s", **probe} for name, probe in probes.items()},
        }
        outcomes = await run_document(document, Path(folder))
    for outcome in outcomes:
        print(told(outcome))
    return 1 if any(outcome.verdict is Verdict.UNKNOWN for outcome in outcomes) else 0


def told(outcome: Outcome) -> str:
    era, version = outcome.server.era, outcome.server.protocol_version
    ended = f"{outcome.reason} at {outcome.step}: {outcome.message}" if outcome.reason else "passed"
    return f"{outcome.probe} ({era} {version}): {ended}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
