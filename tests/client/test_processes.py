"""Child processes: that they end, all of them, and that what they say comes through whatever else they do."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from prober.client.stdio.process import Process
from prober.outcome import Failure, Reason
from tests.client.opening import AMPLE, failure_of, target, until
from tests.leaks import nothing_left_behind

SOON = 3.0
"""Seconds, a bound for what should take a tenth of it."""


@asynccontextmanager
async def running(command: list[str], *, env: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """The process, killed at the end. Nothing may be left of it."""
    async with nothing_left_behind():
        process = await Process.start(command, env=env or {}, cwd=None)
        try:
            yield process
        finally:
            await process.aclose()


async def said(process: Process) -> bytes:
    """All of its standard output."""
    parts = []
    async with asyncio.timeout(AMPLE):
        while part := await process.read():
            parts.append(part)
    return b"".join(parts)


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(params=["pidfd", "no pidfd", "no waitid either"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """This system, one that cannot wait by pidfd, and one that is more different still."""

    def refuse(pid: int, flags: int = 0) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    if request.param == "no pidfd":
        monkeypatch.setattr(os, "pidfd_open", refuse)
    elif request.param == "no waitid either":
        monkeypatch.delattr(os, "pidfd_open")
        monkeypatch.delattr(os, "waitid")
    name: str = request.param
    return name


@pytest.mark.parametrize(("ending", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", -9), ("kill -15 $$", -15)])
async def test_what_a_process_exited_with_is_known(system: str, ending: str, status: int) -> None:
    async with running(["/bin/sh", "-c", ending]) as process:
        assert await process.exit_status(SOON) == status
        assert await process.exit_status(SOON) == status


async def test_a_process_that_runs_on_has_no_status(system: str) -> None:
    async with running(["/bin/sleep", "60"]) as process:
        assert await process.exit_status(0.05) is None


async def test_it_leaves_when_its_input_ends(system: str) -> None:
    async with running(["/bin/cat"]) as process:
        assert await process.leave(SOON) is True
        assert await process.exit_status(SOON) == 0


async def test_it_is_stopped_when_it_does_not(system: str) -> None:
    async with running(["/bin/sleep", "60"]) as process:
        assert await process.leave(0.2) is False
        assert await process.exit_status(SOON) == -signal.SIGTERM


async def test_a_server_that_has_much_to_say_before_it_leaves_finds_a_reader(python: list[str]) -> None:
    flush = "import sys; sys.stdin.read(); sys.stdout.write('x' * 1_000_000); sys.stdout.flush()"
    async with running([*python, flush]) as process:
        assert await process.leave(AMPLE) is True


FAMILY = "sleep 60 & echo $!; sleep 60 & echo $!; echo done; {end}"


@pytest.mark.parametrize("end", ["wait", "exit 0", "trap '' TERM HUP INT; wait"])
async def test_the_whole_group_ends_with_the_run(system: str, end: str) -> None:
    async with running(["/bin/sh", "-c", FAMILY.format(end=end)]) as process:
        output = b""
        while b"done" not in output:
            output += await process.read()
        children = [int(pid) for pid in output.split()[:2]]
        assert all(alive(pid) for pid in children) or end == "exit 0"  # a guardian may have been faster
    await until(lambda: not any(alive(pid) for pid in children))


@pytest.mark.clock
async def test_the_end_is_seen_although_a_grandchild_holds_the_pipes() -> None:
    async with running(["/bin/sh", "-c", "echo last words; echo why >&2; sleep 60 & exit 7"]) as process:
        began = time.monotonic()
        assert await said(process) == b"last words\n"
        assert await process.exit_status(SOON) == 7
        assert process.last_words() == "why"
        assert time.monotonic() - began < SOON


async def test_a_server_that_is_gone_is_told_with_its_status_and_its_last_words() -> None:
    dies = "read line; echo 'fatal: no disk' >&2; sleep 60 & exit 7"
    async with nothing_left_behind():
        failure = await failure_of(target(command=("/bin/sh", "-c", dies), protocol="modern"))
    assert failure.reason is Reason.PROCESS_EXITED
    assert (failure.message, failure.evidence.detail) == ("the process exited with status 7", "fatal: no disk")


async def test_only_the_end_of_what_it_complains_about_is_kept(python: list[str]) -> None:
    flood = "import sys; sys.stderr.write('x' * 3_000_000 + 'the end'); print('done')"
    async with running([*python, flood]) as process:
        assert await said(process) == b"done\n"
        assert await process.exit_status(SOON) == 0
        words = process.last_words()
    assert len(words) == 2001
    assert words.startswith("…x")
    assert words.endswith("xthe end")


async def test_complaints_that_nobody_reads_do_not_stop_an_answer(python: list[str]) -> None:
    flood = "import sys; sys.stderr.write('x' * 10_000_000); sys.stderr.flush(); print('answer')"
    async with running([*python, flood]) as process:
        assert await said(process) == b"answer\n"


async def test_a_line_of_a_megabyte_comes_through() -> None:
    async with running(["/bin/cat"]) as process:
        sending = asyncio.create_task(process.write(b"x" * 1_000_000 + b"\n"))
        received = bytearray()
        async with asyncio.timeout(AMPLE):
            while not received.endswith(b"\n"):
                received += await process.read()
        await sending
    assert len(received) == 1_000_001


async def test_writing_to_a_process_that_reads_no_more_is_a_broken_pipe() -> None:
    async with running(["/bin/sh", "-c", "exec 0<&-; echo closed; sleep 60"]) as process:
        assert await process.read() == b"closed\n"
        with pytest.raises(BrokenPipeError):
            await process.write(b"x" * 1_000_000)


async def test_a_process_that_never_stops_talking_leaves_the_loop_its_turns() -> None:
    async with running(["/usr/bin/yes"]) as process:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(said(process), 0.2)


async def test_it_has_what_it_needs_of_our_environment_and_what_it_was_given(
    monkeypatch: pytest.MonkeyPatch, python: list[str]
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("LANG", "C.UTF-8")
    own = {"OWN": "1", "LANG": "de_DE.UTF-8"}
    async with running([*python, "import os; print(sorted(os.environ.items()))"], env=own) as process:
        told: dict[str, str] = dict(eval(await said(process)))
    allowed = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "OWN", "PATH", "SHELL", "TERM", "TMPDIR", "USER"}
    assert set(told) <= allowed
    assert (told["HOME"], told["LANG"], told["OWN"], told["PATH"]) == (
        "/home/ada",
        "de_DE.UTF-8",
        "1",
        os.environ["PATH"],
    )


STARTS: dict[str, tuple[list[str], Any]] = {
    "no such command": (["no-such-command"], "no-such-command could not be started: No such file or directory"),
    "not a program": (["/etc/passwd"], "/etc/passwd could not be started: Permission denied (/etc/passwd)"),
    "a NUL": (["/bin/echo", "a\0b"], "/bin/echo could not be started: embedded null byte"),
}


@pytest.mark.parametrize(("command", "message"), STARTS.values(), ids=STARTS)
async def test_what_cannot_be_started_is_told(command: list[str], message: str) -> None:
    async with nothing_left_behind():
        with pytest.raises(Failure) as caught:
            await Process.start(command, env={}, cwd=None)
    assert caught.value.reason is Reason.SPAWN_FAILED
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("lack", [errno.EMFILE, errno.EAGAIN, errno.ENOMEM])
async def test_our_own_want_of_something_is_not_the_servers_fault(lack: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise OSError(lack, os.strerror(lack))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(Failure) as caught:
        await Process.start(["/bin/cat"], env={}, cwd=None)
    assert caught.value.reason is Reason.PROBER_SHORTAGE


async def test_to_end_it_twice_or_in_the_middle_of_a_cancellation_leaves_nothing() -> None:
    async with nothing_left_behind():
        process = await Process.start(["/bin/sleep", "60"], env={}, cwd=None)
        ending = asyncio.create_task(process.aclose())
        await asyncio.sleep(0)
        ending.cancel()
        await asyncio.wait([ending])
        await process.aclose()
