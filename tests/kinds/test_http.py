"""`http`: every rule with a server that breaks it and one that keeps it, in the eras that have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.document.diagnostics import ConfigError
from prober.loader import load
from prober.outcome import Outcome, Reason
from tests.kinds.offering import ERAS, probed
from tests.peers.http_acts import close, empty, empty_result, obliging, page, status, status_with_error, when
from tests.peers.http_peer import Act, Call, HttpPeer, Script, http_peer, well
from tests.peers.messages import dump
from tests.peers.protocol import Era, RpcError, Step, reply
from tests.peers.wire import EVENTS, JSON, event

HTTP: Final = {"kind": "http"}
HARMLESS: Final[Mapping[Era, Step]] = {"modern": "discover", "handshake": "ping"}
PAGE: Final = "https://app.example.com"


async def run_against(
    faults: Mapping[Step, Act], folder: Path, *, era: Era, target: Mapping[str, Any] | None = None, **probe: Any
) -> tuple[Outcome, HttpPeer]:
    async with http_peer(Script(era=era, faults=faults, long_ids=True, origins=(PAGE,))) as peer:
        return await probed(peer, HTTP | probe, folder, target=target), peer


def served(call: Call) -> Any:
    """What the server answers to those whom it serves."""
    return reply(call.request.message, call.peer.script.era)


def from_a_page(call: Call) -> bool:
    return "origin" in call.request.headers


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_keeps_the_rules_passes_without_a_warning(era: Era, tmp_path: Path) -> None:
    outcome, peer = await run_against({}, tmp_path, era=era)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message
    assert peer.open_connections == 0
    assert peer.verbs.count("DELETE") == peer.rpc_methods.count("initialize")


@pytest.mark.parametrize("era", ERAS)
async def test_a_foreign_origin_that_is_answered_fails(era: Era, tmp_path: Path) -> None:
    faults: dict[Step, Act] = {HARMLESS[era]: when(from_a_page, obliging)}
    outcome, peer = await run_against(faults, tmp_path, era=era)
    method = {"modern": "server/discover", "handshake": "ping"}[era]
    assert (outcome.reason, outcome.step) == (Reason.ORIGIN_UNCHECKED, method)
    assert outcome.message == "a request with a foreign Origin is answered HTTP 200 and a result, not HTTP 403"
    origins = {each.headers.get("origin") for each in peer.requests}
    assert origins == {None, "https://page.mcp-prober.invalid"}  # DNS rebinding would show the same once more
    outcome, _ = await run_against(faults, tmp_path, era=era, skip=["origin"])
    assert outcome.reason is None


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("near", [True, False])
async def test_a_server_that_takes_every_origin_that_equals_the_host_falls_to_dns_rebinding(
    near: bool, era: Era, tmp_path: Path
) -> None:
    def of_its_own_host(call: Call) -> bool:
        return call.request.headers.get("origin") == f"http://{call.request.headers['host']}"

    faults: dict[Step, Act] = {HARMLESS[era]: when(of_its_own_host, obliging)}
    async with http_peer(Script(era=era, faults=faults, long_ids=True)) as peer:
        url = peer.url
        peer.url = url if near else url.replace("127.0.0.1", "mcp.example.com")
        target = {} if near else {"proxy": url.removesuffix("/mcp")}
        outcome = await probed(peer, HTTP, tmp_path, target=target)
        skipped = await probed(peer, HTTP | {"skip": ["host"]}, tmp_path, target=target)
    assert outcome.reason is (Reason.ORIGIN_UNCHECKED if near else None), outcome.message
    assert skipped.reason is None
    if near:
        assert outcome.message.startswith("a request with a foreign Host, and an Origin that matches it, is answered")
        assert outcome.evidence[0].keyword == "host"


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_hangs_up_on_a_foreign_host_refuses_it_too(era: Era, tmp_path: Path) -> None:
    def rebound(call: Call) -> bool:
        return "page.mcp-prober.invalid" in call.request.headers["host"]

    outcome, _ = await run_against({HARMLESS[era]: when(rebound, close)}, tmp_path, era=era)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message


async def test_an_origin_that_is_refused_in_another_way_is_a_warning(tmp_path: Path) -> None:
    outcome, _ = await run_against({"discover": when(from_a_page, status(421))}, tmp_path, era="modern")
    assert outcome.reason is None
    assert outcome.warnings == ("a request with a foreign Origin is refused by HTTP 421, text/plain, not by HTTP 403",)


async def test_an_error_of_json_rpc_is_a_refusal_of_its_own_kind(tmp_path: Path) -> None:
    refused = status_with_error(200, RpcError(-32000, "Origin not allowed"))
    outcome, _ = await run_against({"discover": when(from_a_page, refused)}, tmp_path, era="modern")
    assert outcome.reason is None
    assert len(outcome.warnings) == 1


@pytest.mark.parametrize("near", [True, False])
async def test_a_server_for_everybody_may_take_every_origin_unless_it_is_near(near: bool, tmp_path: Path) -> None:
    async def open_to_all(call: Call) -> None:
        await call.respond(200, {"Content-Type": JSON, "Access-Control-Allow-Origin": "*"}, dump(served(call)))

    faults: dict[Step, Act] = {"discover": when(from_a_page, open_to_all)}
    async with http_peer(Script(faults=faults)) as peer:
        url = peer.url
        # through a proxy, which the peer plays as well, its name is one of the public internet
        peer.url = url if near else url.replace("127.0.0.1", "mcp.example.com")
        target = {} if near else {"proxy": url.removesuffix("/mcp")}
        outcome = await probed(peer, HTTP, tmp_path, target=target)
    assert outcome.reason is (Reason.ORIGIN_UNCHECKED if near else None), outcome.message
    if not near:
        assert outcome.warnings == ("every web page may use the server: that is what its CORS headers say",)


def answering_unknown(act: Act) -> Act:
    return when(lambda call: call.request.rpc_method == "mcp-prober/no-such-method", act)


@pytest.mark.parametrize(
    ("era", "act", "reason", "warnings"),
    [
        ("modern", status_with_error(404, RpcError(-32601, "no")), None, 0),
        ("modern", status_with_error(200, RpcError(-32601, "no")), Reason.HTTP_RULE_BROKEN, 0),
        ("modern", status_with_error(400, RpcError(-32600, "no")), Reason.HTTP_RULE_BROKEN, 0),
        ("modern", status(403), None, 1),
        ("handshake", status_with_error(200, RpcError(-32601, "no")), None, 0),
        ("handshake", status_with_error(400, RpcError(-32603, "no")), None, 1),
        ("handshake", page(JSON), None, 1),
    ],
)
async def test_an_unknown_method_gets_the_error_for_it(
    era: Era, act: Act, reason: Reason | None, warnings: int, tmp_path: Path
) -> None:
    outcome, _ = await run_against({"unknown": answering_unknown(act)}, tmp_path, era=era)
    assert (outcome.reason, len(outcome.warnings)) == (reason, warnings), (outcome.message, outcome.warnings)


@pytest.mark.parametrize("era", ERAS)
async def test_a_method_that_nobody_has_and_that_gets_a_result_fails(era: Era, tmp_path: Path) -> None:
    outcome, _ = await run_against({"unknown": answering_unknown(empty_result)}, tmp_path, era=era)
    assert (outcome.reason, outcome.step) == (Reason.HTTP_RULE_BROKEN, "unknown method")


@pytest.mark.parametrize("code", [200, 204])
async def test_a_notification_is_accepted_by_202_alone(code: int, tmp_path: Path) -> None:
    outcome, _ = await run_against({"initialized": empty(code)}, tmp_path, era="handshake")
    assert (outcome.reason, outcome.step) == (Reason.HTTP_RULE_BROKEN, "notifications/initialized")
    outcome, _ = await run_against({"initialized": empty(code)}, tmp_path, era="handshake", skip=["notification"])
    assert outcome.reason is None


@pytest.mark.parametrize("era", ERAS)
async def test_a_body_that_is_no_json_by_its_type_and_is_taken_is_warned_of(era: Era, tmp_path: Path) -> None:
    typed = when(lambda call: call.request.headers["content-type"] == "text/plain", obliging)
    outcome, _ = await run_against({HARMLESS[era]: typed}, tmp_path, era=era)
    assert outcome.reason is None
    assert outcome.warnings == ("a POST of text/plain is taken for JSON: browsers send it without a preflight",)


@pytest.mark.parametrize(("code", "warned"), [(200, True), (500, True), (405, False), (400, False), (503, False)])
async def test_a_get_in_the_modern_era_should_be_405(code: int, warned: bool, tmp_path: Path) -> None:
    outcome, _ = await run_against({"listen": status(code)}, tmp_path, era="modern")
    assert outcome.reason is None
    assert len(outcome.warnings) == warned


# What the operator expects


def accepting(*kinds: str) -> Act:
    """A server that serves clients only if they accept all of these."""

    async def act(call: Call) -> None:
        accepted = call.request.headers["accept"]
        await (well if all(kind in accepted for kind in kinds) else status(406))(call)

    return act


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_reads_json_alone_is_served_where_the_operator_says_so(era: Era, tmp_path: Path) -> None:
    picky: dict[Step, Act] = {HARMLESS[era]: accepting(JSON, EVENTS)}
    outcome, _ = await run_against(picky, tmp_path, era=era)
    assert outcome.reason is None  # clients must accept both: no rule is broken
    outcome, _ = await run_against(picky, tmp_path, era=era, accept=["json"])
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert outcome.message == "a client that accepts application/json alone is answered HTTP 406, text/plain"
    outcome, _ = await run_against({}, tmp_path, era=era, accept=["json"])
    assert outcome.reason is None


async def test_a_client_that_reads_events_alone_gets_events(tmp_path: Path) -> None:
    outcome, _ = await run_against({}, tmp_path, era="modern", accept=["events"])
    assert outcome.message.endswith("text/event-stream alone is answered HTTP 200 and a result as application/json")

    async def in_events(call: Call) -> None:
        if call.request.headers["accept"] != EVENTS or call.good.status != 200:
            return await well(call)
        return await call.respond(200, {"Content-Type": EVENTS}, event(dump(call.good.message or {})))

    outcome, _ = await run_against({"discover": in_events}, tmp_path, era="modern", accept=["events", "json"])
    assert outcome.reason is None, outcome.message


def cors(*, allow: str = PAGE, headers: str = "*, authorization", expose: str = "mcp-session-id") -> dict[Step, Act]:
    told = {"Access-Control-Allow-Origin": allow, "Access-Control-Expose-Headers": expose}

    async def preflight(call: Call) -> None:
        await call.respond(204, {**told, "Access-Control-Allow-Headers": headers})

    async def answer(call: Call) -> None:
        await call.respond(call.good.status, {"Content-Type": JSON, **told}, dump(call.good.message or {}))

    return {"preflight": preflight, "discover": answer, "ping": answer, "initialize": answer}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("allow", [PAGE, "*"])
async def test_a_page_that_may_use_the_server_passes(allow: str, era: Era, tmp_path: Path) -> None:
    target = {"auth": {"bearer": "a-token-of-mine-7007"}}
    outcome, peer = await run_against(cors(allow=allow), tmp_path, era=era, target=target, cors=PAGE)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message
    [preflight] = [each for each in peer.requests if each.method == "OPTIONS"]
    assert "authorization" not in preflight.headers
    assert "authorization" in preflight.headers["access-control-request-headers"]


@pytest.mark.parametrize(
    ("era", "settings", "lacks"),
    [
        ("modern", {"allow": "https://other.example"}, "the preflight allows the origin https://other.example"),
        ("modern", {"headers": "content-type"}, "the preflight does not allow the header mcp-protocol-version"),
        ("modern", {"headers": "*"}, "the preflight does not allow the header authorization"),
        ("handshake", {"expose": "x-other"}, "the answer does not expose Mcp-Session-Id"),
    ],
)
async def test_what_keeps_a_page_out_is_told(era: Era, settings: dict[str, str], lacks: str, tmp_path: Path) -> None:
    target = {"auth": {"bearer": "a-token-of-mine-7007"}}
    outcome, _ = await run_against(cors(**settings), tmp_path, era=era, target=target, cors=PAGE)
    assert outcome.reason is Reason.EXPECTATION_FAILED
    assert outcome.message.startswith(f"a page of {PAGE} cannot use the server: {lacks}")


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_without_cors_is_told_only_where_somebody_wants_it(era: Era, tmp_path: Path) -> None:
    outcome, _ = await run_against({}, tmp_path, era=era)
    assert outcome.reason is None
    outcome, _ = await run_against({}, tmp_path, era=era, cors=PAGE)
    assert outcome.message == f"a page of {PAGE} cannot use the server: OPTIONS is answered HTTP 405"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"cors": "app.example.com"}, "p.cors: expected an origin such as https://app.example.com"),
        ({"cors": "https://app.example.com/page"}, "p.cors: expected an origin such as https://app.example.com"),
        ({"accept": ["xml"]}, "p.accept"),
        ({"skip": ["orign"]}, "p.skip"),
    ],
)
def test_mistakes_are_told_where_they_are(keys: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "probes.yaml"
    target = {"url": "http://127.0.0.1/mcp"}
    path.write_text(dump({"targets": {"t": target}, "probes": {"p": {"target": "t", **HTTP, **keys}}}).decode())
    with pytest.raises(ConfigError, match=re.escape(said)):
        load([path], environ={})
