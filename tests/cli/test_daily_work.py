"""`run` in daily work: stop at the first failure, run again what failed, run again when a file changes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import BOUND, ended, mcp_prober, started
from tests.cli.daily import BAD, GOOD, write
from tests.kinds.offering import document, gives, offering, tool
from tests.peers.http_acts import silence
from tests.signals import take_interruptions
from tests.waiting import until


async def test_fail_fast_stops_at_the_first_failure_and_the_rest_is_not_run(reference: str, tmp_path: Path) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"a": GOOD, "b": BAD, "c": GOOD, "d": GOOD})
    words = ("run", str(file), "--fail-fast", "--concurrency", "1", "--output", "json")
    done = await mcp_prober(*words, cwd=tmp_path)
    assert done.code == 1
    assert {name: result["reason"] for name, result in done.results.items()} == {
        "a": None,
        "b": "tool_missing",
        "c": "not_run",
        "d": "not_run",
    }
    assert done.results["c"]["message"] == "an earlier failure ended the pass"


async def test_fail_fast_does_not_wait_for_what_hangs(tmp_path: Path) -> None:
    async with offering(tool("count", gives({"n": 1})), faults={"read": silence}) as peer:
        hangs = {"kind": "read", "uri": "peer://facts", "timeout": "60s"}
        wrong = {"kind": "call", "tool": "count", "expect": [{"path": "$.n", "equals": 2}]}
        (tmp_path / "p.yaml").write_text(json.dumps(document(peer, hangs, wrong)))
        async with asyncio.timeout(BOUND):
            done = await mcp_prober("run", "p.yaml", "-x", "--output", "json", cwd=tmp_path)
    assert {name: result["reason"] for name, result in done.results.items()} == {
        "p0": "not_run",
        "p1": "expectation_failed",
    }


async def test_fail_fast_without_a_failure_runs_everything(reference: str, tmp_path: Path) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"a": GOOD, "b": GOOD})
    done = await mcp_prober("run", str(file), "--fail-fast", cwd=tmp_path)
    assert (done.code, "2 passed, 0 failed, 0 unknown" in done.out) == (0, True)


async def test_last_failed_runs_only_what_failed_until_it_passes(reference: str, tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}

    async def run(*words: str) -> tuple[set[str], str]:
        done = await mcp_prober("run", "probes.yaml", *words, "--output", "json", cwd=tmp_path, env=env)
        return set(done.results), done.err

    file = tmp_path / "probes.yaml"
    write(file, reference, {"a": GOOD, "b": BAD, "c": BAD})
    nothing = "--last-failed: none of these probes failed when it was run last here, so all are run\n"
    assert await run("--last-failed") == ({"a", "b", "c"}, nothing)
    assert await run("--last-failed") == ({"b", "c"}, "--last-failed: 2 of 3 probes\n")
    write(file, reference, {"a": GOOD, "b": GOOD, "c": BAD})
    await run("--probe", "a")  # says nothing about the others
    assert await run("--last-failed") == ({"b", "c"}, "--last-failed: 2 of 3 probes\n")
    assert await run("--last-failed") == ({"c"}, "--last-failed: 1 of 3 probes\n")
    write(file, reference, {"a": GOOD, "b": GOOD})  # c is gone, and so is its failure
    await run()
    assert await run("--last-failed") == ({"a", "b"}, nothing)
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []


async def test_another_configuration_has_failures_of_its_own(reference: str, tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    file = write(tmp_path / "probes.yaml", reference, {"a": GOOD, "b": BAD})
    other = tmp_path / "other.yaml"
    other.write_text(file.read_text())
    await mcp_prober("run", str(file), cwd=tmp_path, env=env)
    done = await mcp_prober("run", str(other), "--last-failed", cwd=tmp_path, env=env)
    assert "none of these probes failed" in done.err


@pytest.mark.parametrize("content", ["", "[]", '{"failed": 5}', '{"failed": [1]}', "\xff"])
async def test_a_state_file_that_is_damaged_is_no_trouble(content: str, reference: str, tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    file = write(tmp_path / "probes.yaml", reference, {"a": BAD})
    await mcp_prober("run", str(file), cwd=tmp_path, env=env)
    [state] = (tmp_path / "state").rglob("*.json")
    assert json.loads(state.read_text())["failed"] == ["a"]
    assert "127.0.0.1" not in state.read_text()
    state.write_text(content, encoding="latin-1")
    done = await mcp_prober("run", str(file), "--last-failed", cwd=tmp_path, env=env)
    assert (done.code, "so all are run" in done.err) == (1, True)


async def test_where_nothing_can_be_remembered_the_run_is_none_the_worse(reference: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the state folder would be")
    file = write(tmp_path / "probes.yaml", reference, {"a": BAD})
    done = await mcp_prober("run", str(file), cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path / "taken")})
    assert (done.code, done.err) == (1, "")


class Watched:
    """`run --watch` while it runs, and what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out, self.err = "", ""

    async def until(self, seen: Callable[[Watched], object]) -> None:
        await until(lambda: seen(self), lambda: self.out + self.err, seconds=BOUND)

    async def passes(self, count: int) -> None:
        """Wait until so many passes are over, and the files are watched again."""
        await self.until(lambda it: it.err.count("watching ") >= count)


