"""An interruption ends the command soon, with what is known by then and with nothing left running."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.command import BOUND, ended, started, written
from tests.kinds.offering import document, offering, tool
from tests.peers.child import StdioPeer
from tests.peers.http_acts import silence
from tests.peers.http_peer import Script, http_peer
from tests.waiting import until

PROMPTLY: Final = 20.0
"""Seconds within which an interrupted command ends, however busy the machine. The probes had a minute."""

HANGS: Final[dict[str, Any]] = {"kind": "read", "uri": "peer://facts", "timeout": "60s"}
PASSES: Final[dict[str, Any]] = {"kind": "call", "tool": "count", "timeout": "60s"}


async def in_the_middle(peer: Any, child: StdioPeer) -> None:
    """Wait until the reading hangs, and so does the child."""
    async with asyncio.timeout(BOUND):
        await peer.wait_for(lambda request: request.rpc_method == "tools/call")
        await peer.wait_for(lambda request: request.rpc_method == "resources/read")
    await until(lambda: asked(child, "tools/call"), "the child is called", seconds=BOUND)


def asked(child: StdioPeer, method: str) -> bool:
    """Whether a request has come to the child, which tells by a file."""
    return any(message.get("method") == method for message in child.received)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_an_interrupted_run_reports_what_is_known_and_leaves_no_process(
    number: signal.Signals, tmp_path: Path
) -> None:
    child = StdioPeer(tmp_path, era="modern", step="call", fault="silence")
    async with offering(tool("count"), faults={"read": silence}) as peer:
        configuration = document(peer, PASSES, HANGS, PASSES)
        configuration["targets"]["child"] = child.target | {"protocol": "modern"}
        configuration["probes"]["p3"] = PASSES | {"target": "child", "tool": "echo", "arguments": {"message": "hi"}}
        words = ("run", written(configuration, tmp_path), "--concurrency", "3", "--output", "json")
        async with started(*words, cwd=tmp_path) as process:
            await in_the_middle(peer, child)
            process.send_signal(number)
            async with asyncio.timeout(PROMPTLY):
                done = await ended(process)
    assert done.code == 130
    assert done.err == "interrupted\n"
    results = done.results
    assert {name: result["verdict"] for name, result in results.items()} == {
        "p0": "pass",
        "p1": "unknown",
        "p2": "pass",
        "p3": "unknown",
    }
    assert results["p1"]["reason"] == results["p3"]["reason"] == "not_run"
    assert results["p1"]["message"] == "interrupted before it ended"
    assert json.loads(done.out)["summary"] == {"pass": 2, "fail": 0, "unknown": 2}
    assert child.pids
    assert child.survivors == []


async def test_probes_whose_turn_had_not_come_are_told_too(tmp_path: Path) -> None:
    async with offering(faults={"read": silence}) as peer:
        file = written(document(peer, HANGS, PASSES, PASSES), tmp_path)
        async with started("run", file, "--concurrency", "1", cwd=tmp_path) as process:
            async with asyncio.timeout(BOUND):
                await peer.wait_for(lambda request: request.rpc_method == "resources/read")
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PROMPTLY):
                done = await ended(process)
    assert done.code == 130
    assert done.out.count("unknown  peer  p") == 3
    assert done.out.splitlines()[-1].startswith("0 passed, 0 failed, 3 unknown in ")


async def test_a_second_interruption_while_the_first_is_served_changes_nothing(tmp_path: Path) -> None:
    async with offering(faults={"read": silence}) as peer:
        file = written(document(peer, HANGS), tmp_path)
        async with started("run", file, cwd=tmp_path) as process:
            async with asyncio.timeout(BOUND):
                await peer.wait_for(lambda request: request.rpc_method == "resources/read")
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PROMPTLY):
                done = await ended(process)
    assert done.code == 130


@pytest.mark.parametrize("command", ["init", "pin", "drift"])
async def test_other_commands_end_without_having_written(command: str, tmp_path: Path) -> None:
    async with http_peer(Script(faults={"list": silence})) as peer:
        catalog = {"kind": "catalog", "contract": "contract.json", "timeout": "60s"}
        file = written(document(peer, catalog), tmp_path)
        if command == "drift":
            (tmp_path / "contract.json").write_text('{"version": 1}')
        words = ("init", peer.url, "--timeout", "60s") if command == "init" else (command, file)
        before = everything_in(tmp_path)
        async with started(*words, cwd=tmp_path) as process:
            async with asyncio.timeout(BOUND):
                await peer.wait_for(lambda request: request.rpc_method == "tools/list")
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PROMPTLY):
                done = await ended(process)
    assert (done.code, done.out) == (130, "")
    assert everything_in(tmp_path) == before


def everything_in(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.rglob("*") if path.is_file()}


async def test_a_child_that_init_has_started_does_not_outlive_it(tmp_path: Path) -> None:
    child = StdioPeer(tmp_path, era="modern", step="list", fault="silence")
    words = ("init", "--timeout", "60s", "--output-dir", str(tmp_path / "probes"), "--", *child.target["command"])
    async with started(*words, cwd=Path(child.target["cwd"])) as process:
        await until(lambda: asked(child, "tools/list"), "the child is asked for its tools", seconds=BOUND)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PROMPTLY):
            done = await ended(process)
    assert done.code == 130
    assert child.survivors == []
    assert not (tmp_path / "probes").exists()


DEAD_RESOLVER: Final = """
import socket, sys, time
real = socket.getaddrinfo

