"""A real server that starts late is the same server: the same era, verdict and contract."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.model import Config
from prober.contract.contract import dump_contract
from prober.discover.survey import contract_of
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Reason, ServerInfo
from tests.real.servers import SERVERS

pytestmark = [pytest.mark.external, pytest.mark.slow]

ON_STDIO: Final = ("everything-stdio", "filesystem", "memory", "time", "git", "sdk-stdio")

LATE: Final = ["/bin/sh", "-c", 'sleep 6; exec "$@"', "sh"]

STARTS: Final[dict[str, tuple[list[str], dict[str, Any]]]] = {
    "at once": ([], {}),
    "late": (LATE, {}),
    "asked by initialize as well before it has started": (LATE, {"startup_timeout": "15s"}),
}


def configured(target: dict[str, Any], path: Path) -> Config:
    probe = {"target": "server", "kind": "handshake"}
    path.write_text(json.dumps({"targets": {"server": target}, "probes": {"hello": probe}}))
    return load([path], environ={})


async def seen(config: Config) -> tuple[Reason | None, ServerInfo, str]:
    """Verdict, era and contract, from two starts of the server."""
    [outcome] = await run_pass(config, list(config.probes.values()))
    offer = await contract_of(config.targets["server"], timeout=10)
    return outcome.reason, outcome.server, dump_contract(offer)


@pytest.mark.parametrize("name", ON_STDIO)
async def test_a_server_that_starts_late_is_the_same_server(name: str, tmp_path: Path) -> None:
    with SERVERS[name](tmp_path) as server:
        variants = [
            {**server.target, "command": [*before, *server.target["command"]], **more}
            for before, more in STARTS.values()
        ]
        at_once, *others = await asyncio.gather(
            *(seen(configured(target, tmp_path / f"start-{number}.yaml")) for number, target in enumerate(variants))
        )
    assert at_once[0] is None
    assert at_once[1].era == server.eras[0]
    assert others == [at_once] * 2