@asynccontextmanager
async def watched(*words: str, cwd: Path) -> AsyncIterator[Watched]:
    async with started("run", *words, "--watch", cwd=cwd) as process:
        it = Watched(process)

        async def drain(stream: asyncio.StreamReader, name: str) -> None:
            while data := await stream.read(65536):
                setattr(it, name, getattr(it, name) + data.decode())

        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(drain(process.stdout, "out"))
            tasks.create_task(drain(process.stderr, "err"))
            yield it
            if process.returncode is None:
                process.kill()


async def test_watch_runs_again_when_a_file_changes_and_ends_with_the_last_exit_code(
    reference: str, tmp_path: Path
) -> None:
    checked = {"kind": "call", "tool": "get_workflow_state", "arguments": {"session_id": "probe"}, "schema": "s.json"}
    schema = tmp_path / "s.json"
    schema.write_text('{"type": "object"}')
    file = write(tmp_path / "probes.yaml", reference, {"a": checked})
    async with watched("probes.yaml", cwd=tmp_path) as it:
        await it.passes(1)
        assert it.out.startswith("pass  reference  a ")
        assert "watching 2 files, Ctrl-C ends" in it.err
        schema.write_text('{"type": "array"}')
        await it.passes(2)
        assert "schema_mismatch" in it.out
        file.write_text(file.read_text().replace("probes:", "probs:"))
        await it.passes(3)
        assert "probs: unknown key; did you mean probes?" in it.err
        write(file, reference, {"a": {**checked, "schema": {"type": "array"}}, "b": GOOD})
        await it.passes(4)
        assert "1 passed, 1 failed" in it.out
        it.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(BOUND):
            assert await it.process.wait() == 1


async def test_watch_sees_a_contract_that_is_pinned_and_a_file_that_is_new(reference: str, tmp_path: Path) -> None:
    folder = tmp_path / "probes"
    folder.mkdir()
    pinned: dict[str, Any] = {"kind": "catalog", "contract": "contracts/c.json"}
    write(folder / "a.yaml", reference, {"a": pinned})
    (folder / "contracts").mkdir()
    async with watched(cwd=tmp_path) as it:
        await it.passes(1)
        assert "`mcp-prober pin` writes it" in it.err
        assert (await mcp_prober("pin", cwd=tmp_path)).code == 0
        await it.passes(2)
        assert "1 passed" in it.out
        write(folder / "b.yaml", reference, {"b": GOOD})
        await it.passes(3)
        assert "2 passed" in it.out
        it.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(BOUND):
            assert await it.process.wait() == 0


async def test_watch_that_is_interrupted_in_its_first_pass_ends_as_interrupted(tmp_path: Path) -> None:
    async with offering(tool("count"), faults={"call": silence}) as peer:
        probe = {"kind": "call", "tool": "count", "timeout": "60s"}
        (tmp_path / "p.yaml").write_text(json.dumps(document(peer, probe)))
        async with started("run", "p.yaml", "--watch", cwd=tmp_path) as process:
            async with asyncio.timeout(BOUND):
                await peer.wait_for(lambda request: request.rpc_method == "tools/call")
            process.send_signal(signal.SIGINT)
            done = await ended(process)
    assert done.code == 130
    assert "1 unknown" in done.out


async def test_on_a_terminal_each_pass_begins_on_an_empty_screen_with_the_time(reference: str, tmp_path: Path) -> None:
    write(tmp_path / "p.yaml", reference, {"a": GOOD})
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "100"}
    words = (sys.executable, "-m", "prober", "run", "p.yaml", "--watch")
    process = await asyncio.create_subprocess_exec(
        *words, cwd=tmp_path, env=env, stdout=theirs, stderr=theirs, preexec_fn=take_interruptions
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = bytearray()

    def read() -> bytes:
        with contextlib.suppress(BlockingIOError, OSError):
            seen.extend(os.read(ours, 65536))
        return bytes(seen)

    try:
        await until(lambda: read().count(b"Ctrl-C ends") == 1, lambda: seen, seconds=BOUND)
        write(tmp_path / "p.yaml", reference, {"a": GOOD, "b": GOOD})
        await until(lambda: read().count(b"Ctrl-C ends") == 2, lambda: seen, seconds=BOUND)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(BOUND):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)
    heads = re.findall(rb"\x1b\[2J\x1b\[H\d\d:\d\d:\d\d mcp-prober run --watch", seen)
    assert len(heads) == 2
    assert b"2 passed" in seen.split(heads[-1])[-1]
