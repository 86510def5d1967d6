"""The schedule with the reference server: a real MCP server that goes wrong, and comes right again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prober.config.model import Budget
from prober.loop_lag import LoopLag
from prober.outcome import Reason, Verdict
from tests.races.reference import Reference, reference, short
from tests.schedule.ledger import Ledger, loaded, scheduling


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("reference")) as started:
        yield started


@pytest.mark.slow
async def test_what_happens_to_a_server_is_seen_in_the_order_in_which_it_happens(
    server: Reference, tmp_path: Path
) -> None:
    listing = {"target": "reference", "kind": "call", "tool": "list_sessions", "arguments": {"limit": 5}}
    target = {"url": f"http://127.0.0.1:{server.port}/mcp"}
    listing |= {"interval": "1s", "timeout": "1s", "latency": {"fail": "500ms"}}
    config = loaded({"targets": {"reference": target}, "probes": {"list": listing}}, tmp_path)
    ledger = Ledger()
    async with LoopLag() as lag, scheduling(config, ledger, lag=lag):
        for fault, reason in [
            ((), None),
            (("http-500",), Reason.SERVER_ERROR),
            ((), None),
            (("slow:700ms",), Reason.TOO_SLOW),
            (("hang",), Reason.TIMEOUT),
            ((), None),
        ]:
            server.switch(*fault)
            seen = len(ledger.results)
            await ledger.until(lambda reason=reason, seen=seen: reason in ledger.reasons("list")[seen:])  # type: ignore[misc]
    assert all(later.due > earlier.due for earlier, later in zip(ledger.results, ledger.results[1:], strict=False))
    servers = {result.outcome.server.name for result in ledger.results if result.outcome.verdict is Verdict.PASS}
    assert len(servers) == 1


async def test_every_request_of_a_race_counts_against_the_budget(server: Reference, tmp_path: Path) -> None:
    server.switch()
    config = server.probes(tmp_path)
    probe = short(config.probes["reference-steps"], operations=24, seed=3)
    target = replace(config.targets[probe.target], budget=Budget(requests=10_000, seconds=3600.0))
    config = replace(config, targets={target.name: target}, probes={probe.name: probe})
    async with scheduling(config, Ledger()) as scheduler:
        outcome = await scheduler.run_now(probe.name)
        used = 10_000 - (scheduler.budget_remaining(target.name) or 0)
    assert outcome.facts["race_operations"] >= 24
    assert used >= outcome.facts["race_operations"] + len(outcome.exchanges)
    assert used < 200
