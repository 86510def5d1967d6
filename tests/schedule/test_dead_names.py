"""Targets whose names hang take no other target's lookup, and no target is blamed for a lookup that never began."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from prober.client.http.resolver import LIMITS, MOST_LOOKUPS
from prober.outcome import Reason
from tests.kinds.offering import gives, offering, tool
from tests.peers.names import NameServer, name_server
from tests.schedule.ledger import Ledger, loaded, scheduling

names = name_server
PROMPT, NEW, SLOW = LIMITS.values()

CALL: Final = {"kind": "call", "tool": "count", "interval": "1s", "timeout": "1s"}
HANDSHAKE: Final = {"kind": "handshake", "interval": "200ms", "timeout": "200ms"}


def document(port: int, *, hanging: int, well: int) -> dict[str, Any]:
    urls = {f"hanging{number}": f"http://{number}.hangs:{port}/mcp" for number in range(hanging)}
    urls |= {f"well{number}": f"http://{number}.well:{port}/mcp" for number in range(well)}
    return {
        "targets": {name: {"url": url, "protocol": "modern"} for name, url in urls.items()},
        "probes": {name: {"target": name, **(CALL if name.startswith("well") else HANDSHAKE)} for name in urls},
    }


async def test_healthy_targets_pass_beside_twenty_whose_names_hang(names: NameServer, tmp_path: Path) -> None:
    ledger = Ledger()
    async with offering(tool("count", gives({"count": 3}))) as peer:
        port = int(peer.url.split(":")[2].split("/")[0])
        async with scheduling(loaded(document(port, hanging=20, well=6), tmp_path), ledger):
            for number in range(20):  # each asks again and again: more lookups by far than there are threads
                await ledger.runs(f"hanging{number}", MOST_LOOKUPS // 10)
            for number in range(6):
                await ledger.runs(f"well{number}", 4)
    for number in range(6):
        assert set(ledger.reasons(f"well{number}")) == {None}
    assert {reason for number in range(20) for reason in ledger.reasons(f"hanging{number}")} == {Reason.TIMEOUT}
    assert len([name for name in names.asked if name.endswith(".hangs")]) == 20


async def test_a_run_whose_lookup_gets_no_thread_says_so(names: NameServer, tmp_path: Path) -> None:
    ledger = Ledger()
    async with scheduling(loaded(document(9, hanging=NEW + 5, well=0), tmp_path), ledger, concurrency=NEW * 2):
        for number in range(NEW + 5):
            await ledger.runs(f"hanging{number}", 1)
    first = [ledger.of(f"hanging{number}")[0].outcome for number in range(NEW + 5)]
    starved = [outcome for outcome in first if outcome.reason is not Reason.TIMEOUT]
    assert len(starved) == 5
    for outcome in starved:
        assert outcome.reason is Reason.PROBER_SHORTAGE
        assert outcome.message == (
            "the name was not looked up: until the deadline every lookup thread waited for the name of another target"
        )
