"""A real name server that never answers, asked by the real resolver of the system, in namespaces of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assertions.ticking import PROMISE
from tests.client import silent_names
from tests.programs import program

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.external
def test_names_that_nobody_answers_for_time_out_by_themselves(tmp_path: Path) -> None:
    apart = [program("unshare"), "--map-root-user", "--mount", "--net"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody make namespaces")
    done = subprocess.run(
        [*apart, sys.executable, "-m", "tests.client.silent_names", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    print(f"{len(seen['asked'])} names asked for, {seen['took']:.1f} s, loop still for {seen['still'] * 1000:.1f} ms")
    assert {f"silent{number}" for number in range(silent_names.SILENT)} <= set(seen["asked"])
    for name, result in seen["results"].items():
        if name.startswith("well"):
            assert result["reason"] is None, result
        else:
            assert result["reason"] == "timeout", result
            assert f"while the name {name}.example was looked up" in result["message"]
    assert seen["still"] < PROMISE
    assert seen["took"] < 4 * silent_names.TIMEOUT, "the process does not wait for lookups that hang"
