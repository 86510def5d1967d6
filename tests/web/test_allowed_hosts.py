"""By which names a prober on loopback may be asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from prober.web import Web
from prober.web.allowed_hosts import host_and_port, is_loopback
from tests.web.asking import asking
from tests.web.house import dead, house
from tests.web.test_http_server import ask


@pytest.mark.parametrize(
    ("netloc", "parts"),
    [
        ("localhost", ("localhost", None)),
        ("LocalHost.:9733", ("localhost", 9733)),
        ("[::1]:80", ("[::1]", 80)),
        ("prober.example", ("prober.example", None)),
        ("a:0", None),
        ("a:65536", None),
        ("a b", None),
        ("a/b", None),
        ("user@a", None),
        ("::1", None),
        ("[::::]", None),
        ("[1.2.3.4]", None),
        ("[::ffff:1.2.3.4]", ("[::ffff:1.2.3.4]", None)),
        ("", None),
        ("a\nb", None),
    ],
)
def test_a_host_header_is_a_name_and_perhaps_a_port(netloc: str, parts: tuple[str, int | None] | None) -> None:
    assert host_and_port(netloc) == parts


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"])
def test_loopback_has_these_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1.example", "localhost.example", "0.0.0.0", "10.0.0.1", "::", "2130706433"])
def test_and_not_these(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9733", "localhost.evil.example", "127.0.0.1.nip.io", "@"]
)
async def test_a_name_that_was_made_to_point_here_is_turned_away(tmp_path: Path, host: str) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state) as client:
        for path in ("/metrics", "/", "/api/v1/targets", "/-/healthy"):
            answer = await client.get(path, headers={"Host": host})
            assert answer.status_code == 403, path
            assert "start it with --external-url" in answer.text
        assert (await client.post("/-/reload", headers={"Host": host})).status_code == 403
        assert here.reloads == 0


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9733", "prober.example", "Prober.Example:80"]
)
async def test_loopback_s_names_and_the_operator_s_are_answered(tmp_path: Path, host: str) -> None:
    web = Web(external_url="https://prober.example/mcp")
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        url = f"http://127.0.0.1:{web.port}/-/healthy"
        assert (await client.get(url, headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /-/healthy HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /-/healthy HTTP/1.0\r\nHost: evil.example\r\n\r\n", b"403"),
        (b"GET /-/healthy HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"400"),
    ],
    ids=["none in 1.0", "another in 1.0", "none in 1.1", "two"],
)
async def test_only_http_1_0_may_leave_the_name_out(tmp_path: Path, head: bytes, status: bytes) -> None:
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web := Web()):
        assert (await ask(web, head)).split(b" ")[1] == status


async def test_over_the_network_any_name_will_do(tmp_path: Path, other_address: str) -> None:
    web = Web(host=other_address)
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        assert (await client.get("/-/healthy", headers={"Host": "prober.example"})).status_code == 200


@pytest.mark.parametrize("host", ["[", "[::::]", "[1.2.3.4]:80", "a b", "a@b", "a:99999", "a/b"])
async def test_but_it_must_be_a_name(tmp_path: Path, other_address: str, host: str) -> None:
    web = Web(host=other_address)
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        for path in ("/nowhere", "/sd", "/targets/", "/api/v1/nowhere", "/-/healthy"):
            answer = await client.get(path, headers={"Host": host})
            assert answer.status_code == 400, path
            assert "the Host header is no host" in answer.text


async def test_on_every_interface_loopback_is_still_guarded(tmp_path: Path) -> None:
    web = Web(host="0.0.0.0")
    async with house(dead("a"), tmp_path) as here, asking(here.app_state, web) as client:
        url = f"http://127.0.0.1:{web.port}/-/healthy"
        assert (await client.get(url, headers={"Host": "evil.example"})).status_code == 403
        assert (await client.get(url)).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "prober.example",
        "ftp://a/",
        "http://",
        "http://u:p@a/",
        "http://:p@a/",
        "http://a/?b",
        "http://a:99999/",
        "http://[",
        "http://[::::]/",
        "http://a/\udcff",
    ],
    ids=ascii,
)
def test_an_external_url_is_that_of_a_web_server(url: str) -> None:
    with pytest.raises(ValueError, match="--external-url"):
        Web(external_url=url)


@pytest.mark.parametrize(
    ("host", "users", "is_open"),
    [
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("0.0.0.0", {}, True),
        ("192.0.2.7", {}, True),
        ("0.0.0.0", {"prometheus": "$2b$04$JdBgQVGv2QVBaGYn4oGYZ.IPRWWuj8GBlDLBY0VtFvNPm3T3BrgLS"}, False),
    ],
)
def test_a_daemon_knows_when_anybody_may_ask_it(
    tmp_path: Path, host: str, users: Mapping[str, str], is_open: bool
) -> None:
    file = tmp_path / "web.yml"
    file.write_text(json.dumps({"basic_auth_users": users}))
    assert Web(host=host, config_file=file if users else None).is_open is is_open
