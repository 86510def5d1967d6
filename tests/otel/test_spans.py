"""A run is a span, its exchanges are the children; what they say is what the outcome says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from prober.config.model import Probe
from prober.engine import not_run
from prober.kinds.call import CallSettings
from prober.otel.spans import spans_of_environment
from prober.outcome import Reason, Verdict
from tests.kinds.offering import ERAS, document, gives, offering, probed, tool
from tests.otel.recording import InMemory, recorded
from tests.peers.child import StdioPeer
from tests.peers.http_peer import Call
from tests.peers.messages import dump
from tests.peers.protocol import Era
from tests.peers.wire import JSON
from tests.real.process import free_port

CALL: Final = {"kind": "call", "tool": "count"}
SECRET: Final = "s3cret-t0ken-of-the-operator"


async def says_error(call: Call) -> None:
    message = {"jsonrpc": "2.0", "id": call.request.rpc_id, "error": {"code": -32099, "message": "no"}}
    await call.respond(200, {"Content-Type": JSON}, dump(message))


async def unavailable(call: Call) -> None:
    await call.respond(503, {"Content-Type": JSON}, b"")


async def test_a_run_is_a_span_and_its_exchanges_are_children_within_its_time(tmp_path: Path) -> None:
    memory = InMemory(location="berlin")
    async with offering(tool("count", gives({"n": 1}))) as peer:
        probe = {**CALL, "tags": ["fast"]}
        done = await recorded(document(peer, probe, protocol="auto"), tmp_path, memory=memory)
    run, children = done.of_run("p0"), done.children("p0")
    assert (run.parent, run.kind, run.status.status_code) == (None, SpanKind.INTERNAL, StatusCode.UNSET)
    assert dict(run.attributes or {}) == {
        "mcp_prober.target": "peer",
        "mcp_prober.probe": "p0",
        "mcp_prober.kind": "call",
        "mcp_prober.verdict": "pass",
        "mcp_prober.era": "modern",
        "mcp_prober.server.name": "peer",
        "mcp_prober.server.version": "1.0.0",
        "mcp.protocol.version": "2026-07-28",
        "mcp_prober.tags": ("fast",),
        "mcp_prober.location": "berlin",
    }
    assert [child.name for child in children] == ["server/discover", "tools/list", "tools/call count"]
    for child, exchange in zip(children, done.outcomes[0].exchanges, strict=True):
        assert child.kind is SpanKind.CLIENT
        assert child.context.trace_id == run.context.trace_id
        assert (run.start_time or 0) <= (child.start_time or 0) <= (child.end_time or 0) <= (run.end_time or 0)
        assert (child.end_time or 0) - (child.start_time or 0) == round(exchange.duration_seconds * 1e9)
    attributes = dict(children[2].attributes or {})
    assert {name: value for name, value in attributes.items() if not name.startswith("mcp_prober.phase.")} == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "count",
        "jsonrpc.request.id": "3",
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": int(peer.url.split(":")[2].partition("/")[0]),
        "http.response.status_code": 200,
    }
    assert attributes["mcp_prober.phase.wait"] == done.outcomes[0].exchanges[2].phases["wait"]  # type: ignore[index]


async def test_on_stdio_a_span_names_no_host(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    probe = {"target": "t", "kind": "prompt", "prompt": "greet"}
    done = await recorded({"targets": {"t": peer.target}, "probes": {"p0": probe}}, tmp_path)
    spans = {child.name: dict(child.attributes or {}) for child in done.children("p0")}
    [prompt] = [span for name, span in spans.items() if name.startswith("prompts/get ")]
    assert prompt["network.transport"] == "pipe"
    assert "gen_ai.prompt.name" in prompt
    assert "server.address" not in prompt


FAILURES: Final[dict[str, tuple[dict[str, Any], dict[str, Any], str, str | None]]] = {
    "an error of JSON-RPC": ({"call": says_error}, {}, "rpc_error", "-32099"),
    "an HTTP status": ({"call": unavailable}, {}, "unavailable", "unavailable"),
    "an answer that was judged": ({}, {"schema": {"type": "string"}}, "schema_mismatch", None),
    "a tool that is missing": ({}, {"tool": "other"}, "tool_missing", None),
}
"""By what is wrong: the peer's faults, the probe's settings, the reason, and what the last exchange failed of."""


@pytest.mark.parametrize(("faults", "settings", "reason", "of_exchange"), FAILURES.values(), ids=FAILURES)
async def test_a_failed_run_is_an_error_and_an_exchange_only_where_it_failed_itself(
    faults: dict[Any, Any], settings: dict[str, Any], reason: str, of_exchange: str | None, tmp_path: Path
) -> None:
    async with offering(tool("count", gives({"n": 1})), faults=faults) as peer:
        done = await recorded(document(peer, CALL | settings), tmp_path)
    run, *_, last = done.of_run("p0"), *done.children("p0")
    attributes = dict(run.attributes or {})
    assert run.status.status_code is StatusCode.ERROR
    assert run.status.description == done.outcomes[0].message
    assert attributes["mcp_prober.reason"] == attributes["error.type"] == reason
    assert attributes["mcp_prober.symptom"] == Reason(reason).symptom
    assert attributes["mcp_prober.family"] == Reason(reason).family
    assert (last.attributes or {}).get("error.type") == of_exchange
    assert last.status.status_code is (StatusCode.ERROR if of_exchange else StatusCode.UNSET)
    assert (last.attributes or {}).get("rpc.response.status_code") == ("-32099" if reason == "rpc_error" else None)


async def test_a_tool_that_says_error_fails_its_exchange(tmp_path: Path) -> None:
    async with offering(tool("count", gives({}, isError=True))) as peer:
        done = await recorded(document(peer, CALL), tmp_path)
    assert dict(done.children("p0")[-1].attributes or {})["error.type"] == "tool_error"


async def test_a_server_that_is_not_there_has_a_span_that_says_so(tmp_path: Path) -> None:
    target = {"url": f"http://127.0.0.1:{free_port()}/mcp", "protocol": "modern"}
    probe = {"target": "t", "kind": "handshake"}
    done = await recorded({"targets": {"t": target}, "probes": {"p0": probe}}, tmp_path)
    [child] = done.children("p0")
    assert (child.attributes or {})["error.type"] == "connect_refused"
    assert child.status.status_code is StatusCode.ERROR


async def test_what_was_not_run_has_no_span_and_what_the_prober_could_not_tell_is_no_error(tmp_path: Path) -> None:
    memory = InMemory()
    async with offering(tool("count", gives({"n": 1}))) as peer:
        done = await recorded(document(peer, CALL), tmp_path, memory=memory)
    [outcome] = done.outcomes
    memory.exporter.clear()
    probe = Probe(name="p0", target="peer", kind="call", settings=CallSettings(tool="count"))
    memory.telemetry.ended(not_run(probe, "no budget is left"))
    assert memory.spans == []
    taken_back = replace(outcome, verdict=Verdict.UNKNOWN, reason=Reason.TIMEOUT)
    memory.telemetry.ended(taken_back, maintenance=True)
    run = memory.spans[-1]
    assert run.status.status_code is StatusCode.UNSET
    assert "error.type" not in (run.attributes or {})
    assert (run.attributes or {})["mcp_prober.symptom"] == "unknown"
    assert (run.attributes or {})["mcp_prober.maintenance"] is True


@pytest.mark.parametrize("era", ERAS)
async def test_every_request_tells_the_server_of_its_span_in_either_era(era: Era, tmp_path: Path) -> None:
    async with offering(tool("count", gives({"n": 1})), era=era) as peer:
        done = await recorded(document(peer, CALL), tmp_path)
    told = {
        request.rpc_method: request.message["params"]["_meta"]["traceparent"]
        for request in peer.requests
        if request.rpc_method and not request.rpc_method.startswith("notifications/")
    }
    spans = {
        child.name.split()[0]: f"00-{child.context.trace_id:032x}-{child.context.span_id:016x}-01"
        for child in done.children("p0")
        if child.name.split()[0] in told
    }
    assert told == spans
    assert len(told) >= 2
    assert all("traceparent" not in json.dumps(r.message) for r in peer.requests if r.rpc_method not in told)


@pytest.mark.parametrize("era", ERAS)
async def test_without_telemetry_no_request_says_anything_of_it(era: Era, tmp_path: Path) -> None:
    async with offering(tool("count", gives({"n": 1})), era=era) as peer:
        outcome = await probed(peer, CALL, tmp_path)
    assert peer.rpc_methods[-1] == "tools/call" or era == "handshake"
    assert b"traceparent" not in b"".join(request.body for request in peer.requests)
    assert outcome.span is None
    assert {exchange.span for exchange in outcome.exchanges} == {None}


async def test_what_the_sampler_leaves_out_is_not_exported_and_the_server_is_told_not_to_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    async with offering(tool("count", gives({"n": 1}))) as peer:
        done = await recorded(document(peer, CALL), tmp_path)
    assert done.spans == []
    assert peer.requests[-1].message["params"]["_meta"]["traceparent"].endswith("-00")


@pytest.mark.parametrize(("share", "sampled"), [("0", False), ("1", True)])
def test_a_run_of_a_worker_is_sampled_as_the_environment_says(
    share: str, *, sampled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", share)
    new_span = spans_of_environment()
    one, other = new_span(), new_span()
    assert (one.sampled, other.sampled, one.trace_id != other.trace_id) == (sampled, sampled, True)


async def test_the_calls_of_a_race_join_the_span_of_the_run_and_have_none_of_their_own(tmp_path: Path) -> None:
    count = 0

    def increment(_arguments: Any) -> Any:
        nonlocal count
        count += 1
        return gives({"count": count})(_arguments)

    offered = tool("add", increment, read_only=False), tool("get", lambda a: gives({"count": count})(a))
    probe = {
        "kind": "race",
        "model": "counter",
        "allow_writes": True,
        "clients": 3,
        "operations": 20,
        "increment": {"tool": "add", "value": "$.count"},
        "read": {"tool": "get", "value": "$.count"},
    }
    async with offering(*offered) as peer:
        done = await recorded(document(peer, probe, allow_writes=True), tmp_path)
    assert [outcome.message for outcome in done.outcomes] == [""]
    run = done.of_run("p0").context
    parents = {
        request.message["params"]["_meta"]["traceparent"]
        for request in peer.requests
        if request.rpc_method == "tools/call"
    }
    assert parents == {f"00-{run.trace_id:032x}-{run.span_id:016x}-01"}
    assert [child.name for child in done.children("p0")] == ["tools/list"]


async def test_secrets_are_masked_in_spans_as_in_outcomes(tmp_path: Path) -> None:
    """The server says the secret back wherever it can: in an error, as the name of a tool."""

    async def repeats(call: Call) -> None:
        message = {
            "jsonrpc": "2.0",
            "id": call.request.rpc_id,
            "error": {"code": -32099, "message": f"not with {SECRET} \ud800 \x1b[31m"},
        }
        await call.respond(200, {"Content-Type": JSON}, json.dumps(message).encode())

    target = {"headers": {"X-Api-Key": "${KEY}"}}
    offered = tool("count", gives({"n": 1})), tool(f"count-{SECRET}", gives({"n": 1}))
    async with offering(*offered, faults={"call": repeats}) as peer:
        probes = [CALL, CALL | {"tool": f"count-{SECRET}"}]
        done = await recorded(document(peer, *probes, **target), tmp_path, KEY=SECRET)
    assert peer.requests[0].headers["x-api-key"] == SECRET
    written = "".join(span.to_json() for span in done.spans)
    assert "***" in written
    assert SECRET not in written
    assert "tools/call count-***" in written
    assert "\\ud800" not in written
    assert "\\u001b" not in written
