"""A fixed pass of every kind and every family of reasons, and one server that says hostile things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prober.outcome import Evidence, Exchange, Outcome, Phase, Reason, ServerInfo, Verdict
from prober.redaction import masked_before

STARTED_AT: Final = datetime(2026, 11, 22, 7, 28, 0, 123456, tzinfo=UTC)

MODERN: Final = ServerInfo(era="modern", protocol_version="2026-07-28", name="reference", version="1.4.0")
HANDSHAKE: Final = ServerInfo(era="handshake", protocol_version="2025-11-25", name="memory-server", version="0.6.3")


def outcome(target: str, probe: str, kind: str, *, at: float = 0.0, took: float = 0.012, **rest: Any) -> Outcome:
    """A run that began `at` seconds into the pass; its verdict is its reason's."""
    reason: Reason | None = rest.get("reason")
    return Outcome(
        target=target,
        probe=probe,
        kind=kind,
        verdict=reason.verdict if reason else Verdict.PASS,
        started_at=STARTED_AT + timedelta(seconds=at),
        duration_seconds=took,
        **rest,
    )


PASSED: Final = (
    outcome(
        "reference",
        "hello",
        "handshake",
        took=0.0031234567,
        server=MODERN,
        phases={Phase.WAIT: 0.002, Phase.CONNECT: 0.0004000004, Phase.SEND: 0.0001},
        facts={"certificate_expiry_timestamp_seconds": 1798761600.0},
    ),
    outcome(
        "reference",
        "catalog",
        "catalog",
        took=0.0215,
        server=MODERN,
        facts={
            "tools": 7.0,
            "contract_changes_breaking": 0.0,
            "contract_changes_additive": 2.0,
            "contract_changes_cosmetic": 0.0,
        },
        warnings=("contract, additive: tools/export_session: the tool is new",),
    ),
    outcome(
        "reference",
        "slow-but-well",
        "call",
        took=0.612,
        server=MODERN,
        warnings=("612 ms, more than the 500 ms of latency.warn",),
    ),
    outcome("notes", "read-graph", "read", took=0.0009, server=HANDSHAKE),
    outcome("notes", "greeting", "prompt", took=0.004, server=HANDSHAKE),
)

TRANSPORT: Final = outcome(
    "search",
    "hello",
    "handshake",
    took=2.034,
    reason=Reason.CONNECT_REFUSED,
    step="initialize",
    message="Connection refused",
    phases={Phase.DNS: 0.001, Phase.CONNECT: 0.0002},
)
PROCESS: Final = outcome(
    "filesystem",
    "list",
    "call",
    took=0.24,
    reason=Reason.PROCESS_EXITED,
    step="initialize",
    message="the process exited with status 1 before it answered",
    evidence=(
        Evidence(
            detail="node:internal/modules/cjs/loader:1215\n  throw err;\n  ^\n\n"
            "Error: Cannot find module '/srv/server-filesystem/dist/index.js'\n"
        ),
    ),
)
HTTP: Final = outcome(
    "gateway",
    "tools",
    "catalog",
    reason=Reason.SERVER_ERROR,
    step="tools/list",
    message="HTTP 502: Bad Gateway",
    evidence=(Evidence(http_status=502, seen="<html><head><title>502 Bad Gateway</title></head>…"),),
)
PROTOCOL: Final = outcome(
    "gateway",
    "lookup",
    "call",
    reason=Reason.RPC_ERROR,
    step="tools/call",
    message="Internal error",
    evidence=(Evidence(http_status=200, rpc_code=-32603, detail='{"exception": "KeyError"}'),),
    server=HANDSHAKE,
)
TOOL: Final = outcome(
    "notes",
    "search",
    "call",
    reason=Reason.TOOL_MISSING,
    step="tools/list",
    message="the server lists no tool 'search_nodes'",
    evidence=(Evidence(expected="search_nodes", seen="create_entities, read_graph and 6 more"),),
    server=HANDSHAKE,
)
VERDICT: Final = outcome(
    "reference",
    "workflow-state",
    "call",
    reason=Reason.SCHEMA_MISMATCH,
    step="tools/call",
    message="/completedSteps: type: expected array, seen null",
    evidence=(Evidence(pointer="/completedSteps", keyword="type", expected="array", seen="null"),),
    phases={Phase.CONNECT: 0.001, Phase.SEND: 0.0001, Phase.WAIT: 0.01, Phase.RECEIVE: 0.0002},
    server=MODERN,
    exchanges=(
        Exchange(
            step="tools/call",
            started_at=5000.0,
            duration_seconds=0.0113,
            phases={Phase.RECEIVE: 0.0002, Phase.CONNECT: 0.001, Phase.SEND: 0.0001, Phase.WAIT: 0.01},
            http_status=200,
            content_type=masked_before("application/json"),
            bytes_sent=312,
            bytes_received=1234,
            sent=masked_before(
                '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_workflow_state",'
                '"arguments":{"session_id":"probe"}}}'
            ),
            received=masked_before(
                '{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"completedSteps":null}}}'
            ),
        ),
    ),
)
DEADLINE: Final = outcome(
    "notes",
    "open-close",
    "scenario",
    took=5.0,
    reason=Reason.TIMEOUT,
    step="tools/call",
    message="deadline passed while waiting for the first byte of the answer",
    evidence=(Evidence(detail="phase: wait"),),
    server=HANDSHAKE,
    warnings=("cleanup failed: no time was left for it",),
    phases={Phase.SPAWN: 0.4, Phase.SEND: 0.001, Phase.WAIT: 4.599},
)
RACE: Final = outcome(
    "notes",
    "writes-survive",
    "race",
    took=2.9,
    reason=Reason.LOST_UPDATE,
    step="race",
    message="client 0's add #4 (44.2 to 48.3 ms) was acknowledged before client 1's read #9 (51.0 to 53.1 ms) began,"
    ' but neither this nor any other read ever shows "probe-3"',
    evidence=(
        Evidence(
            detail="witness of the first of 7 cases in this trace:\n"
            'client 0\'s add #4 (44.2 to 48.3 ms) of "probe-3": ok\n'
            "client 1's read #9 (51.0 to 53.1 ms): ok, value 5 elements [process 1]\n"
            "again: mcp-prober run notes.yaml --probe writes-survive --seed 5",
        ),
    ),
    server=HANDSHAKE,
    facts={"race_operations": 82.0, "race_overlap": 2.0, "race_violations_lost_update": 7.0},
)
FAILED: Final = (TRANSPORT, PROCESS, HTTP, PROTOCOL, TOOL, VERDICT, RACE, DEADLINE)

