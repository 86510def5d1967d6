"""The official conformance suite has nothing to say against the reference server, in either era."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.real.install import npm_script
from tests.reference.processes import serving

pytestmark = pytest.mark.external

SUITE: Final = "@modelcontextprotocol/conformance"

DIAGNOSTIC: Final = {"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"}
"""Checks that call a diagnostic tool of the suite's own, `test_missing_capability`, and fail where there is none."""

SCENARIOS: Final = {
    "server-initialize": set[str](),
    "tools-list": set[str](),
    "dns-rebinding-protection": set[str](),
    "server-stateless": DIAGNOSTIC,
    "caching": set[str](),
    "http-header-validation": set[str](),
}
"""Those that apply to any server, and the checks in them that do not."""

_CHECK: Final = re.compile(r"\[([a-z0-9-]+) *\] (SUCCESS|FAILURE)")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("reference")) as server:
        yield server.url


SLOW: Final = {"server-stateless"}


@pytest.mark.parametrize(
    "scenario", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SCENARIOS]
)
def test_the_scenario_passes(scenario: str, url: str, tmp_path: Path) -> None:
    command = [*npm_script(SUITE), "server", "--url", url, "--scenario", scenario]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    checks = _CHECK.findall(re.sub(r"\x1b\[[0-9;]*m", "", run.stdout))
    assert "SUCCESS" in {verdict for _, verdict in checks}, run.stdout + run.stderr
    assert {name for name, verdict in checks if verdict == "FAILURE"} == SCENARIOS[scenario], run.stdout
