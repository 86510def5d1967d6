"""Every kind of probe against a server on the official SDK, in both protocol eras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason
from tests.kinds.offering import ERAS
from tests.peers.protocol import VERSION, Era
from tests.real.servers import RealServer, sdk_http
from tests.running import run_document

NOTE: Final = {"tool": "write_note", "arguments": {"text": "{scratch}"}, "from": "structured"}
FORECAST: Final = {"kind": "call", "tool": "forecast", "arguments": {"city": "Lima", "days": 2}}
THREE_NOTES: Final[dict[str, Any]] = {
    "kind": "scenario",
    "allow_writes": True,
    "steps": [
        NOTE | {"capture": {"kept": "$.result"}, "expect": [{"path": "$.result", "matches": "^kept as note [0-9]+$"}]},
        {"tool": "count_words", "arguments": {"text": "{kept} {kept}"}, "expect": [{"path": "$.kept", "equals": 2}]},
    ],
    "cleanup": [{"tool": "list_notes", "from": "result", "expect": [{"path": "$.content", "length": 1}]}],
}

PASS: Final[dict[str, dict[str, Any]]] = {
    "handshake": {"kind": "handshake"},
    "catalog": {
        "kind": "catalog",
        "tools": ["add", "forecast", "write_note"],
        "prompts": ["review"],
        "resources": ["sdk://motto"],
    },
    "call": FORECAST
    | {
        "schema": {"properties": {"days": {"minItems": 2, "maxItems": 2}, "warning": {"type": "null"}}},
        "expect": [{"path": "$.days[*].sky", "matches": "^(clear|cloudy)$"}, {"path": "$.city", "equals": "Lima"}],
        "latency": {"fail": "9s"},
    },
    "call-text": {"kind": "call", "tool": "add", "from": "text", "expect": [{"path": "$", "equals": 5}]},
    "read": {
        "kind": "read",
        "uri": "sdk://squares/12",
        "from": "text",
        "expect": [{"path": "$.square", "equals": 144}],
    },
    "prompt": {
        "kind": "prompt",
        "prompt": "review",
        "arguments": {"language": "Python"},
        "expect": [{"path": "$.messages[0].content.text", "contains": "Python"}],
    },
    "scenario": THREE_NOTES,
}

FAIL: Final[dict[str, tuple[dict[str, Any], Reason, str]]] = {
    "tool-error": (FORECAST | {"arguments": {"city": "Atlantis"}}, Reason.TOOL_ERROR, "tools/call"),
    "no-such-tool": ({"kind": "call", "tool": "divine"}, Reason.TOOL_MISSING, "tools/list"),
    "not-read-only": (
        {"kind": "call", "tool": "write_note", "arguments": {"text": "never"}},
        Reason.NOT_READ_ONLY,
        "tools/list",
    ),
    "schema": (FORECAST | {"schema": {"required": ["wind"]}}, Reason.SCHEMA_MISMATCH, "tools/call"),
    "no-such-resource": ({"kind": "read", "uri": "sdk://gone"}, Reason.RPC_ERROR, "resources/read"),
    "no-such-prompt": ({"kind": "prompt", "prompt": "gone"}, Reason.RPC_ERROR, "prompts/get"),
    "version": ({"kind": "handshake", "expect_version": "2024-11-05"}, Reason.VERSION_UNSUPPORTED, ""),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with sdk_http(tmp_path_factory.mktemp("sdk")) as server:
        yield server


def against(server: RealServer, era: Era, probes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    target = {**server.target, "protocol": era, "allow_writes": True}
    return {
        "targets": {"sdk": target},
        "probes": {name: {"target": "sdk", "timeout": "20s", **probe} for name, probe in probes.items()},
    }


@pytest.mark.parametrize("era", ERAS)
async def test_every_kind_passes_on_a_good_server(server: RealServer, era: Era, tmp_path: Path) -> None:
    outcomes = await run_document(against(server, era, PASS), tmp_path)
    assert [(outcome.probe, outcome.message) for outcome in outcomes if outcome.reason] == []
    assert {outcome.server.protocol_version for outcome in outcomes} == {VERSION[era]}
    assert all(outcome.warnings == () for outcome in outcomes)


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_asked_wrongly_is_told_for_what_it_is(server: RealServer, era: Era, tmp_path: Path) -> None:
    outcomes = await run_document(against(server, era, {name: row[0] for name, row in FAIL.items()}), tmp_path)
    negotiation = "server/discover" if era == "modern" else "initialize"
    told = {outcome.probe: (outcome.reason, outcome.step) for outcome in outcomes}
    assert told == {name: (reason, step or negotiation) for name, (_, reason, step) in FAIL.items()}


async def test_a_tool_that_may_not_be_called_was_not(server: RealServer, tmp_path: Path) -> None:
    probe = {"kind": "call", "tool": "list_notes", "from": "result"}
    unheard = {"expect": [{"path": "$.content[0].text", "matches": "(?s)^(?!.*never)"}]}
    refused, _, _ = FAIL["not-read-only"]
    for probes in ({"refused": refused}, {"notes": probe | unheard}):
        [outcome] = await run_document(against(server, "modern", probes), tmp_path)
        assert outcome.reason is (Reason.NOT_READ_ONLY if "refused" in probes else None)
