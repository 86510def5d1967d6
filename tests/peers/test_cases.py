"""The table of cases covers what it must, and every case can be set up as a configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prober.consistency.verdict import SEVERITY as BY_SEVERAL_CLIENTS
from prober.outcome import Reason
from tests.peers.cases import CASES, ELSEWHERE, FAULTS, NOT_BY_A_PEER, Case, Transport
from tests.peers.protocol import Era, Place, Step


def test_every_reason_that_a_peer_can_show_to_one_client_has_a_case() -> None:
    by_one_client = set(Reason) - NOT_BY_A_PEER - ELSEWHERE - set(BY_SEVERAL_CLIENTS)
    assert {case.reason for case in CASES} - {None} == by_one_client


def test_every_name_is_given_once() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("transport", FAULTS)
def test_every_fault_has_a_case_at_every_place_of_its_own(transport: Transport) -> None:
    cases = {(case.fault, Place(case.era, case.step)) for case in CASES if case.transport == transport}
    for name, fault in FAULTS[transport].items():
        assert fault.where
        assert {(name, place) for place in fault.where} <= cases


@pytest.mark.parametrize("era", ["modern", "handshake"])
@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.RPC_ERROR, Reason.MALFORMED_JSON])
def test_what_can_happen_anywhere_has_a_case_at_every_request(era: Era, reason: Reason) -> None:
    steps: set[Step] = {"list", "call", "read", "prompt", "discover" if era == "modern" else "initialize"}
    found = {case.step for case in CASES if (case.transport, case.era, case.reason) == ("http", era, reason)}
    assert steps <= found


_ONE_OF_EACH: dict[tuple[str, str, str], Case] = {}
for _case in CASES:
    _ONE_OF_EACH.setdefault((_case.transport, _case.protocol, _case.step), _case)


@pytest.mark.parametrize("case", _ONE_OF_EACH.values(), ids=str)
async def test_a_case_is_a_configuration_with_one_target_and_one_probe(case: Case, tmp_path: Path) -> None:
    async with case.ground(tmp_path) as ground:
        document = json.loads(json.dumps(ground.document))
        target, probe = document["targets"]["peer"], document["probes"]["case"]
    assert ("url" in target) != ("command" in target)
    assert target["protocol"] == case.protocol
    assert probe["target"] == "peer"
    assert probe["timeout"] == case.timeout
    assert json.loads((tmp_path / "contract.json").read_text())["tools"].keys() == {"echo", "forget"}
