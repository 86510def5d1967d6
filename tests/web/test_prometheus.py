"""A real Prometheus that finds its targets at /sd and scrapes /probe and /metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from prober.web import Web, application
from tests.peers.http_faults import FAULTS
from tests.peers.http_peer import Script, http_peer
from tests.peers.tls import authority, write_authority
from tests.real import servers
from tests.web.house import house
from tests.web.prometheus import Series, prometheus
from tests.web.test_basic_auth import hashed

pytestmark = pytest.mark.external

COMMON = {"interval": "2s", "timeout": "1500ms"}


def document(url: str, *, tool: str = "add", **arguments: str) -> dict[str, Any]:
    """A target that is well, by two probes, and one that is not there."""
    return {
        "targets": {"real": {"url": url}, "dead": {"url": "http://127.0.0.1:9/mcp"}},
        "probes": {
            "hello": {**COMMON, "target": "real", "kind": "handshake"},
            "call": {**COMMON, "target": "real", "kind": "call", "tool": tool, "arguments": arguments},
            "gone": {**COMMON, "target": "dead", "kind": "handshake"},
        },
    }


def scraping(url: str, **client: Any) -> dict[str, Any]:
    """The configuration that the documentation shows, in haste."""
    parts = urlsplit(url)
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {
                "job_name": "mcp",
                "honor_labels": True,
                "http_sd_configs": [{"url": f"{url}/sd", "refresh_interval": "1s", **client}],
                **client,
            },
            {
                "job_name": "prober",
                "honor_labels": True,
                "scheme": parts.scheme,
                "static_configs": [{"targets": [parts.netloc]}],
                **client,
            },
        ],
    }


def labels(**named: str) -> frozenset[tuple[str, str]]:
    return frozenset(named.items())


async def test_what_prometheus_finds_it_can_scrape_and_sees_as_it_is(tmp_path: Path) -> None:
    with servers.sdk_http(tmp_path) as server:
        web = Web()
        async with (
            house(document(server.target["url"]), tmp_path) as here,
            here.scheduler,
            web.serving(application(here.app_state, web)) as url,
            prometheus(scraping(url), tmp_path / "prometheus") as seen,
        ):
            await seen.until("count(up == 1)", lambda found: list(found.values()) == [4])
            truth = {
                labels(target="real", probe="hello", kind="handshake"): 1.0,
                labels(target="real", probe="call", kind="call"): 1.0,
                labels(target="dead", probe="gone", kind="handshake"): 0.0,
            }
            await seen.until("probe_success", truth.__eq__, "target", "probe", "kind")
            scheduled: Series = {key - {("kind", "call"), ("kind", "handshake")}: value for key, value in truth.items()}
            await seen.until('mcp_probe_success{job="prober"}', scheduled.__eq__, "target", "probe")
            await seen.until('mcp_probe_success{job="mcp"}', scheduled.__eq__, "target", "probe")
            assert await seen.query('{exported_target!=""}') == {}
            assert [target["lastError"] for target in await seen.targets()] == [""] * 4
            intervals = {target["scrapeInterval"] for target in await seen.targets() if target["scrapePool"] == "mcp"}
            assert intervals == {"2s"}


@pytest.mark.slow
async def test_a_server_that_was_down_for_a_while_is_seen_so(tmp_path: Path) -> None:
    web = Web()
    async with (
        http_peer(Script(era="modern")) as peer,
        house(document(peer.url, tool="echo", message="x"), tmp_path) as here,
        web.serving(application(here.app_state, web)) as url,
        prometheus(scraping(url), tmp_path / "prometheus") as seen,
    ):
        success = 'probe_success{probe="call"}'
        await seen.until(success, lambda found: list(found.values()) == [1])
        peer.script = Script(era="modern", faults={"call": FAULTS["http_503"].act})
        await seen.until(success, lambda found: list(found.values()) == [0])
        why = await seen.query('mcp_probe_failure_info{probe="call"}', "reason")
        assert why == {labels(reason="unavailable"): 1}
        peer.script = Script(era="modern")
        await seen.until(success, lambda found: list(found.values()) == [1])
        assert await seen.query(f"changes({success}[2m])") == {frozenset(): 2}
        assert await seen.query("mcp_probe_failure_info{probe='call'}") == {}


@pytest.mark.slow
async def test_prometheus_passes_tls_and_a_password(tmp_path: Path) -> None:
    issued = authority().issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "web.crt")
    issued.private_key_pem.write_to_path(tmp_path / "web.key")
    file = tmp_path / "web.yaml.txt"
    tls = {"cert_file": "web.crt", "key_file": "web.key"}
    file.write_text(json.dumps({"tls_server_config": tls, "basic_auth_users": {"ada": hashed("right", 10)}}))
    client = {
        "basic_auth": {"username": "ada", "password": "right"},
        "tls_config": {"ca_file": str(write_authority(tmp_path))},
    }
    web = Web(config_file=file)
    async with (
        http_peer() as peer,
        house(document(peer.url, tool="echo", message="x"), tmp_path) as here,
        web.serving(application(here.app_state, web)) as url,
        prometheus(scraping(url, **client), tmp_path / "prometheus") as seen,
    ):
        await seen.until("count(up == 1)", lambda found: list(found.values()) == [4])
        assert {target["scrapeUrl"].partition(":")[0] for target in await seen.targets()} == {"https"}


async def test_a_reload_is_asked_for_as_one_asks_prometheus(tmp_path: Path) -> None:
    """`curl -X POST`: no Origin, no Fetch Metadata, an empty body."""
    web = Web()
    async with house(document("http://127.0.0.1:9/mcp"), tmp_path) as here:
        async with web.serving(application(here.app_state, web)) as url, httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"{url}/-/reload", content=b"")).status_code == 200
        assert here.reloads == 1
