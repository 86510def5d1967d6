"""Standard output that takes no more, is closed, or not read to its end: a sentence or nothing, never a traceback."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import Done, mcp_prober

FULL: Final = "standard output: not written to its end: No space left on device\n"
PROBES: Final = """\
targets: {gone: {command: [no-such-mcp-server]}}
probes: {p: {target: gone, kind: handshake}}
"""
COMMANDS: Final = (
    ("--help", 0),
    ("--version", 0),
    ("explain", 0),
    ("check probes.yaml", 0),
    ("check --print-schema", 0),
    ("run probes.yaml", 1),
    ("run probes.yaml --output json", 1),
)
"""What prints at once and what prints at its end, little and much; and how each ends where all can be printed."""


async def redirected(how: str, *words: str, cwd: Path) -> Done:
    """A command whose streams a shell has redirected."""
    python = f"import os, sys; os.execvp('sh', ['sh', '-c', 'exec \"$0\" \"$@\" {how}', *sys.argv[1:]])"
    return await mcp_prober(sys.executable, "-m", "prober", *words, cwd=cwd, program=("-c", python))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "probes.yaml").write_text(PROBES)
    return tmp_path


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS])
async def test_what_could_not_be_printed_is_told_and_no_verdict(words: str, folder: Path) -> None:
    done = await redirected(">/dev/full", *words.split(), cwd=folder)
    assert (done.code, done.err) == (3, FULL)


@pytest.mark.parametrize(("words", "code"), COMMANDS, ids=[words for words, _ in COMMANDS])
async def test_closed_streams_lead_nowhere(words: str, code: int, folder: Path) -> None:
    done = await redirected("<&- >&-", *words.split(), cwd=folder)
    assert (done.code, done.out) == (code, "")
    assert (await redirected("<&- >&- 2>&-", *words.split(), cwd=folder)).code == code


async def test_a_reader_that_has_had_enough_is_no_trouble(folder: Path) -> None:
    for words in ("explain",), ("check", "--print-schema"), ("run", "probes.yaml", "--output", "json"):
        done = await redirected("| head -c 1", *words, cwd=folder)
        assert (len(done.out), done.err) == (1, "")


async def test_nothing_waits_in_a_buffer_where_there_shall_be_none(folder: Path) -> None:
    say = "from prober.cli.streams import watched; watched(); import os, sys; sys.stdout.write('at once'); os._exit(0)"
    assert (await mcp_prober(cwd=folder, program=("-u", "-c", say))).out == "at once"


async def test_a_report_that_goes_to_a_file_is_whole_where_the_table_is_lost(folder: Path) -> None:
    done = await redirected(">/dev/full", "run", "probes.yaml", "--output", "json=report.json", cwd=folder)
    assert (done.code, done.err) == (3, FULL)
    assert '"summary"' in (folder / "report.json").read_text()
