"""One room is set up no further than it needs: the Makefile's list of rooms that meet something external is true."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.setup.pins import ROOT

TESTS = ROOT / "tests"
MEETS = re.compile(
    r"\b(npm_script|NotInstalledError|everything_\w+|filesystem_server|memory_server|real_server)\b"
    r"|tests\.(kubernetes\.)?programs|tests\.web\.prometheus|tests\.real\.(install|servers import SERVERS)"
    r"|shutil\.which|import which\n"
)
"""How a test comes by a server of tests/npm or a program of the system."""
ONLY_PYTHON = {"reference/redis", "setup"}
"""Folders that look for a program and have one of their own from PyPI otherwise, or only speak of them."""


def planned(arguments: str) -> str:
    """What `make test` would do on a machine where nothing was set up."""
    command = ["make", "--dry-run", "--always-make", "test", f"ARGS={arguments}"]
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }  # of a make above
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=True).stdout


def test_every_room_that_meets_something_external_is_listed() -> None:
    listed = re.search(r"^EXTERNAL := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed
    rooms = {
        path.relative_to(TESTS).parts[0]
        for path in TESTS.rglob("*.py")
        if "node_modules" not in path.parts
        and path != TESTS / "programs.py"
        and not any(path.is_relative_to(TESTS / folder) for folder in ONLY_PYTHON)
        and MEETS.search(path.read_text(encoding="utf-8"))
    }
    assert rooms == set(listed[1].replace("\\\n", " ").split())


@pytest.mark.parametrize(
    "arguments", ["tests/history", "tests/history/test_store.py -x", "tests/kinds tests/contract -q"]
)
def test_a_room_of_python_alone_needs_nothing_else(arguments: str) -> None:
    plan = planned(arguments)
    assert "pip install" in plan
    assert "npm ci" not in plan
    assert "readers" not in plan


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "-k name",
        "tests",
        "tests/",
        "tests/real",
        "tests/history tests/web/test_api.py",
        "tests/test_shipped_probes.py",
    ],
)
def test_all_rooms_and_those_that_need_it_get_everything(arguments: str) -> None:
    plan = planned(arguments)
    assert "npm ci" in plan
    assert "readers" in plan


def test_a_step_tells_what_it_does_and_how_long_it_took() -> None:
    told = step("what is done", "sh", "-c", "echo noise")
    assert re.fullmatch(r"what is done … \d+ s\n", told.stdout)
    assert (told.returncode, told.stderr) == (0, "")


def test_a_step_that_fails_shows_what_it_printed() -> None:
    told = step("what is done", "sh", "-c", "echo noise; exit 7")
    assert re.fullmatch(r"what is done … failed after \d+ s:\n", told.stdout)
    assert (told.returncode, told.stderr) == (7, "noise\n")


def step(*command: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("step.sh")
    return subprocess.run([str(script), *command], capture_output=True, text=True, timeout=30, check=False)
