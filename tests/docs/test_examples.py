"""The example of every kind passes, against the servers that it names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from docs.generate.pages import example
from prober.cli.commands.demo import reference_server
from prober.contract.contract import dump_contract
from prober.discover.survey import contract_of
from prober.engine import run_pass
from prober.kinds import all_kinds
from prober.loader import load
from tests.real.install import ENVIRONMENT, MODULES

ELSEWHERE: Final = {"auth", "stream"}
"""Kinds whose example names a server that is not here; `tests/kinds` and `tests/real` have others for them."""


@pytest.mark.external
@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in all_kinds() if kind not in ELSEWHERE])
async def test_the_example_passes(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(ENVIRONMENT), str(MODULES / ".bin"), os.environ["PATH"]]))
    with reference_server(tmp_path) as url:
        file = tmp_path / "example.yaml"
        file.write_text(example(kind).replace("http://127.0.0.1:8080/", url.removesuffix("mcp")))
        config = load([file], environ=os.environ, contracts_may_be_missing=True)
        here = [probe for probe in config.probes.values() if ".example.com" not in config.targets[probe.target].address]
        for probe in here:
            if (contract := getattr(probe.settings, "contract", None)) is not None:
                contract.parent.mkdir(exist_ok=True)
                offer = await contract_of(config.targets[probe.target], timeout=10)
                contract.write_text(dump_contract(offer))
        unhurried = [replace(probe, timeout=60.0) for probe in here]
        outcomes = await run_pass(config, unhurried)
    assert outcomes
    assert [f"{each.probe}: {each.reason}: {each.message}" for each in outcomes if each.verdict != "pass"] == []
