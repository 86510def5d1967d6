"""/probe against real servers and against peers that misbehave."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from prober.web import Web
from tests.client.test_connections import tls_peer
from tests.peers.http_faults import FAULTS
from tests.peers.http_peer import Script, http_peer
from tests.programs import check_metrics
from tests.real import servers
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.withheld import withheld

SCRAPE = "X-Prometheus-Scrape-Timeout-Seconds"


def values(answer: httpx.Response) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Metric to labels to value, of a good answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def only(metrics: dict[str, dict[frozenset[tuple[str, str]], float]], name: str) -> float:
    (value,) = metrics[name].values()
    return value


def calls(url: str, **more: Any) -> dict[str, Any]:
    """A real server's target with a handshake and a call. It may still be starting when it is asked."""
    common = {"target": "real", "interval": "30s", "timeout": "18s"}
    return {
        "targets": {"real": {"url": url, **more}},
        "probes": {
            "hello": {**common, "kind": "handshake"},
            "sum": {**common, "kind": "call", "tool": "add", "expect": [{"path": "$.result", "type": "integer"}]},
        },
    }


def echoes(url: str, **more: Any) -> dict[str, Any]:
    """The same with a peer's tool, and with less patience."""
    document = calls(url, **more)
    for probe in document["probes"].values():
        probe["timeout"] = "3s"
    document["probes"]["echo"] = document["probes"].pop("sum") | {"tool": "echo", "arguments": {"message": "x"}}
    del document["probes"]["echo"]["expect"]
    return document


@pytest.mark.external
async def test_a_probe_that_passes_is_told_with_its_own_metrics_only(tmp_path: Path) -> None:
    with servers.sdk_http(tmp_path) as server:
        async with house(calls(server.target["url"]), tmp_path) as here, asking(here.app_state) as client:
            answer = await client.get("/probe?target=real&probe=sum")
            metrics = values(answer)
            assert only(metrics, "probe_success") == 1
            assert 0 < only(metrics, "probe_duration_seconds") < 18
            assert metrics["mcp_probe_success"] == {frozenset({("target", "real"), ("probe", "sum")}): 1}
            assert not any(name.startswith(("prober_", "process_", "python_")) for name in metrics)
            check_metrics(answer.text)


@pytest.mark.external
async def test_several_probes_pass_only_together(tmp_path: Path) -> None:
    with servers.sdk_http(tmp_path) as server:
        document = calls(server.target["url"])
        document["probes"]["sum"]["expect"] = [{"path": "$.result", "type": "string"}]
        async with house(document, tmp_path) as here, asking(here.app_state) as client:
            answer = await client.get("/probe?target=real&probe=sum&probe=hello&probe=sum")
            metrics = values(answer)
            assert only(metrics, "probe_success") == 0
            assert sorted(metrics["mcp_probe_success"].values()) == [0, 1]
            assert only(metrics, "mcp_probe_failure_info") == 1
            check_metrics(answer.text)


async def test_what_blackbox_users_know_of_the_wire_is_told_by_its_names(tmp_path: Path) -> None:
    async with tls_peer(tmp_path) as (peer, trust):
        document = echoes(peer.url, tls={"ca_file": str(trust.ca_file)})
        async with house(document, tmp_path) as here, asking(here.app_state) as client:
            answer = await client.get("/probe?target=real&probe=echo")
            metrics = values(answer)
            assert only(metrics, "probe_success") == 1, answer.text
            assert only(metrics, "probe_http_status_code") == 200
            assert only(metrics, "probe_http_version") == 1.1
            assert metrics["probe_tls_version_info"] == {frozenset({("version", "TLS 1.3")}): 1}
            expiry = only(metrics, "probe_ssl_earliest_cert_expiry")
            assert expiry == only(metrics, "mcp_target_certificate_expiry_timestamp_seconds") > time.time()
            assert 0 < only(metrics, "mcp_probe_latency_seconds") < 3
            check_metrics(answer.text)


async def test_a_status_that_fails_a_probe_is_told(tmp_path: Path) -> None:
    script = Script(era="modern", faults={"call": FAULTS["http_503"].act})
    async with (
        http_peer(script) as peer,
        house(echoes(peer.url), tmp_path) as here,
        asking(here.app_state) as client,
    ):
        metrics = values(await client.get("/probe?target=real&probe=echo"))
        assert (only(metrics, "probe_success"), only(metrics, "probe_http_status_code")) == (0, 503)
        assert not {"probe_tls_version_info", "probe_ssl_earliest_cert_expiry"} & metrics.keys()


