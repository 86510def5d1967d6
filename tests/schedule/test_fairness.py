"""Targets that hang, names that are not answered for and processes that never speak delay nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from prober.loop_lag import LoopLag
from prober.outcome import Reason
from prober.scheduled_run import ScheduledRun
from tests.kinds.offering import gives, offering, tool
from tests.peers.ports import mute
from tests.schedule.ledger import Ledger, fleet, loaded, scheduling

pytestmark = [pytest.mark.slow, pytest.mark.clock]

TOLERANCE: Final = 0.8
"""Seconds that a healthy run may begin late on a machine that is busy. To wait for those that hang takes two."""


@pytest.fixture
def dead_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Names that end in `.dead` are looked up until the end of the test."""
    over, real = threading.Event(), socket.getaddrinfo

    def names(host: Any, *args: Any, **more: Any) -> Any:
        if str(host).rstrip("'").endswith(".dead") and not more.get("flags", 0) & socket.AI_NUMERICHOST:
            over.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    yield
    over.set()


def punctual(results: list[ScheduledRun]) -> list[float]:
    """The start lags that are beyond tolerance."""
    return [result.start_lag_seconds for result in results if result.start_lag_seconds > TOLERANCE]


@pytest.mark.usefixtures("dead_names")
async def test_healthy_targets_run_on_time_beside_twenty_that_hang_and_twenty_without_a_name(tmp_path: Path) -> None:
    ledger = Ledger()
    ill = {"kind": "handshake", "interval": "2s", "timeout": "2s"}
    well = {"kind": "call", "tool": "count", "interval": "1s", "timeout": "1s"}
    async with offering(tool("count", gives({"count": 3}))) as peer, mute() as port:
        targets: dict[str, Any] = {"well": {"url": peer.url, "protocol": "modern", "concurrency": 10}}
        targets |= {f"hanging{number}": {"url": f"http://127.0.0.1:{port}/{number}"} for number in range(20)}
        targets |= {f"nameless{number}": {"url": f"http://n{number}.dead/mcp"} for number in range(20)}
        probes = {f"well{number}": {"target": "well", **well} for number in range(10)}
        probes |= {f"ill-{name}": {"target": name, **ill} for name in targets if name != "well"}
        config = loaded({"targets": targets, "probes": probes}, tmp_path)
        async with scheduling(config, ledger, concurrency=12) as scheduler:
            # At the start nobody knows who hangs: the first runs are the price of that.
            await ledger.until(lambda: len({result.outcome.target for result in ledger.results}) == len(targets))
            known = datetime.now(UTC)

            def since(number: int) -> list[ScheduledRun]:
                return [result for result in ledger.of(f"well{number}") if result.due > known]

            await ledger.until(lambda: all(len(since(number)) >= 3 for number in range(10)))
            assert scheduler.running >= 8  # those that hang do hang meanwhile
    assert punctual([result for number in range(10) for result in since(number)]) == []
    assert all(None in {result.outcome.reason for result in since(number)} for number in range(10))
    assert {result.outcome.reason for result in ledger.results if result.outcome.target != "well"} == {Reason.TIMEOUT}


async def test_processes_that_hang_do_not_delay_one_that_answers(tmp_path: Path) -> None:
    ledger = Ledger()
    script = "read line; echo no; exit 0"
    targets: dict[str, Any] = {
        f"h{n}": {"command": ["/bin/sh", "-c", "cat > /dev/null"], "startup_timeout": "4s"} for n in range(4)
    }
    probes: dict[str, Any] = {
        name: {"target": name, "kind": "handshake", "interval": "4s", "timeout": "4s"} for name in targets
    }
    targets["well"] = {"command": ["/bin/sh", "-c", script]}
    probes["well"] = {"target": "well", "kind": "handshake", "interval": "1s", "timeout": "1s"}
    config = loaded({"targets": {**targets}, "probes": probes}, tmp_path)
    async with scheduling(config, ledger):
        await ledger.until(lambda: all(len(ledger.of(f"h{n}")) >= 1 for n in range(4)))
        count = len(ledger.of("well"))
        results = await ledger.runs("well", count + 3)
    assert punctual(results[count + 1 :]) == []


async def test_a_thousand_probes_begin_when_they_are_due() -> None:
    ledger = Ledger()
    async with LoopLag() as lag, scheduling(fleet(1000, interval=20.0), ledger, lag=lag):
        await asyncio.sleep(0.5)  # the start itself
        ledger.results.clear()
        await ledger.until(lambda: len(ledger.results) >= 200)
    lags = sorted(result.start_lag_seconds for result in ledger.results)
    assert ledger.left_out == []
    assert lags[len(lags) // 2] < TOLERANCE
    assert {result.outcome.reason for result in ledger.results} == {Reason.CONNECT_REFUSED}
