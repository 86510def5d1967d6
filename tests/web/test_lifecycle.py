"""/-/healthy, /-/ready, /-/reload, and what is sent with every answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from prober.web import Web, application
from tests.web.asking import asking
from tests.web.house import dead, house


async def test_a_process_that_answers_is_healthy_and_says_when_it_is_ready(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        here.ready = False
        assert (await client.get("/-/healthy")).status_code == 200
        waiting = await client.get("/-/ready")
        assert (waiting.status_code, waiting.text) == (503, "not ready\n")
        here.ready = True
        assert (await client.get("/-/ready")).status_code == 200


async def test_a_reload_says_what_is_wrong_with_the_new_configuration(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        good = await client.post("/-/reload")
        assert (good.status_code, good.text) == (200, "reloaded\n")
        here.mistake = "probes.yaml:3: probes.a: unknown key intervall; did you mean interval?"
        bad = await client.post("/-/reload")
        assert (bad.status_code, bad.text) == (500, f"{here.mistake}\n")
        assert here.reloads == 2


async def test_a_reload_is_not_asked_for_by_looking(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        answer = await client.get("/-/reload")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert here.reloads == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://a]b"},
        {"Origin": "//[x]"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.prober.example"},
    ],
    ids=str,
)
async def test_a_page_of_another_site_cannot_reload(tmp_path: Path, headers: dict[str, str]) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        assert (await client.post("/-/reload", headers=headers)).status_code == 403
        assert here.reloads == 0


async def test_a_page_of_the_prober_itself_can_reload(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        own = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        assert (await client.post("/-/reload", headers=own)).status_code == 200


async def test_behind_a_proxy_the_prober_s_own_pages_are_those_of_its_external_url(tmp_path: Path) -> None:
    web = Web(external_url="https://prober.example/mcp")
    async with house(dead("a"), tmp_path) as here, web.serving(application(here.app_state, web)) as url:
        assert url == "https://prober.example/mcp"
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", trust_env=False) as client:
            own = {"Origin": "https://prober.example", "Host": "prober.example"}
            assert (await client.post("/-/reload", headers=own)).status_code == 200
            assert (await client.post("/-/reload", headers=own | {"Host": "127.0.0.1"})).status_code == 200


@pytest.mark.parametrize("path", ["/-/healthy", "/metrics", "/sd", "/nowhere", "/api/v1/targets", "/", "/probe"])
async def test_every_answer_tells_browsers_to_be_careful_and_nobody_what_serves_it(tmp_path: Path, path: str) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers
        assert not any(name.startswith("access-control-") for name in headers)


async def test_what_is_not_there_is_told_in_the_words_of_its_place(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        page, api = await client.get("/nowhere"), await client.get("/api/v1/nowhere")
        assert (page.status_code, page.text) == (404, "Not Found\n")
        assert (api.status_code, api.json()) == (404, {"error": "Not Found"})


async def test_a_fault_of_ours_shows_nothing_of_the_inside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with house(dead("a"), tmp_path) as here:

        def broken() -> bool:
            raise RuntimeError("with a secret")

        async with asking(replace(here.app_state, ready=broken)) as client:
            answer = await client.get("/-/ready")
            assert (answer.status_code, answer.text) == (500, "the prober failed to answer; its log says why\n")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "with a secret" in caplog.text
