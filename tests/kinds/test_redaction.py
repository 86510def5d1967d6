"""No secret of a target shows in anything that comes out of a run, however its server hands it back."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Outcome, Reason
from prober.report import REPORTS
from tests.kinds.echoes import CALLS, LISTS, Way
from tests.kinds.offering import called, document, offering, probed, respond, says, tool
from tests.peers.cases import CONTRACT
from tests.peers.connect_faults import credentials
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import FORGET, Step
from tests.peers.token_peer import TOKEN, TOKEN_ACTS, token_peer
from tests.peers.token_peer import says as says_to_all
from tests.running import run_document

WINDOW: Final = 8
"""So many characters of a secret in a row are a leak."""

SECRETS: Final = {
    "HEADER": "Hq7-wZt!m2Lx_0pVbn4Rk8Yc",
    "QUOTED": 'uE5"jG1\\aS9<fD3&oP6~iT2y',
    "ARGUMENT": "käse-Zx4Wc8Vb1Nm5Qw9Er3Ty",
    "QUERY": "Jh2Gf6Ds0Aq4Zw8Sx1Ed5Cr9",
}
TARGET: Final = {"headers": {"X-Api-Key": "${HEADER}", "X-Other": "v1 ${QUOTED}"}}
PROBE: Final[dict[str, Any]] = {
    "kind": "call",
    "tool": "echo",
    "arguments": {"key": "${ARGUMENT}", "nested": [{"deep": "a ${ARGUMENT} b"}]},
    "expect": [{"path": "$.key", "type": "integer"}],
}

Shown = Callable[[Outcome], str]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Shown:
    """Everything that may be read of a run: values, every report in both lengths, logs, and both streams."""
    caplog.set_level(logging.DEBUG)

    def show(outcome: Outcome) -> str:
        texts = [repr(outcome), str(outcome)]
        for write in REPORTS.values():
            for verbose in (False, True):
                stream = io.StringIO()
                write([outcome], started_at=datetime.now(UTC), verbose=verbose, stream=stream)
                texts.append(stream.getvalue())
        caught = capsys.readouterr()
        return "\n".join([*texts, *map(repr, caplog.records), caplog.text, caught.out, caught.err])

    return show


def leaks(text: str, *secrets: str) -> Iterator[str]:
    """Parts of secrets that stand in a text, as they are or as JSON, Python or both of them spell them."""
    for secret in secrets:
        for begin in range(len(secret) - WINDOW + 1):
            part = secret[begin : begin + WINDOW]
            in_json = json.dumps(part)[1:-1]
            spelled = {part, in_json, json.dumps(in_json)[1:-1], repr(part)[1:-1], repr(part.encode())[2:-1]}
            yield from (spelling for spelling in spelled if spelling in text)


def handing_back(way: Way, padding: int) -> Act:
    """The way, with all that the client told behind some padding: so that caps cut anywhere."""

    async def act(call: Call) -> None:
        headers = call.request.headers
        arguments = json.dumps(call.request.message.get("params", {}).get("arguments"), ensure_ascii=False)
        told = [headers.get("x-api-key", ""), headers.get("x-other", ""), call.request.target, arguments]
        await way(call, "." * padding + " | ".join([*told, headers.get("authorization", "")]))

    return act


@pytest.mark.parametrize("padding", [0, 30, 180, 1600])
@pytest.mark.parametrize("way", [*CALLS, *LISTS])
async def test_a_secret_that_a_server_hands_back_does_not_show(
    way: str, padding: int, tmp_path: Path, shown: Shown
) -> None:
    step: Step = "call" if way in CALLS else "list"
    act = handing_back({**CALLS, **LISTS}[way], padding)
    async with offering(tool("echo", says("hi")), faults={step: act}) as peer:
        configuration = document(peer, PROBE, **TARGET, url=f"{peer.url}?key=${{QUERY}}")
        [outcome] = await run_document(configuration, tmp_path, **SECRETS)
        assert list(leaks(shown(outcome), *SECRETS.values())) == []
    assert outcome.reason is not None or way == "server_info"
    assert outcome.reason is not Reason.INTERNAL_ERROR
    sent = f"{peer.requests[0].target} {peer.requests[0].headers} {called(peer)}"
    expected = ("HEADER", "QUERY", "ARGUMENT") if step == "call" else ("HEADER", "QUERY")
    assert all(SECRETS[name] in sent for name in expected)  # they were there to be handed back


@pytest.mark.parametrize("padding", [0, 1980, 1990])
@pytest.mark.parametrize("stream", ["stderr", "stdout"])
async def test_the_environment_of_a_process_does_not_show_in_its_last_words(
    stream: str, padding: int, tmp_path: Path, shown: Shown
) -> None:
    last_words = f'read line; (printf "the key is %s\\n" "$KEY"; head -c {padding} /dev/zero | tr "\\0" x)'
    script = last_words + (" >&2; exit 3" if stream == "stderr" else "; cat > /dev/null")
    target = {"command": ["/bin/sh", "-c", script, "${QUERY}"], "env": {"KEY": "${QUOTED}"}, "protocol": "modern"}
    configuration = {
        "targets": {"peer": target},
        "probes": {"p": {"target": "peer", "kind": "handshake", "timeout": "5s"}},
    }
    [outcome] = await run_document(configuration, tmp_path, **SECRETS)
    assert outcome.reason is (Reason.PROCESS_EXITED if stream == "stderr" else Reason.MALFORMED_JSON)
    assert list(leaks(shown(outcome), *SECRETS.values())) == []


@pytest.mark.parametrize("way", ["tool_error", "http_error", "no_json", "server_info"])
async def test_a_token_that_came_up_at_run_time_does_not_show(way: str, tmp_path: Path, shown: Shown) -> None:
    async with (
        token_peer(TOKEN_ACTS["given"]) as endpoint,
        offering(tool("echo", says("hi")), faults={"call": handing_back(CALLS[way], 0)}) as peer,
    ):
        outcome = await probed(peer, PROBE, tmp_path, target={"auth": credentials(endpoint.url)}, **SECRETS)
    assert peer.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert list(leaks(shown(outcome), TOKEN, "open sesame", SECRETS["ARGUMENT"])) == []


async def test_a_token_endpoint_that_repeats_the_clients_secret_does_not_show_it(tmp_path: Path, shown: Shown) -> None:
    refusal = says_to_all(400, dump({"error": f"bad secret {SECRETS['HEADER']}", "error_description": "open sesame"}))
    async with token_peer(refusal) as endpoint, http_peer(Script()) as peer:
        auth = credentials(endpoint.url)
        auth["client_credentials"]["client_secret"] = "${HEADER}"
        outcome = await probed(peer, PROBE, tmp_path, target={"auth": auth}, **SECRETS)
    assert outcome.reason is Reason.TOKEN_FAILED
    assert list(leaks(shown(outcome), *SECRETS.values())) == []


async def test_a_bearer_token_does_not_show_without_the_word_bearer_either(tmp_path: Path, shown: Shown) -> None:
    async def alone(call: Call, text: str) -> None:
        await CALLS["tool_error"](call, call.request.headers["authorization"].removeprefix("Bearer "))

    ways: tuple[Way, ...] = (CALLS["tool_error"], alone)
    for way in ways:
        async with offering(tool("echo", says("hi")), faults={"call": handing_back(way, 0)}) as peer:
            target = {"auth": {"bearer": "${HEADER}"}}
            outcome = await probed(peer, PROBE, tmp_path, target=target, **SECRETS)
        assert outcome.reason is Reason.TOOL_ERROR
        assert "***" in outcome.message
        assert list(leaks(shown(outcome), *SECRETS.values())) == []


async def test_a_value_that_is_written_out_in_a_header_does_not_show(tmp_path: Path, shown: Shown) -> None:
    async with offering(tool("echo", says("hi")), faults={"call": handing_back(CALLS["tool_error"], 0)}) as peer:
        target = {"headers": {"X-Api-Key": SECRETS["HEADER"], "X-Other": f"Basic {SECRETS['QUERY']}"}}
        outcome = await probed(peer, PROBE, tmp_path, target=target, **SECRETS)
    assert list(leaks(shown(outcome), *SECRETS.values())) == []


async def test_words_of_a_contract_do_not_show_a_secret(tmp_path: Path, shown: Shown) -> None:
    async def listing(call: Call) -> None:
        told, good = call.request.headers["x-api-key"], (call.good.message or {})["result"]
        changed = FORGET | {"description": told}
        await respond(call, good | ({"tools": [tool(told).listing, changed]} if "tools" in good else {}))

    (tmp_path / "contract.json").write_text(CONTRACT)
    async with offering(faults={"list": listing}) as peer:
        probe = {"kind": "catalog", "contract": "contract.json"}
        configuration = document(peer, probe, **TARGET)
        [outcome] = await run_document(configuration, tmp_path, **SECRETS)
    assert outcome.reason is Reason.CONTRACT_BROKEN
    assert len(outcome.warnings) == 2  # of the new tool and the new description, which are the secret
    assert list(leaks(shown(outcome), *SECRETS.values())) == []


async def test_trouble_of_a_cleanup_does_not_show_a_secret(tmp_path: Path, shown: Shown) -> None:
    step = {"tool": "echo"}
    async with offering(tool("echo", says("hi")), faults={"call": handing_back(CALLS["tool_error"], 0)}) as peer:
        scenario = {"kind": "scenario", "steps": [step], "cleanup": [step]}
        [outcome] = await run_document(document(peer, scenario, **TARGET), tmp_path, **SECRETS)
    assert len(outcome.warnings) == 1
    assert list(leaks(shown(outcome), *SECRETS.values())) == []


async def test_a_fault_of_our_own_does_not_show_a_secret(
    tmp_path: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"{'x' * 1400}{SECRETS['HEADER']}{'x' * 1480}")

    monkeypatch.setattr(sys.modules["prober.kinds.answer"], "select", fail)
    async with offering(tool("echo", says("hi"))) as peer:
        [outcome] = await run_document(document(peer, PROBE, **TARGET), tmp_path, **SECRETS)
    assert outcome.reason is Reason.INTERNAL_ERROR
    assert list(leaks(shown(outcome), *SECRETS.values())) == []
