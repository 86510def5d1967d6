"""Every fault of shared state is found by the shipped probe that looks there; without faults all of them pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from prober.engine import run_pass
from prober.outcome import Outcome
from tests.peers.protocol import Era
from tests.races.reference import FOUND, Reference, sessions, short

OPERATIONS = 100
"""Half of what the probes have as they ship, which finds every fault as surely: bench.py does it with fewer."""

CASES = [(fault, probe, reasons) for fault, probes in FOUND.items() for probe, reasons in probes.items()]


async def _run(
    server: Reference, folder: Path, *names: str, operations: int = OPERATIONS, era: Era | None = None
) -> list[Outcome]:
    config = server.probes(folder)
    if era is not None:
        targets = {name: replace(target, protocol=era) for name, target in config.targets.items()}
        config = replace(config, targets=targets)
    probes = [short(config.probes[name], operations=operations) for name in names or config.probes]
    return await run_pass(config, probes, concurrency=1)


@pytest.mark.parametrize("era", ["modern", pytest.param("handshake", marks=pytest.mark.slow)])
async def test_a_right_server_passes_every_race(right: Reference, era: Era, tmp_path: Path) -> None:
    outcomes = await _run(right, tmp_path, era=era)
    assert {each.probe for each in outcomes} == {probe for probes in FOUND.values() for probe in probes}
    assert [f"{each.probe}: {each.reason}: {each.message}" for each in outcomes if each.verdict != "pass"] == []
    assert all(each.facts["race_overlap"] >= 4 for each in outcomes), [each.facts for each in outcomes]
    assert all(each.facts["race_operations"] >= OPERATIONS * 0.75 for each in outcomes), [
        each.facts for each in outcomes
    ]
    assert [each.warnings for each in outcomes if each.warnings] == []


@pytest.mark.parametrize(("fault", "probe", "reasons"), CASES, ids=[f"{fault}-{probe}" for fault, probe, _ in CASES])
async def test_a_fault_is_found(
    right: Reference, fault: str, probe: str, reasons: tuple[str, ...], tmp_path: Path
) -> None:
    right.switch(fault)
    [outcome] = await _run(right, tmp_path, probe)
    assert outcome.reason in reasons, outcome.message
    assert outcome.server.era == "modern"
    if outcome.step == "race":
        detail = outcome.evidence[0].detail or ""
        assert detail.count("client ") >= 2, detail
        assert f"--probe {probe} --seed" in detail


@pytest.mark.parametrize("fault", FOUND)
async def test_a_fault_is_found_in_the_handshake_era_too(right: Reference, fault: str, tmp_path: Path) -> None:
    right.switch(fault)
    probe, reasons = next(iter(FOUND[fault].items()))
    [outcome] = await _run(right, tmp_path, probe, era="handshake")
    assert outcome.reason in reasons, outcome.message
    assert outcome.server.era == "handshake"


@pytest.mark.parametrize("fault", ["lost-update:0.1", "duplicate-event:0.1"])
async def test_a_fault_that_strikes_now_and_then_is_found(right: Reference, fault: str, tmp_path: Path) -> None:
    right.switch(fault)
    [outcome] = await _run(right, tmp_path, "reference-workflow", operations=200)
    assert outcome.reason == FOUND[fault.partition(":")[0]]["reference-workflow"][0], outcome.message


async def test_nothing_is_left_on_the_server(right: Reference, tmp_path: Path) -> None:
    """Each run makes a session of its own and deletes it, also when it fails."""
    before = await sessions(right, tmp_path)
    right.switch("lost-update")
    [failed] = await _run(right, tmp_path, "reference-steps")
    right.switch()
    passed = await _run(right, tmp_path, operations=20)
    assert (failed.verdict, {each.verdict for each in passed}) == ("fail", {"pass"})
    assert await sessions(right, tmp_path) == before
