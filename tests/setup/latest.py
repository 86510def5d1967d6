"""Runs pytest in an environment of the newest versions, and says which packages moved since constraints.txt.

    python -m tests.setup.latest [ARGUMENT OF PYTEST]…

In CI (CI=true) it is a report, and its exit status is 0 whatever the tests say. Where nothing moved no test is run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.setup.pins import ROOT, moved


def main(arguments: Sequence[str]) -> int:
    changes = moved()
    if not changes:
        print("test-latest: nothing newer than constraints.txt, so no test was run")
        return 0
    for name, change in changes.items():
        print(f"test-latest: {name} {change}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *arguments]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        counts = _counts(report)
    print(summary(counts, changes, code=code))
    return 0 if os.environ.get("CI") == "true" else code


def summary(counts: Mapping[str, int] | None, changes: Mapping[str, str], *, code: int) -> str:
    """The last line. `counts` as pytest's report has them, None where it wrote none."""
    newer = f"with newer {', '.join(changes)}"
    if counts is None or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return f"test-latest: pytest ended with status {code}, before all tests had run, {newer}"
    failed = counts["failures"] + counts["errors"]
    return f"test-latest: {failed} failed of {counts['tests']} {newer}"


def _counts(report: Path) -> dict[str, int] | None:
    if not report.exists():
        return None
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    counts = {"tests": 0, "failures": 0, "errors": 0}
    for suite in suites:
        for name in counts:
            counts[name] += int(suite.get(name, "0"))
    return counts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
