"""What the quick tier promises: every room, a server per transport, Redis, Prometheus, one fault through the drill."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
TESTS: Final = ROOT / "tests"
ROOMS: Final = sorted(path.parent.name for path in (ROOT / "prober").glob("*/__init__.py"))
MAKEFILE: Final = (ROOT / "Makefile").read_text()

MET: Final = {
    "tests/real/test_servers.py": ("everything-stdio", "everything-http", "everything-sse"),
    "tests/reference/redis/test_data.py": ("test_every_method_keeps_to_one_slot_of_a_cluster",),
    "tests/reference/test_stores.py": ("[redis]",),
    "tests/web/test_prometheus.py": ("test_what_prometheus_finds_it_can_scrape_and_sees_as_it_is",),
    "tests/drill/test_whole.py": ("test_faults_come_out_at_the_webhook_and_are_over_there_when_they_are[one]",),
}
"""Files, and what must be among the names of their tests."""


def chosen(tier: str) -> str:
    """The expression of markers that the Makefile gives to pytest for a tier."""
    [expression] = re.findall(rf"^{tier} *:= -m '(.*)'$", MAKEFILE, re.MULTILINE)
    return str(expression)


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("browser", [False, True])
@pytest.mark.parametrize("alone", [False, True])
def test_the_tiers_share_nothing_and_leave_nothing_out(slow: bool, browser: bool, alone: bool) -> None:
    marks = {"slow": slow, "browser": browser, "alone": alone}
    assert sum(eval(chosen(tier), {}, marks) for tier in ("QUICK", "REST", "ALONE")) == 1


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests_in_the_quick_tier(room: str) -> None:
    assert len([name for path in (TESTS / room).rglob("test_*.py") for name in quick(path)]) >= 3


def quick(path: Path) -> Iterator[str]:
    """The tests of a file that are neither slow, nor alone, nor need a browser in all their cases."""
    tree = ast.parse(path.read_text())
    settings = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
    if any(re.match(r"pytestmark\b.*\bmark\.(slow|browser|alone)\b", setting, re.DOTALL) for setting in settings):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            marks = {ast.unparse(decorator) for decorator in node.decorator_list}
            if not marks & {"pytest.mark.slow", "pytest.mark.browser", "pytest.mark.alone"}:
                yield node.name


def test_the_quick_tier_meets_what_it_promises() -> None:
    words = shlex.join(["-m", chosen("QUICK"), "--collect-only", "-q", *MET])
    command = [sys.executable, "-m", "pytest", *shlex.split(words)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTEST_ADDOPTS": ""}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    names = done.stdout.splitlines()
    for file, parts in MET.items():
        for part in parts:
            assert any(name.startswith(file) and part in name for name in names), f"{file}: {part}"
