"""The mapping of reports, and what asking for one costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from prober.report import REPORTS

HEAVY = ("rich", "prometheus_client", "xml", "mcp", "httpx", "jsonschema")


def test_the_reports_are_those_of_the_command_line() -> None:
    assert list(REPORTS) == ["table", "json", "junit", "sarif", "github", "prometheus"]


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        pytest.param(None, [], id="none asked for"),
        pytest.param("table", [], id="table in a file"),
        pytest.param("json", [], id="json"),
        pytest.param("junit", ["xml"], id="junit"),
        pytest.param("prometheus", ["prometheus_client"], id="prometheus"),
    ],
)
def test_a_report_imports_only_what_it_needs(name: str | None, needed: list[str]) -> None:
    script = f"""
import io, sys
from datetime import datetime, UTC
from prober.report import REPORTS
from prober.report.progress import Progress
with Progress(total=0, stream=io.StringIO()):
    if {name!r}:
        REPORTS[{name!r}]((), started_at=datetime.now(UTC), verbose=True, stream=io.StringIO())
print(*(module for module in {HEAVY!r} if module in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == needed
