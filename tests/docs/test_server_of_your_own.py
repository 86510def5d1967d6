"""The page of patterns is all that a newcomer needs: the server that it shows runs, and its metrics are true."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from mcp_state_tests.serving import free_port, serving

from docs.generate.excerpts import WHOLE
from tests.docs.pages import DOCS

SECTION: Final = (DOCS / "patterns.md").read_text(encoding="utf-8").partition("\n## A server of your own\n")[2]
[CODE] = [found["text"] for found in WHOLE.finditer(SECTION)]
INSTALL, START, *_ = [
    line for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL) for line in block.splitlines()
]
CHECK: Final = re.findall(r"^mcp-prober (check-metrics .*?)\n```", SECTION, re.DOTALL | re.MULTILINE)[0].replace(
    "\\\n", ""
)
FAMILIES: Final = (
    "mcp_tool_calls_total",
    "mcp_state_write_conflicts_total",
    "mcp_state_write_retries_count",
    "mcp_state_lock_wait_seconds_count",
)
"""Calls, conflicts, retries and waits for locks."""


def test_the_server_of_the_page_has_under_sixty_lines() -> None:
    assert len([line for line in CODE.splitlines() if line.strip()]) < 60


def test_what_the_page_installs_is_what_the_server_imports() -> None:
    imported = set(re.findall(r"^(?:from|import) (\w+)", CODE, re.MULTILINE)) - sys.stdlib_module_names
    assert (INSTALL, imported) == ("pip install 'mcp-shared-state[mcp]'", {"mcp", "mcp_state"})


@pytest.mark.slow
def test_typed_as_it_stands_there_it_runs_and_its_counters_move_by_what_is_done(tmp_path: Path) -> None:
    port = free_port()
    program, file, data, _ = shlex.split(START)
    assert program == "python"
    (tmp_path / file).write_text(CODE, encoding="utf-8")
    command = [sys.executable, str(tmp_path / file), str(tmp_path / data), str(port)]
    with serving(command, port=port, log=tmp_path / "log") as server:
        words = [*shlex.split(CHECK.replace("8081", str(port))), "--timeout", "90s"]  # a machine that is busy
        done = subprocess.run(
            [sys.executable, "-m", "prober", *words], capture_output=True, text=True, timeout=240, check=False
        )
        samples = server.samples()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "acts     pass: the counters moved by all that was done" in done.stdout
    moved = {
        name: sum(value for (sample, _), value in samples.items() if sample.split()[0] == name) for name in FAMILIES
    }
    assert all(value > 0 for value in moved.values()), moved
