"""docs/library.md and docs/pytest.md: every block of code is run, and the tables are compared with the code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import prober
from tests.library.conftest import TOKEN
from tests.library.test_pytest_plugin import HELLO, NOBODY, project, run
from tests.races.reference import ROOT

__all__ = ["project"]

LIBRARY: Final = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
PLUGIN: Final = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found
    return found


def test_no_block_is_of_another_language() -> None:
    assert set(re.findall(r"^```(\w+)$", LIBRARY + PLUGIN, re.MULTILINE)) == {"python", "sh", "text", "toml"}


PRINTED: Final = (
    ("nobody-there fail connect_refused server/discover", "unknown-session fail tool_error tools/call"),
    (),
    ("targets.reference.headers.X-Key", "TOKEN is not set"),
)
"""What must be in the output of each script, in the order of the page."""


@pytest.mark.parametrize(("script", "printed"), list(zip(blocks(LIBRARY, "python"), PRINTED, strict=True)), ids="123")
def test_every_script_runs(script: str, printed: tuple[str, ...], probes: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=probes.parent,
        env={"PYTHONPATH": str(ROOT), "TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [text for text in printed if text not in done.stdout] == [], done.stdout


def test_the_table_of_names_is_what_is_exported() -> None:
    told = re.findall(r"^\| (`.+?) \|", LIBRARY, re.MULTILINE)
    names = {name for cell in told for name in re.findall(r"`(\w+)", cell)}
    assert names == set(prober.__all__) - {"__version__"}


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for block in blocks(PLUGIN, "sh") for line in block.splitlines()])
def test_every_command_runs_probes(command: str, project: Path) -> None:
    program, *words = shlex.split(command)
    assert program == "pytest"
    code, text = run(project, *words)
    assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), text
    assert "passed" in text or NOBODY in text


def test_a_failure_reads_as_on_the_page(project: Path) -> None:
    [shown] = blocks(PLUGIN, "text")
    _, text = run(project, "--mcp-probes", "probes/elsewhere.yaml")
    for line in shown.splitlines():
        assert timeless(line) in timeless(text)


def timeless(text: str) -> str:
    return re.sub(r"\d+(\.\d+)? m?s\b", "TIME", text)


def test_the_option_can_stand_in_the_configuration_of_pytest(project: Path) -> None:
    [settings] = blocks(PLUGIN, "toml")
    (project / "pytest.ini").unlink()
    (project / "pyproject.toml").write_text(settings)
    _, text = run(project, "--collect-only", "-q")
    assert HELLO in text