async def test_without_a_response_nothing_is_told_of_the_wire(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        metrics = values(await client.get("/probe?target=dead&probe=a"))
        assert not {name for name in metrics if name.startswith(("probe_http_", "probe_tls_", "probe_ssl_"))}


async def test_a_target_that_is_down_is_an_answer_like_any_other(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        metrics = values(await client.get("/probe?target=dead&probe=a"))
        assert only(metrics, "probe_success") == 0
        (labels,) = metrics["mcp_probe_failure_info"]
        assert ("reason", "connect_refused") in labels


async def test_the_only_probe_of_a_target_need_not_be_named(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        assert only(values(await client.get("/probe?target=dead")), "probe_success") == 0


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("", 400, "target is missing: /probe?target=NAME&probe=NAME"),
        ("target=", 400, "target is missing: /probe?target=NAME&probe=NAME"),
        ("probe=a", 400, "target is missing: /probe?target=NAME&probe=NAME"),
        ("target=dead", 400, "probe is missing: dead has 2 of them here: alpha, beta"),
        ("target=daed", 404, "no such target: daed; did you mean dead?"),
        ("target=zzz", 404, "no such target: zzz; known: dead"),
        ("target=dead&probe=alpa", 404, "no such probe of dead: alpa; did you mean alpha?"),
        ("target=dead&probe=", 404, "no such probe of dead: ; known: alpha, beta"),
        ("target=dead&probe=alpha&probe=nope", 404, "no such probe of dead: nope; known: alpha, beta"),
        ("target=a%0Ab", 404, r"no such target: a\nb; known: dead"),
        ("target=dead&target=dead", 400, "target is given twice"),
        ("target=dead&module=http_2xx", 404, "no such probe of dead: http_2xx; known: alpha, beta"),
        ("target=dead&prober=http", 400, "unknown parameter prober; did you mean probe?"),
        ("target=dead&probe=alpha&debug=yes", 400, "debug: expected true or false, found yes"),
        ("target=dead" + "&probe=alpha" * 17, 400, "at most 16 probes in one request"),
    ],
)
async def test_what_is_not_configured_is_not_run(tmp_path: Path, query: str, status: int, message: str) -> None:
    async with house(dead("alpha", "beta"), tmp_path) as here, asking(here.app_state) as client:
        answer = await client.get(f"/probe?{query}")
        assert (answer.status_code, answer.text) == (status, f"{message}\n")


async def test_a_url_is_a_target_where_exactly_one_has_it(tmp_path: Path) -> None:
    document = dead("dead-alpha", "beta")
    url = document["targets"]["dead"]["url"]
    document["targets"]["twin"] = {"url": f"{url}/twin"}
    document["probes"]["twin-alpha"] = {**document["probes"]["beta"], "target": "twin"}
    async with house(document, tmp_path) as here, asking(here.app_state) as client:
        answer = await client.get("/probe", params={"target": url, "module": ["alpha", "beta"]})
        probes = {dict(labels)["probe"] for labels in values(answer)["mcp_probe_success"]}
        assert probes == {"dead-alpha", "beta"}
        twin = await client.get("/probe", params={"target": f"{url}/twin", "module": "alpha"})
        assert {dict(labels)["target"] for labels in values(twin)["mcp_probe_success"]} == {"twin"}
    document["targets"]["twin"]["url"] = url
    async with house(document, tmp_path) as here, asking(here.app_state) as client:
        answer = await client.get("/probe", params={"target": url, "module": "alpha"})
        said = "2 targets have this URL, name one of them: dead, twin\n"
        assert (answer.status_code, answer.text) == (400, said)


async def test_a_url_that_no_target_has_is_never_asked(tmp_path: Path) -> None:
    async with http_peer() as peer, house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        assert (await client.get("/probe", params={"target": peer.url})).status_code == 404
        assert peer.connections == 0


async def test_to_ask_for_the_head_runs_nothing(tmp_path: Path) -> None:
    async with http_peer() as peer, house(echoes(peer.url), tmp_path) as here, asking(here.app_state) as client:
        assert (await client.head("/probe?target=real&probe=hello")).status_code == 200
        assert peer.connections == 0


FOREIGN = {
    "a picture": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "a script": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "an iframe": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "an iframe after a click": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-User": "?1"},
    "an object": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
    "a window that a page opens": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
}
FOLLOWED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_a_page_of_another_site_cannot_have_probes_run(
    tmp_path: Path, headers: dict[str, str], method: str
) -> None:
    async with http_peer() as peer, house(echoes(peer.url), tmp_path) as here, asking(here.app_state) as client:
        for site in ("cross-site", "same-site"):
            sent = {"Sec-Fetch-Site": site, **headers}
            answer = await client.request(method, "/probe?target=real&probe=hello", headers=sent)
            assert answer.status_code == 403
        assert peer.connections == 0


WRITES = "/probe?target=real&probe=hello"


async def test_a_probe_that_may_write_is_run_by_a_post_and_not_by_a_get(tmp_path: Path) -> None:
    async with http_peer() as peer:
        document = echoes(peer.url, allow_writes=True)
        document["probes"]["hello"]["allow_writes"] = True
        async with house(document, tmp_path) as here, asking(here.app_state) as client:
            for headers in ({}, {"Sec-Fetch-Site": "cross-site", **FOLLOWED}, {"Sec-Fetch-Site": "none", **FOLLOWED}):
                refused = await client.get(WRITES, headers=headers)
                assert refused.status_code == 403
                assert "hello may write (allow_writes), so a GET does not run it: send a POST" in refused.text
            assert peer.connections == 0
            listed = (await client.get("/sd")).json()
            assert [group["labels"]["probe"] for group in listed] == ["echo"]
            assert only(values(await client.post(WRITES)), "probe_success") == 1
            assert (await client.get("/probe?target=real&probe=echo")).status_code == 200


async def test_a_get_that_has_proved_who_sends_it_runs_a_probe_that_may_write(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users: {{ann: '{bcrypt.hashpw(b'geheim', bcrypt.gensalt(4)).decode()}'}}")
    async with http_peer() as peer:
        document = echoes(peer.url, allow_writes=True)
        document["probes"]["hello"]["allow_writes"] = True
        async with (
            house(document, tmp_path) as here,
            asking(here.app_state, Web(config_file=file), auth=("ann", "geheim")) as client,
        ):
            assert only(values(await client.get(WRITES)), "probe_success") == 1
            assert len((await client.get("/sd")).json()) == 2
            link = {"Sec-Fetch-Site": "cross-site", **FOLLOWED}  # a browser adds the password by itself
            assert (await client.get(WRITES, headers=link)).status_code == 403


async def test_a_link_on_another_site_can_be_followed(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        headers = {"Sec-Fetch-Site": "cross-site", **FOLLOWED}
        assert (await client.get("/probe?target=dead&probe=a", headers=headers)).status_code == 200


@pytest.mark.clock
@pytest.mark.parametrize(("scrape", "bound"), [("1.5", 1.5), ("0.4", 0.4)])
async def test_there_is_an_answer_before_prometheus_gives_up(tmp_path: Path, scrape: str, bound: float) -> None:
    hang = Script(faults={"call": FAULTS["silence"].act})
    async with http_peer(hang) as peer, house(echoes(peer.url), tmp_path) as here, asking(here.app_state) as client:
        async with withheld() as late:
            answer = await client.get("/probe?target=real&probe=echo", headers={SCRAPE: scrape})
        metrics = values(answer)
        (labels,) = metrics["mcp_probe_failure_info"]
        assert ("reason", "timeout") in labels
        assert only(metrics, "mcp_probe_last_duration_seconds") <= bound + late.seconds


@pytest.mark.slow
async def test_a_probe_that_waits_for_its_turn_is_not_blamed_on_its_target(tmp_path: Path) -> None:
    hang = Script(faults={"call": FAULTS["silence"].act})
    async with (
        http_peer(hang) as peer,
        house(echoes(peer.url, concurrency=1), tmp_path) as here,
        asking(here.app_state) as client,
    ):
        first = asyncio.create_task(client.get("/probe?target=real&probe=echo"))
        async with asyncio.timeout(10):
            await peer.wait_for(lambda request: request.rpc_method == "tools/call")
        answer = await client.get("/probe?target=real&probe=hello", headers={SCRAPE: "1"})
        (labels,) = values(answer)["mcp_probe_failure_info"]
        assert ("reason", "not_run") in labels
        await first


@pytest.mark.parametrize("scrape", ["nan", "-1", "0", "inf", "soon", "1e999"])
async def test_a_timeout_that_is_none_is_refused(tmp_path: Path, scrape: str) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        answer = await client.get("/probe?target=dead", headers={SCRAPE: scrape})
        assert (answer.status_code, answer.text) == (
            400,
            f"x-prometheus-scrape-timeout-seconds: expected seconds, found {scrape}\n",
        )


@pytest.mark.clock
async def test_a_long_timeout_of_a_scrape_does_not_lengthen_the_probe_s(tmp_path: Path) -> None:
    hang = Script(faults={"call": FAULTS["silence"].act})
    async with http_peer(hang) as peer:
        document = echoes(peer.url)
        document["probes"]["echo"]["timeout"] = "500ms"
        async with house(document, tmp_path) as here, asking(here.app_state) as client:
            answer = await client.get("/probe?target=real&probe=echo", headers={SCRAPE: "1e300"})
            assert only(values(answer), "mcp_probe_last_duration_seconds") < 2


async def test_debug_tells_what_was_sent_and_received_and_no_secret(tmp_path: Path) -> None:
    with servers.sdk_http(tmp_path) as server:
        document = calls(server.target["url"], headers={"Authorization": "Bearer ${TOKEN}"})
        document["probes"]["sum"]["arguments"] = {"a": 1, "b": "${TOKEN}"}
        async with house(document, tmp_path, TOKEN="hunter2-the-secret") as here, asking(here.app_state) as client:
            answer = await client.get("/probe?target=real&probe=sum&probe=hello&debug=true")
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            told = answer.text
            assert "hunter2" not in told
            assert "real sum (call) in " in told
            assert "pass real hello (handshake) in " in told
            assert "exchange: tools/call: HTTP 200" in told
            assert "sent: {" in told
            assert '"jsonrpc": "2.0"' in told
            assert "received: {" in told
            assert "\nMetrics:\n\n# HELP probe_success" in told


async def test_debug_tells_why_a_probe_failed(tmp_path: Path) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        told = (await client.get("/probe?target=dead&debug=true")).text
        assert told.startswith("fail dead a (handshake) in ")
        assert "\nconnect_refused at " in told
