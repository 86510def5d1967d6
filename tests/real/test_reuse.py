"""Real servers keep their process from probe to probe, and answer as they do without."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Outcome, Phase
from tests.leaks import nothing_left_behind
from tests.real.servers import SERVERS
from tests.real.test_slow_starts import ON_STDIO
from tests.running import run_document

pytestmark = [pytest.mark.external, pytest.mark.slow]

PROBES: Final[dict[str, Any]] = {f"p{number}": {"target": "server", "kind": "catalog"} for number in range(4)}


async def passed(target: dict[str, Any], folder: Path) -> list[Outcome]:
    async with nothing_left_behind():
        return await run_document({"targets": {"server": target}, "probes": PROBES}, folder)


@pytest.mark.parametrize("name", ON_STDIO)
async def test_a_kept_process_offers_what_a_fresh_one_does(name: str, tmp_path: Path) -> None:
    with SERVERS[name](tmp_path) as server:
        kept = await passed({**server.target, "reuse": "1h"}, tmp_path)
        fresh = await passed({**server.target}, tmp_path)
    offers = [
        (each.reason, each.server, {k: v for k, v in each.facts.items() if not k.endswith("_seconds")})
        for each in (*kept, *fresh)
    ]
    assert offers == [offers[0]] * 8
    assert offers[0][0] is None
    assert [Phase.SPAWN in each.phases for each in kept] == [True, False, False, False]
    assert not [warning for each in kept for warning in each.warnings if "kept process" in warning]
