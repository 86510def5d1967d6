"""What `--help` shows, and what shells complete."""

from __future__ import annotations

from pathlib import Path

import typer.main

from prober.cli import app
from tests.cli.command import mcp_prober, quickly

NARROW = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}


async def test_every_command_stands_under_a_heading_and_its_sentence_is_whole_at_80_columns() -> None:
    done = await quickly("--help", env=NARROW)
    assert done.code == 0
    assert "..." not in done.out.partition("[ARGS]...")[2]
    headed = done.out.partition("\nFirst steps:\n")[2].splitlines()
    listed = {line.split()[0] for line in headed if line.startswith("  ")}
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert listed == set(commands)
    assert {line[34:] for line in headed if line.startswith(" " * 34)} == set(), "a sentence that takes two lines"


async def test_h_is_help_everywhere() -> None:
    for words in (), ("run",), ("init",), ("export",):
        short, long = await quickly(*words, "-h"), await quickly(*words, "--help")
        assert (short.code, short.out) == (0, long.out)
    assert (await quickly("reference", "-h")).code == 0


async def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    async def completed(line: str) -> list[str]:
        asked = {"_MCP_PROBER_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        return (await mcp_prober(cwd=tmp_path, env=asked, program=PROGRAM)).out.split()

    assert await completed("mcp-prober dr") == ["drift", "drill"]
    assert await completed("mcp-prober run --trac") == ["--trace"]
    script = await mcp_prober(cwd=tmp_path, env={"_MCP_PROBER_COMPLETE": "source_bash"}, program=PROGRAM)
    assert (script.code, "complete -o default -F _mcp_prober_completion mcp-prober" in script.out) == (0, True)
    assert "--show-completion" in (await quickly("--help")).out


PROGRAM = ("-c", "import sys; sys.argv[0] = 'mcp-prober'; from prober.cli import main; main()")
"""As the console script starts it: a shell knows it by that name."""
