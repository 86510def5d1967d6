"""docs/quick-look.md agrees with the code: its commands are run as they stand, its options exist."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Final

import pytest
import typer.main

from prober.cli import app
from tests.cli.command import mcp_prober
from tests.cli.test_usage import everything_in

PAGE: Final = (Path(__file__).parents[1] / "docs" / "quick-look.md").read_text(encoding="utf-8")
COMMANDS: Final = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def words_of(command: str) -> list[str]:
    """The words behind `mcp-prober`; the server is started by the program that is tested."""
    words = shlex.split(command)
    at = words.index("--") + 1
    assert words[at] == "mcp-prober"
    return [*words[1:at], sys.executable, "-m", "prober", *words[at + 1 :]]


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_of_the_page_passes(command: str, tmp_path: Path) -> None:
    done = await mcp_prober(*words_of(command), cwd=tmp_path, env={"PYTHONPATH": str(Path(__file__).parents[1])})
    assert done.code == 0, done.out + done.err
    assert done.out
    assert everything_in(tmp_path) == set()


async def test_what_run_says_at_the_end_is_what_the_page_says(tmp_path: Path) -> None:
    [told] = re.findall(r"```text\n(.*?)\n```", PAGE)
    [command] = [command for command in COMMANDS if command.startswith("mcp-prober run")]
    done = await mcp_prober(*words_of(command), cwd=tmp_path, env={"PYTHONPATH": str(Path(__file__).parents[1])})
    assert done.err.splitlines()[-1].replace(f"{sys.executable} -m prober", "mcp-prober") == told


def test_every_option_of_the_page_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {text for name in ("run", "call", "list") for param in commands[name].params for text in param.opts}
    outside_examples = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    assert set(re.findall(r"--[a-z][a-z-]+", outside_examples)) <= known
