"""The probes that ship pass against the real servers that they are written for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from prober.config import load
from prober.engine import run_pass
from tests.real.install import ENVIRONMENT, MODULES
from tests.real.servers import git

PROBES = Path(__file__).parents[1] / "probes"
EXAMPLES = sorted(path.stem for path in PROBES.glob("*.yaml"))


@pytest.fixture
def in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples are run in a git repository, with the servers on the path."""
    with git(tmp_path):
        monkeypatch.chdir(tmp_path / "repository")
    monkeypatch.setenv("PATH", os.pathsep.join([str(ENVIRONMENT), str(MODULES / ".bin"), os.environ["PATH"]]))


@pytest.mark.usefixtures("in_a_repository")
@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_example_passes(name: str) -> None:
    config = load([PROBES / f"{name}.yaml"], environ=os.environ)
    for target in config.targets.values():
        assert shutil.which(target.command[0]), f"{target.command[0]} is not installed: run `make setup`"
    outcomes = await run_pass(config, list(config.probes.values()))
    assert [f"{each.probe}: {each.reason}: {each.message}" for each in outcomes if each.verdict != "pass"] == []


def test_there_is_an_example_for_every_server_that_is_promised() -> None:
    assert {"everything", "filesystem", "memory", "time", "git"} <= set(EXAMPLES)