def getaddrinfo(host, *arguments, flags=0, **named):
    if not flags & socket.AI_NUMERICHOST:
        time.sleep(60)
    return real(host, *arguments, flags=flags, **named)

socket.getaddrinfo = getaddrinfo
sys.argv[0] = "mcp-prober"
from prober.cli import main
main()
"""


async def test_a_name_server_that_does_not_answer_does_not_hold_up_the_end(tmp_path: Path) -> None:
    target = {"url": "http://mcp.invalid/mcp", "protocol": "modern"}
    probe = {"target": "t", "kind": "handshake", "timeout": "500ms"}
    file = written({"targets": {"t": target}, "probes": {"p": probe}}, tmp_path)
    async with started("run", file, "--output", "json", cwd=tmp_path, program=("-c", DEAD_RESOLVER)) as process:
        async with asyncio.timeout(PROMPTLY + 2):
            done = await ended(process)
    assert done.code == 1
    assert done.results["p"]["reason"] == "timeout"


async def test_an_interrupted_call_leaves_no_process(tmp_path: Path) -> None:
    child = StdioPeer(tmp_path, era="modern", step="call", fault="silence")
    root = child.target["cwd"]
    words = ("call", "echo", "--arg", "message=hi", "--env", f"PYTHONPATH={root}", "--timeout", "60s")
    async with started(*words, "--", *child.target["command"], cwd=tmp_path) as process:
        await until(lambda: asked(child, "tools/call"), "the child is called", seconds=BOUND)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PROMPTLY):
            done = await ended(process)
    assert (done.code, done.out) == (130, "")
    assert child.pids
    await until(lambda: child.survivors == [], "the child has left", seconds=BOUND)


async def test_an_interrupted_first_look_ends_the_run(tmp_path: Path) -> None:
    async with (
        offering(faults={"list": silence}) as peer,
        started("run", peer.url, "--timeout", "60s", cwd=tmp_path) as process,
    ):
        async with asyncio.timeout(BOUND):
            await peer.wait_for(lambda request: request.rpc_method == "tools/list")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PROMPTLY):
            done = await ended(process)
    assert (done.code, done.out) == (130, "")


WHILE_IMPORTING: Final = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
"""


@pytest.mark.parametrize(
    "start",
    ["runpy.run_module('prober', run_name='__main__', alter_sys=True)", "from prober.__main__ import main; main()"],
    ids=["module", "script"],
)
async def test_an_interruption_while_it_is_still_importing_ends_it_without_a_word(start: str, tmp_path: Path) -> None:
    async with started("--help", cwd=tmp_path, program=("-c", WHILE_IMPORTING + start)) as process:
        done = await ended(process)
    assert (done.code, done.out, done.err) == (130, "", "")


async def test_who_starts_it_deaf_to_interruptions_is_obeyed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    start = f"{deaf}\n{WHILE_IMPORTING}\nfrom prober.__main__ import main; main()"
    async with started("--version", cwd=tmp_path, program=("-c", start)) as process:
        done = await ended(process)
    assert (done.code, done.out[:10]) == (0, "mcp-prober")
