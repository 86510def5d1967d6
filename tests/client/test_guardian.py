"""What a stdio server leaves running ends with it, and with the prober, whatever the one or the other came to."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from prober.client.stdio import process as process_module
from prober.client.stdio.process import Process
from prober.outcome import Failure, Reason
from tests.client.opening import AMPLE
from tests.client.test_processes import alive, running, said
from tests.leaks import nothing_left_behind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a guardian is made of what Linux has")

ESCAPES = {
    "a session of its own": "setsid sleep 600 & echo $!; echo done",
    "a double fork": "(setsid sh -c 'sleep 600 & echo $!'); echo done",
    "a family of its own": "(setsid sh -c 'sleep 600 & setsid sleep 600 & echo $$ $!; wait' &); sleep 0.3; echo done",
    "no pipe of the server's": "(setsid sh -c 'exec sleep 600 >&- 2>&- <&-' & echo $!); echo done",
    "no heed of signals": "(trap '' TERM HUP INT USR1; setsid sleep 600 & echo $!); echo done",
    "an environment of its own": "(env -i setsid /bin/sleep 600 & echo $!); echo done",
}


async def escaped(process: Process) -> list[int]:
    """The process ids that it printed before `done`."""
    output = b""
    async with asyncio.timeout(AMPLE):
        while b"done" not in output:
            output += await process.read()
    pids = [int(word) for word in output.split() if word.isdigit()]
    assert pids
    assert all(alive(pid) for pid in pids)
    return pids


@pytest.mark.parametrize("end", ["sleep 600", "exit 0", "kill -9 $$"], ids=["runs on", "has exited", "was killed"])
@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
async def test_nothing_that_a_server_started_outlives_it(escape: str, end: str) -> None:
    async with running(["/bin/sh", "-c", f"{escape}; sleep 0.2; {end}"]) as process:
        pids = await escaped(process)
    assert not [pid for pid in pids if alive(pid)]


async def test_the_same_escape_without_a_guardian_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "_GUARDED", False)
    async with running(["/bin/sh", "-c", f"{ESCAPES['a double fork']}; sleep 600"]) as process:
        [pid] = await escaped(process)
    assert alive(pid), "then the tests above show nothing"
    os.kill(pid, signal.SIGKILL)


async def test_what_is_not_of_the_server_is_left_alone() -> None:
    ours = await asyncio.create_subprocess_exec("/bin/sleep", "600")
    ended = await asyncio.create_subprocess_exec("/bin/sh", "-c", "exit 5")
    async with running(["/bin/sh", "-c", f"{ESCAPES['a double fork']}; sleep 600"]) as process:
        await escaped(process)
    assert await ended.wait() == 5, "nobody has taken its exit status from asyncio"
    assert ours.returncode is None
    ours.kill()
    await ours.wait()


async def test_processes_that_come_and_go_all_the_time_end_too() -> None:
    comet = "import os\nwhile True:\n if os.fork(): os._exit(0)\n os.setsid()"
    async with running([sys.executable, "-c", f"import os\nif os.fork() == 0:\n exec({comet!r})\ninput()"]) as process:
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await process.aclose()
        assert time.monotonic() - began < 3
    await asyncio.sleep(0.1)
    left = [pid for pid in processes() if comet[:20].encode() in words(pid)]
    assert not left


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """The signals that whoever started the tests ignores, as `nohup` does, would be ignored by every child."""
    ignored = [each for each in signal.valid_signals() if signal.getsignal(each) is signal.SIG_IGN]
    ignored = [each for each in ignored if each not in (signal.SIGPIPE, signal.SIGXFSZ)]
    for each in ignored:
        signal.signal(each, signal.SIG_DFL)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.mark.parametrize("number", ["HUP", "INT", "QUIT", "USR2", "TERM"])
async def test_what_a_server_sends_to_its_own_group_ends_the_server_alone(number: str) -> None:
    async with running(
        ["/bin/sh", "-c", f"setsid sleep 600 & echo $!; echo done; read x; kill -{number} 0"]
    ) as process:
        pids = await escaped(process)
        await process.write(b"go\n")
        assert await process.exit_status(AMPLE) == -getattr(signal, f"SIG{number}")
        assert not [pid for pid in pids if alive(pid)]


async def test_the_pipes_are_the_servers_alone() -> None:
    async with running(["/bin/sh", "-c", "exec >&- <&-; sleep 600"]) as process:
        assert await said(process) == b""
        assert process.exited is None
        with pytest.raises(BrokenPipeError):
            async with asyncio.timeout(AMPLE):
                await process.write(b"x" * 1_000_000)


async def test_the_server_has_the_signals_and_the_files_of_any_other() -> None:
    show = "grep -E 'SigBlk|SigIgn' /proc/self/status; ls -x /proc/self/fd"
    async with running(["/bin/sh", "-c", show]) as process:
        blocked, ignored, files = (await said(process)).decode().splitlines()
    assert int(blocked.split()[1], 16) == 0
    usual = (1 << 31) - 1  # beyond are two that the C library keeps to itself
    assert int(ignored.split()[1], 16) & usual == 0
    assert files.split() == ["0", "1", "2", "3"]


PROBER = """
import asyncio, sys
from prober.client.stdio.process import Process

async def main():
    process = await Process.start(["/bin/sh", "-c", sys.argv[1]], env={}, cwd=None)
    while chunk := await process.read():
        print(chunk.decode(), flush=True)

asyncio.run(main())
"""


def test_a_prober_that_is_killed_leaves_no_server() -> None:
    family = "trap '' TERM HUP; sleep 600 & echo $!; (setsid sleep 600 & echo $!); echo $$; echo done; sleep 600"
    with subprocess.Popen([sys.executable, "-c", PROBER, family], stdout=subprocess.PIPE, text=True) as prober:
        assert prober.stdout is not None
        said = []
        while (line := prober.stdout.readline().strip()) != "done":
            said.append(line)
        pids = [int(line) for line in said if line]
        assert len(pids) == 3
        assert all(alive(pid) for pid in pids)
        prober.kill()
        prober.wait()
        until_then = time.monotonic() + AMPLE
        while [pid for pid in pids if alive(pid)]:
            assert time.monotonic() < until_then, "a server outlives its prober"
            time.sleep(0.01)


async def test_a_start_that_is_given_up_leaves_nothing() -> None:
    async with nothing_left_behind():
        for wait in (0, 0.001, 0.005, 0.01, 0.02):
            start = asyncio.create_task(Process.start(["/bin/sleep", "600"], env={}, cwd=None))
            await asyncio.sleep(wait)
            start.cancel()
            await asyncio.wait([start])
            if not start.cancelled():
                await start.result().aclose()


@pytest.mark.parametrize("python", ["/bin/false", "/nonexistent/python"])
async def test_a_guardian_that_cannot_be_had_is_no_fault_of_the_server(
    python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", python)
    async with nothing_left_behind():
        with pytest.raises(Failure) as caught:
            await Process.start(["/bin/cat"], env={}, cwd=None)
    assert caught.value.reason is Reason.PROBER_SHORTAGE


async def test_a_guardian_costs_a_start_some_hundredths_of_a_second_of_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cost() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        async with running(["/bin/true"]) as process:
            await process.exit_status(AMPLE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    guarded = statistics.median([await cost() for _ in range(9)])
    monkeypatch.setattr(process_module, "_GUARDED", False)
    plain = statistics.median([await cost() for _ in range(9)])
    print(f"median {guarded:.4f} s with, {plain:.4f} s without a guardian")
    assert 0 < guarded - plain < 0.1
