"""The rules of sessions, HTTP and lists, held against real servers: those that keep them, and one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason
from tests.kinds.offering import ERAS
from tests.peers.protocol import Era
from tests.races.reference import reference
from tests.real.servers import ROOT, everything_http, sdk_http
from tests.running import run_document

pytestmark = pytest.mark.external

PROBES: Final[dict[str, dict[str, Any]]] = {
    "session": {"kind": "session", "connections": 8, "addresses": "all"},
    "http": {"kind": "http"},
    "catalog": {"kind": "catalog", "again": "fail"},
}


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with ExitStack() as servers:
        ours = servers.enter_context(reference(tmp_path_factory.mktemp("reference")))
        sdk = servers.enter_context(sdk_http(tmp_path_factory.mktemp("sdk")))
        yield {"reference": f"http://127.0.0.1:{ours.port}/mcp", "sdk": sdk.target["url"]}


async def probed(url: str, era: Era, folder: Path) -> list[Outcome]:
    probes = {name: {"target": "server", "timeout": "20s", **probe} for name, probe in PROBES.items()}
    return await run_document({"targets": {"server": {"url": url, "protocol": era}}, "probes": probes}, folder)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("name", ["reference", "sdk"])
async def test_a_good_server_breaks_none(urls: dict[str, str], name: str, era: Era, tmp_path: Path) -> None:
    outcomes = await probed(urls[name], era, tmp_path)
    assert [(each.probe, each.message, each.warnings) for each in outcomes if each.reason or each.warnings] == []


async def test_the_probes_that_ship_pass(urls: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / "probes" / "reference-rules.yaml").read_text(encoding="utf-8")
    file = tmp_path / "reference-rules.yaml"
    file.write_text(text.replace("http://127.0.0.1:8080/mcp", urls["reference"]), encoding="utf-8")
    config = load([file], environ={})
    outcomes = await run_pass(config, list(config.probes.values()))
    assert [(each.probe, each.message, each.warnings) for each in outcomes if each.reason or each.warnings] == []


async def test_the_server_everything_answers_dead_sessions_by_400_and_every_web_page(tmp_path: Path) -> None:
    with everything_http(tmp_path) as server:
        session, http, catalog = await probed(server.target["url"], "handshake", tmp_path)
    assert (session.reason, http.reason) == (Reason.DEAD_SESSION, Reason.ORIGIN_UNCHECKED)
    assert "No valid session ID provided, not 404" in session.message
    assert "that was ended by DELETE" in (session.evidence[1].detail or "")
    assert catalog.reason is None