UNKNOWN: Final = outcome(
    "reference",
    "big-answer",
    "call",
    took=2.1,
    reason=Reason.UNDECIDED,
    step="tools/call",
    message="judging took longer than 2 s and was given up",
    server=MODERN,
)

EVERYTHING: Final = (*PASSED, *FAILED, UNKNOWN)

HOSTILE_TEXT: Final = (
    "[bold red]markup[/] \x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x07 \x1b[2J\x9b1A"
    "\x00\x08\x7f nul \u202egnp.exe\u202c \u2066isolated\u2069 \ud800lone ]]> & <tag> \"quote\" 'single' :smile:"
    " \ufffe\uffff \ttab\nsecond line\rcarriage\u2028separator\x85next"
)
"""What a server may put into any text of its own."""

HOSTILE: Final = outcome(
    "evil",
    "call",
    "call",
    reason=Reason.TOOL_ERROR,
    step=f"tools/call {HOSTILE_TEXT}",
    message=masked_before(HOSTILE_TEXT),
    evidence=(
        Evidence(
            pointer=f"/{HOSTILE_TEXT}",
            keyword="type",
            expected=HOSTILE_TEXT,
            seen=HOSTILE_TEXT,
            detail=HOSTILE_TEXT,
        ),
        Evidence(detail=f"other {HOSTILE_TEXT}"),
    ),
    warnings=(HOSTILE_TEXT,),
    server=ServerInfo(
        era="modern",
        protocol_version=HOSTILE_TEXT,
        name=HOSTILE_TEXT,
        version=HOSTILE_TEXT,
    ),
    exchanges=(
        Exchange(
            step=masked_before(HOSTILE_TEXT),
            started_at=1.0,
            duration_seconds=0.1,
            phases={},
            http_status=200,
            content_type=masked_before(HOSTILE_TEXT),
            sent=masked_before(HOSTILE_TEXT),
            received=masked_before(HOSTILE_TEXT),
        ),
    ),
)

ALIKE: Final = tuple(
    outcome(
        "search",
        probe,
        "call",
        took=0.002,
        reason=Reason.CONNECT_REFUSED,
        step="initialize",
        message="Connection refused: 127.0.0.1 port 9",
        evidence=(Evidence(detail=f"process {number}"),),
    )
    for number, probe in enumerate(("find", "find-nothing", "index", "suggest"))
)
"""Probes of one target that fail alike, but for the detail of their evidence."""
