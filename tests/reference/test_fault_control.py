"""The page that shows and switches faults, for callers on this machine only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from prober.reference.faults.catalog import FAULTS

from .inside import Inside, inside

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    """One server for all tests of this module."""
    async with inside(tmp_path_factory.mktemp("faults"), cache_ttl=3600) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def server(shared_server: Inside) -> AsyncIterator[Inside]:
    """The server, without faults before and after."""
    yield shared_server
    shared_server.reference.switches.replace([])


async def test_the_page_shows_all_faults_and_which_are_on(server: Inside) -> None:
    switched = await server.http.post("/debug/faults", json={"faults": ["null-field:0.5", "slow:250ms"]})
    page = (await server.http.get("/debug/faults")).json()
    assert switched.json() == page
    assert page["active"] == ["null-field:0.5", "slow:250ms"]
    assert list(page["faults"]) == list(FAULTS)
    assert page["faults"]["hang"] == {
        "place": "wire",
        "does": "The request is read and never answered.",
        "reason": "timeout",
        "strikes": 0,
    }


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"json": {"faults": ["hnag"]}}, 400, "unknown fault 'hnag'; did you mean 'hang'?"),
    ({"json": {"faults": "hang"}}, 400, 'the body must be {"faults": ["NAME[:DURATION][:RATE]", …]}'),
    ({"json": {"faults": [], "more": 1}}, 400, 'the body must be {"faults": ["NAME[:DURATION][:RATE]", …]}'),
    ({"json": ["hang"]}, 400, 'the body must be {"faults": ["NAME[:DURATION][:RATE]", …]}'),
    ({"content": "{", "headers": {"content-type": "application/json"}}, 400, "the body is not JSON"),
    (
        {"content": "[" * 16_000, "headers": {"content-type": "application/json"}},
        400,
        "the body is nested too deeply",
    ),
    (
        {"content": b'{"faults": ["\xff"]}', "headers": {"content-type": "application/json"}},
        400,
        "the body is not JSON",
    ),
    (
        {"content": '{"faults": ["\\ud800"]}', "headers": {"content-type": "application/json"}},
        400,
        "unknown fault '\\ud800'",
    ),
    ({"json": {"faults": ["hang"]}, "headers": {"host": "[::1"}}, 403, "only for callers on this machine"),
    ({"data": {"faults": "hang"}}, 400, "content-type must be application/json"),
    (
        {"content": " " * 20_000, "headers": {"content-type": "application/json"}},
        400,
        "the body is larger than 16384 bytes",
    ),
    (
        {"json": {"faults": ["hang"]}, "headers": {"x-forwarded-for": "203.0.113.9"}},
        403,
        "only for callers on this machine",
    ),
    ({"json": {"faults": ["hang"]}, "headers": {"host": "evil.example"}}, 403, "only for callers on this machine"),
]


@pytest.mark.parametrize(("request_", "status", "says"), REFUSED)
async def test_what_must_not_switch_faults_is_refused(
    server: Inside, request_: dict[str, Any], status: int, says: str
) -> None:
    refused = await server.http.post("/debug/faults", **request_)
    assert (refused.status_code, refused.json()) == (status, {"error": says})
    assert server.reference.switches.active == ()


async def test_callers_from_elsewhere_neither_see_nor_switch_faults(server: Inside) -> None:
    transport = httpx.ASGITransport(app=server.reference.app, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as stranger:
        assert (await stranger.get("/debug/faults")).status_code == 403
        assert (await stranger.post("/debug/faults", json={"faults": ["hang"]})).status_code == 403
        assert (await stranger.get("/metrics")).status_code == 200


HOSTS = {
    "localhost": 200,
    "127.0.0.1:9": 200,
    "[::1]:9": 200,
    "evil.example": 421,
    "localhost.evil.example:8080": 421,
    "[::1": 421,
    "": 421,
}


@pytest.mark.parametrize("page", ["/metrics", "/healthz", "/readyz"])
@pytest.mark.parametrize(("host", "status"), HOSTS.items())
async def test_pages_are_not_served_under_a_name_that_a_web_site_has_pointed_here(
    server: Inside, page: str, host: str, status: int
) -> None:
    assert (await server.http.get(page, headers={"host": host})).status_code == status


async def test_a_host_that_is_allowed_is_served(tmp_path: Path) -> None:
    async with inside(tmp_path, allowed_hosts=("mcp.example.com", "other.example:8080")) as server:
        for host, status in {"mcp.example.com": 200, "other.example:8080": 200, "other.example": 421}.items():
            assert (await server.http.get("/metrics", headers={"host": host})).status_code == status
