"""`demo` shows what it says, prints commands that work, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest

from prober.cli import invocation
from tests.cli.command import BOUND, Done, ended, mcp_prober, started


def check_shown(done: Done) -> None:
    assert done.code == 0, done.out + done.err
    assert "9 passed, 0 failed, 0 unknown" in done.out
    assert "/completedSteps: type: expected array, seen null" in done.out
    assert "1 passed, 2 failed, 0 unknown" in done.out
    assert "unavailable at server/discover: HTTP 503" in done.out
    assert "pass  reference  reference-steps  race" in done.out
    assert "lost_update at race: " in done.out


async def test_the_demo_shows_what_it_says_and_a_witness_wherever_it_speaks_of_one(tmp_path: Path) -> None:
    done = await mcp_prober("demo", cwd=tmp_path)
    check_shown(done)
    for heading in re.finditer(r"^( *)(?:detail: )?witness of the .*:\n(.*)", done.out, re.MULTILINE):
        assert re.match(r" +client \d+'s ", heading[2]), heading[0]
    assert "again: mcp-prober" not in done.out, "its server is gone by then"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_a_signal_ends_the_served_demo_and_its_server(number: signal.Signals, tmp_path: Path) -> None:
    async with started("demo", "--serve", cwd=tmp_path) as process:
        assert process.stdout is not None
        async with asyncio.timeout(BOUND):
            while b"The server stays up" not in (line := await process.stdout.readline()):
                assert line, "it ended"
        [port] = re.findall(rb"http://127.0.0.1:(\d+)/mcp", line)
        (await asyncio.open_connection("127.0.0.1", int(port)))[1].close()
        process.send_signal(number)
        done = await ended(process)
    assert (done.code, done.err) == (0, "")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(port))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_a_signal_in_the_middle_of_a_demo_ends_it_and_its_server(number: signal.Signals, tmp_path: Path) -> None:
    async with started("demo", cwd=tmp_path) as process:
        assert process.stdout is not None
        [port] = re.findall(rb"http://127.0.0.1:(\d+)/mcp", await process.stdout.readline())
        await process.stdout.readuntil(b"One pass over")
        process.send_signal(number)
        done = await ended(process)
    assert (done.code, done.err) == (130, "interrupted\n")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(port))


def test_a_command_to_paste_names_the_program_as_the_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / ".venv" / "bin" / "mcp-prober"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert invocation.own_command() == ".venv/bin/mcp-prober"
    monkeypatch.setenv("PATH", str(script.parent))
    assert invocation.own_command() == "mcp-prober"
    monkeypatch.setattr(sys, "argv", [str(Path(invocation.__file__).parents[1] / "__main__.py")])
    assert invocation.own_command() == f"{sys.executable} -m prober"
