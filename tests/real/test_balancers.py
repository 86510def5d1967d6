"""`session` through a real nginx: balancers without affinity, and proxies that drop headers of MCP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from prober.outcome import Outcome, Reason, Situation
from tests.kinds.offering import ERAS
from tests.peers.protocol import Era
from tests.real.nginx import BY_CONNECTION, ROUND_ROBIN, nginx
from tests.real.servers import sdk_http
from tests.running import run_document

pytestmark = pytest.mark.external


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two instances of one server, which share no sessions."""
    with ExitStack() as servers:
        yield [servers.enter_context(sdk_http(tmp_path_factory.mktemp("sdk"))).target["url"] for _ in range(2)]


async def probed(url: str, era: Era, folder: Path, **probe: Any) -> Outcome:
    document = {
        "targets": {"balanced": {"url": url, "protocol": era}},
        "probes": {"p": {"target": "balanced", "timeout": "20s", "kind": "session", **probe}},
    }
    [outcome] = await run_document(document, folder)
    return outcome


@pytest.mark.parametrize("era", ERAS)
async def test_one_server_behind_a_proxy_that_drops_nothing_is_well(urls: list[str], era: Era, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", urls[:1]) as url:
        outcome = await probed(url, era, tmp_path, connections=8, addresses="all")
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message


async def test_a_balancer_by_connection_loses_the_session_at_another_connection(
    urls: list[str], tmp_path: Path
) -> None:
    with nginx(tmp_path / "nginx", urls, balancing=BY_CONNECTION) as url:
        outcome = await probed(url, "handshake", tmp_path, connections=16)
        unseen = await probed(url, "handshake", tmp_path, kind="catalog")
    assert (outcome.reason, outcome.step) == (Reason.SESSION_LOST, "ping"), outcome.message
    assert 0 < outcome.facts["session_connections_lost"] < 16
    assert unseen.reason is None  # all on one connection: no other kind sees it


async def test_a_balancer_by_request_loses_the_session_at_once(urls: list[str], tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", urls, balancing=ROUND_ROBIN) as url:
        outcome = await probed(url, "handshake", tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.SESSION_LOST, "notifications/initialized"), outcome.message


async def test_the_modern_era_needs_no_affinity(urls: list[str], tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", urls, balancing=ROUND_ROBIN) as url:
        outcome = await probed(url, "modern", tmp_path, connections=8)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message


@pytest.mark.parametrize(
    ("era", "dropped", "step", "situation"),
    [
        ("modern", ["Mcp-Method", "Mcp-Name"], "server/discover", Situation.HEADERS_CHANGED),
        ("handshake", ["Mcp-Session-Id"], "notifications/initialized", Situation.NEW_SESSION_REFUSED),
    ],
)
async def test_a_proxy_that_drops_headers_is_named_as_the_cause(
    urls: list[str], era: Era, dropped: list[str], step: str, situation: Situation, tmp_path: Path
) -> None:
    with nginx(tmp_path / "nginx", urls[:1], dropped=dropped) as url:
        outcome = await probed(url, era, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.RPC_ERROR, step), outcome.message
    assert outcome.evidence[0].situation == situation
