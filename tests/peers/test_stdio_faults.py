"""Each stdio fault does on the pipes what its name says: seen by a client that only moves bytes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final, Literal

import pytest

from tests.peers.child import StdioPeer
from tests.peers.messages import MESSAGE_FAULTS
from tests.peers.protocol import Era
from tests.peers.raw_client import ENOUGH, message
from tests.peers.stdio_faults import ENDED, FAULTS

End = Literal["answered", "closed", "silent", "flood"]

PING: Final = b'{"jsonrpc":"2.0","id":"marker","method":"ping"}\n'
"""Sent behind every request; its answer shows that the process goes on."""

SEEN: Final[dict[str, tuple[bytes, End, int | None]]] = {
    "exits": (rb"$", "closed", 3),
    "exits_well": (rb"$", "closed", 0),
    "exits_when_initialized": (rb"$", "closed", 3),
    "killed": (rb"$", "closed", -signal.SIGKILL),
    "closes_stdout": (rb"$", "closed", None),
    "passed_over": (rb'(?!.*"id":7)', "answered", 0),
    "silence": (rb"$", "silent", None),
    "unfinished_line": (rb'\{"jsonrpc".*"result":.*\}$', "silent", None),
    "drip": (rb" +$", "silent", None),
    "junk_line": (rb'Server is listening on stdio\n\{"jsonrpc".*"result"', "answered", 0),
    "endless_line": (rb"x+$", "flood", None),
    "line_of_50_mb": (rb"x+$", "flood", None),
    "too_slow": (rb'\{"jsonrpc".*"result"', "answered", 0),
    "log_flood": (rb'\{"jsonrpc".*"result"', "answered", 0),
    "blank_line_first": (rb'\n\{"jsonrpc".*"result"', "answered", 0),
    "notified_first": (rb'.*notifications/message.*\n\{"jsonrpc".*"result"', "answered", 0),
    "pinged_first": (rb'.*"id":"server-1","method":"ping"\}\n\{"jsonrpc".*"result"', "answered", 0),
    "ends_with_crlf": (rb'\{"jsonrpc".*"result".*\r\n', "answered", 0),
}
"""By fault: what comes out, how that ends, and the exit status once standard input has ended; None: it lives on."""

AT_END: Final[dict[str, int | None]] = {
    "exits_with_status": 1,
    "ignores_end": None,
    "ignores_end_and_sigterm": None,
    "leaves_a_child": 0,
}
"""By fault: the exit status once standard input has ended; None: it lives on."""


def test_every_fault_of_its_own_is_looked_at() -> None:
    assert set(AT_END) == {name for name, fault in FAULTS.items() if fault.where == ENDED}
    assert set(AT_END) | set(SEEN) == set(FAULTS) - set(MESSAGE_FAULTS)


@contextmanager
def _running(peer: StdioPeer, log: Path) -> Iterator[Popen[bytes]]:
    command, cwd = peer.target["command"], peer.target["cwd"]
    with (
        log.open("wb") as stderr,
        Popen(command, cwd=cwd, stdin=PIPE, stdout=PIPE, stderr=stderr, bufsize=0, start_new_session=True) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the group is still ours


def _look(process: Popen[bytes], *, within: float) -> tuple[bytes, End]:
    """Standard output until the marker, the end, or the end of patience."""
    assert process.stdout
    data, deadline = b"", time.monotonic() + within
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        some = os.read(process.stdout.fileno(), 1024 * 1024)
        data += some
        if not some:
            return data, "closed"
        if len(data) > ENOUGH:
            return data, "flood"
        if b'"id":"marker"' in data[-1000:]:
            return data, "answered"
    return data, "silent"


def _status(process: Popen[bytes], *, within: float) -> int | None:
    """The exit status, or None if it lives on. Leaves the zombie, so that the group can be ended safely."""
    pidfd = os.pidfd_open(process.pid)
    try:
        select.select([pidfd], [], [], within)
    finally:
        os.close(pidfd)
    info = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    if info is None:
        return None
    return info.si_status if info.si_code == os.CLD_EXITED else -info.si_status


@pytest.mark.parametrize("name", SEEN)
def test_a_child_misbehaves_as_its_name_says(name: str, tmp_path: Path) -> None:
    pattern, end, status = SEEN[name]
    era, step = min(FAULTS[name].where, key=lambda place: (place.step != "call", place))
    with _running(StdioPeer(tmp_path, era=era, step=step, fault=name), tmp_path / "log") as process:
        assert process.stdin
        process.stdin.write(json.dumps(message(step, era)).encode() + b"\n" + PING)
        data, ended = _look(process, within=1 if end == "silent" else 10)
        with contextlib.suppress(ConnectionError):
            process.stdin.close()
        left = _status(process, within=0.1 if status is None else 10)
    assert re.match(pattern, data, re.DOTALL), data[:500]
    assert (ended, left) == (end, status)


@pytest.mark.parametrize("name", AT_END)
@pytest.mark.parametrize("era", ["modern", "handshake"])
def test_a_child_ends_as_its_name_says(name: str, era: Era, tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era=era, step="close", fault=name)
    with _running(peer, tmp_path / "log") as process:
        assert process.stdin
        process.stdin.write(PING)
        assert (_look(process, within=10))[1] == "answered"
        process.stdin.close()
        assert _status(process, within=0.3 if AT_END[name] is None else 10) == AT_END[name]
        assert len(peer.survivors) == (0 if name == "exits_with_status" else 1)
        if name == "ignores_end_and_sigterm":
            process.terminate()
            assert _status(process, within=0.3) is None
    assert peer.ended == 1


def test_a_child_writes_down_what_it_received(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="handshake")
    assert (peer.pids, peer.received, peer.ended) == ([], [], 0)
    with _running(peer, tmp_path / "log") as process:
        assert process.stdin
        process.stdin.write(json.dumps(message("initialize", "handshake")).encode() + b"\n" + PING)
        _look(process, within=10)
        process.stdin.close()
        assert _status(process, within=10) == 0
    assert peer.pids == [process.pid]
    assert [received["method"] for received in peer.received] == ["initialize", "ping"]
    assert peer.ended == 1
    assert peer.survivors == []
