"""/sd: what Prometheus is told to scrape."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from prober.web import Web
from tests.web.asking import asking
from tests.web.house import dead, house


async def test_every_probe_is_found_with_all_that_a_scrape_needs(tmp_path: Path) -> None:
    async with house(dead("a", "b"), tmp_path) as here, asking(here.app_state, web := Web()) as client:
        answer = await client.get("/sd")
        assert answer.headers["content-type"] == "application/json"
        first, second = answer.json()
        assert first == {
            "targets": [f"127.0.0.1:{web.port}"],
            "labels": {
                "__scheme__": "http",
                "__metrics_path__": "/probe",
                "__param_target": "dead",
                "__param_probe": "a",
                "__scrape_interval__": "30s",
                "__scrape_timeout__": "3s",
                "target": "dead",
                "probe": "a",
                "kind": "handshake",
                "location": "here",
            },
        }
        assert second["labels"]["probe"] == "b"


@pytest.mark.parametrize(("timeout", "told"), [("30s", "30s"), ("29500ms", "30s"), ("1500ms", "2s500ms")])
async def test_a_scrape_never_takes_longer_than_its_interval(tmp_path: Path, timeout: str, told: str) -> None:
    async with house(dead("a", timeout=timeout), tmp_path) as here, asking(here.app_state) as client:
        (group,) = (await client.get("/sd")).json()
        assert group["labels"]["__scrape_timeout__"] == told


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost:80", "localhost:80"),
        ("localhost", "localhost:80"),
        ("[::1]:9733", "[::1]:9733"),
        ("[::1]", "[::1]:80"),
    ],
)
async def test_probes_are_found_under_the_name_that_was_asked(tmp_path: Path, host: str, address: str) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        (group,) = (await client.get("/sd", headers={"Host": host})).json()
        assert group["targets"] == [address]


async def test_probes_are_found_under_the_external_url_where_there_is_one(tmp_path: Path) -> None:
    web = Web(external_url="https://prober.example/mcp/")
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        (group,) = (await client.get(f"http://127.0.0.1:{web.port}/sd")).json()
        assert group["targets"] == ["prober.example:443"]
        assert group["labels"]["__scheme__"] == "https"
        assert group["labels"]["__metrics_path__"] == "/mcp/probe"


async def test_without_a_location_there_is_no_such_label(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here:
        async with asking(replace(here.app_state, location=None)) as client:
            (group,) = (await client.get("/sd")).json()
        assert "location" not in group["labels"]


async def test_what_runs_by_cron_is_left_to_the_daemon(tmp_path: Path) -> None:
    async with house(dead("a", "b"), tmp_path) as here:
        probes = {**here.config.probes, "a": replace(here.config.probes["a"], cron="0 3 * * *")}
        here.statuses.apply_config(replace(here.config, probes=probes))
        async with asking(here.app_state) as client:
            assert [group["labels"]["probe"] for group in (await client.get("/sd")).json()] == ["b"]


async def test_without_probes_the_list_is_empty(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here:
        here.statuses.apply_config(replace(here.config, probes={}))
        async with asking(here.app_state) as client:
            assert (await client.get("/sd")).json() == []


async def test_a_host_that_cannot_be_an_address_is_refused(tmp_path: Path, other_address: str) -> None:
    web = Web(host=other_address)
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        for host in ("a_b@c/d", "[::::]", "[1.2.3.4]", "["):
            answer: httpx.Response = await client.get("/sd", headers={"Host": host})
            assert answer.status_code == 400, host


async def test_the_labels_of_a_target_are_those_of_its_scrapes(tmp_path: Path) -> None:
    document = dead("a")
    document["targets"]["dead"]["labels"] = {"team": "search", "env": "prod"}
    async with house(document, tmp_path) as here, asking(here.app_state) as client:
        (group,) = (await client.get("/sd")).json()
        assert {name: group["labels"][name] for name in ("team", "env", "target")} == {
            "team": "search",
            "env": "prod",
            "target": "dead",
        }
