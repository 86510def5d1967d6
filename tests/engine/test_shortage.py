"""What the prober lacks says nothing about a server: never a failure, and no bug either."""

from __future__ import annotations

import asyncio
import errno
import json
import resource
import socket
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from prober.client.error_mapping import from_exception, is_shortage
from prober.client.exchange import ExchangeRecorder
from prober.client.http.resolver import Resolver
from prober.outcome import Failure, Reason
from tests.cli.command import MODULE, Done, ended
from tests.peers.http_peer import http_peer
from tests.running import run_document

MANY = 60

LACKS: dict[str, BaseException] = {
    "files": OSError(errno.EMFILE, "Too many open files"),
    "processes": OSError(errno.EAGAIN, "Resource temporarily unavailable"),
    "memory": MemoryError(),
    "threads": RuntimeError("can't start new thread"),
    "disk": OSError(errno.ENOSPC, "No space left on device"),
    "something in a group": ExceptionGroup("of tasks", [ValueError(), OSError(errno.ENFILE, "File table overflow")]),
}


@pytest.mark.parametrize("error", LACKS.values(), ids=LACKS)
async def test_it_has_a_reason_of_its_own_wherever_it_comes_up(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: object) -> None:
        raise error

    monkeypatch.setattr("prober.engine.run.run_of", lambda _kind: run)
    document = {"targets": {"t": {"url": "http://127.0.0.1:9"}}, "probes": {"p": {"target": "t", "kind": "handshake"}}}
    [outcome] = await run_document(document, tmp_path)
    assert outcome.reason is Reason.PROBER_SHORTAGE
    assert outcome.verdict == "unknown"


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.ECONNREFUSED, "x"), RuntimeError("x")])
def test_other_errors_are_none(error: Exception) -> None:
    assert not is_shortage(error)


async def limited(document: dict[str, Any], folder: Path, *, files: int) -> Done:
    """A run with so many descriptors at most."""
    (folder / "probes.json").write_text(json.dumps(document))
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"),
        *(sys.executable, *MODULE, "run", "probes.json", "--output", "json", "--concurrency", str(MANY)),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return await ended(process)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_of_more_servers_than_files_those_that_were_asked_pass_and_the_others_are_unknown(
    host: str, tmp_path: Path
) -> None:
    async with http_peer() as peer:
        url = peer.url.replace("127.0.0.1", host)
        targets = {f"t{number}": {"url": url, "protocol": "modern"} for number in range(MANY)}
        probes = {f"p{number}": {"target": f"t{number}", "kind": "handshake"} for number in range(MANY)}
        done = await limited({"targets": targets, "probes": probes}, tmp_path, files=40)
    reasons = Counter(result.get("reason") for result in done.results.values())
    print(reasons, {result.get("message") for result in done.results.values()})
    assert set(reasons) == {None, "prober_shortage"}, [r for r in done.results.values() if r.get("reason")][:2]


async def test_so_are_processes_that_could_not_be_started(tmp_path: Path) -> None:
    targets = {f"t{number}": {"command": ["/bin/cat"], "startup_timeout": "5s"} for number in range(2)}
    probes = {f"p{number}": {"target": f"t{number}", "kind": "handshake"} for number in range(2)}
    done = await limited({"targets": targets, "probes": probes}, tmp_path, files=12)
    assert {result["reason"] for result in done.results.values()} == {"prober_shortage"}


def test_a_name_that_could_not_be_looked_up_for_want_of_files_is_no_unknown_name() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    recorder = ExchangeRecorder("any")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        failure = from_exception(socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), recorder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.PROBER_SHORTAGE
    known = from_exception(socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), recorder)
    assert known is not None
    assert known.reason is Reason.DNS_FAILED


def test_lookups_go_on_with_the_threads_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver()
    assert resolver.look_up(b"127.0.0.1").result(10)

    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    answers = [resolver.look_up(name) for name in (b"127.0.0.1", b"127.0.0.2", b"127.0.0.3")]
    assert all(answer.result(10) for answer in answers)
    with pytest.raises(RuntimeError):
        Resolver().look_up(b"127.0.0.1")
