"""The probes that ship pass against the real servers that they are written for."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prober.cli.commands.demo import reference_server
from prober.contract.contract import dump_contract
from prober.discover.survey import contract_of
from prober.engine import run_pass
from prober.loader import load
from tests.real.install import ENVIRONMENT, MODULES
from tests.real.servers import git

PROBES = Path(__file__).parents[1] / "probes"
OWN = {"reference", "reference-races", "reference-rules", "reference-truth"}
"""Probes of the server that is part of this project: run by `demo`, `tests/races`, `tests/real` and `tests/kinds`."""
EXAMPLES = sorted({path.stem for path in PROBES.glob("*.yaml")} - OWN)


@pytest.fixture
def in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples are run in a git repository, with the servers on the path."""
    with git(tmp_path):
        monkeypatch.chdir(tmp_path / "repository")
    monkeypatch.setenv("PATH", os.pathsep.join([str(ENVIRONMENT), str(MODULES / ".bin"), os.environ["PATH"]]))


@pytest.mark.external
@pytest.mark.usefixtures("in_a_repository")
@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_example_passes(name: str) -> None:
    config = load([PROBES / f"{name}.yaml"], environ=os.environ)
    for target in config.targets.values():
        assert shutil.which(target.command[0]), f"{target.command[0]} is not installed: run `make setup`"
    outcomes = await run_pass(config, list(config.probes.values()))
    assert [each.probe for each in outcomes] == list(config.probes) != []
    assert [f"{each.probe}: {each.reason}: {each.message}" for each in outcomes if each.verdict != "pass"] == []


def test_the_contract_of_the_reference_server_is_the_one_that_is_pinned(tmp_path: Path) -> None:
    """Pinned anew, the file stays as it is: nobody forgot to pin after a change of the tools."""
    with reference_server(tmp_path) as url:
        config = load([PROBES / "reference.yaml"], environ={})
        target = replace(config.targets["reference"], url=url)
        offer = asyncio.run(contract_of(target, timeout=10))
    assert dump_contract(offer) == (PROBES / "contracts" / "reference.json").read_text(encoding="utf-8")


def test_there_is_an_example_for_every_server_that_is_promised() -> None:
    assert {"everything", "filesystem", "memory", "time", "git"} <= set(EXAMPLES)
