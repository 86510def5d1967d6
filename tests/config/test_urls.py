"""Addresses: what the configuration accepts the HTTP client accepts, too."""

from __future__ import annotations

import itertools
import time

import httpx
import pytest

from prober.config.fields.field_types import matches
from prober.config.fields.urls import PATTERN, complaint, proxy_complaint, without_query

GOOD = [
    "http://localhost",
    "https://mcp.test",
    "https://mcp.test/",
    "https://mcp.test:1/mcp",
    "https://mcp.test:65535/mcp?key=value&other=%20",
    "HTTPS://MCP.TEST/MCP",
    "https://mcp.test./mcp",
    "http://my_service:8080/mcp",
    "http://xn--bcher-kva.test/mcp",
    "http://127.0.0.1:8080/mcp",
    "http://[::1]:8080/mcp",
    "http://[2001:db8::1]/mcp",
    "http://0x7f.test/",
    "http://a.b.c.d.e/mcp;v=1,2/~x/%C3%A9",
    "https://mcp.test/é?ü",
    "https://mcp.test/mcp:x@y",
]
BAD = [
    "http://",
    "http:///mcp",
    "http://:8080/",
    "http://mcp.test:/mcp",
    "http://a[::1]/",
    "http://[::1]a/",
    "http://mcp.test:1:2/",
    "http://mcp.test:99999/",
    "http://mcp.test:-1/",
    "http://mcp.test:٣/",
    "http://user@mcp.test/",
    "http://:pw@mcp.test/",
    "http://@mcp.test/",
    "http://mcp.test/#",
    "http://mcp.test/\t",
    "http://mcp.test/\x7f",
    "http://mcp.test/\ud800",
    "http://mcp.test/?key=\udcff",
    "http://mcp.test\\@evil.test/",
    "http://mcp test/",
    "http://-mcp.test/",
    "http://mcp-.test/",
    "http://.test/",
    "http://1.2.3/",
    "http://1.2.3.4.5/",
    "http://999.1.1.1/",
    "http://[127.0.0.1]/",
    "http://[::1",
    "http://::1/",
    "http://%6d.test/",
    "http://" + "a" * 64 + ".test/",
    "http://" + ".".join(["a" * 60] * 5) + "/",
    "http://mcp.test/" + "x" * 8192,
]


@pytest.mark.parametrize("url", GOOD)
def test_a_good_address_is_accepted_and_the_client_agrees(url: str) -> None:
    assert matches(PATTERN, url)
    assert complaint(url) is None
    assert httpx.Request("POST", url).url.host


@pytest.mark.parametrize("url", BAD)
def test_a_bad_address_is_refused(url: str) -> None:
    assert complaint(url) is not None


@pytest.mark.parametrize(
    "url", ["ftp://mcp.test", "mcp.test", "//mcp.test", " http://mcp.test", "javascript:0", "http:/a"]
)
def test_only_http_and_https_are_addresses(url: str) -> None:
    assert not matches(PATTERN, url)


def test_whatever_passes_the_client_accepts() -> None:
    parts = [
        "",
        "a",
        "1",
        ".",
        "-",
        ":",
        "@",
        "[",
        "]",
        "%",
        "?",
        "/",
        "..",
        "ü",
        "0",
        "a.b",
        "::1",
        "[::1]",
        ":80",
        "%zz",
    ]
    accepted = 0
    for words in itertools.product(parts, repeat=3):
        url = "http://" + "".join(words)
        if complaint(url) is None:
            accepted += 1
            assert httpx.Request("POST", url).url.host
    assert accepted > 100


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://proxy.test:3128", True),
        ("http://proxy.test:3128/", True),
        ("https://user:p%40ss@proxy.test", True),
        ("http://proxy.test/path", False),
        ("http://proxy.test?x=1", False),
        ("http://proxy.test:0", False),
    ],
)
def test_a_proxy_may_have_a_user_but_no_path(url: str, good: bool) -> None:
    assert (proxy_complaint(url) is None) is good


def test_people_are_shown_the_address_without_its_query() -> None:
    assert without_query("https://mcp.test/mcp?key=abc&x=1") == "https://mcp.test/mcp?…"
    assert without_query("https://mcp.test/mcp") == "https://mcp.test/mcp"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://bob:pw@mcp.test/mcp?key=abc", "https://…@mcp.test/mcp?…"),
        ("https://bob@mcp.test:1/mcp", "https://…@mcp.test:1/mcp"),
        ("ftp://bob:p@w@mcp.test", "ftp://…@mcp.test"),
        ("bob:pw@mcp.test:8000", "…@mcp.test:8000"),
        ("bob:pw@mcp.test?x", "…@mcp.test?…"),
        ("//bob:pw@mcp.test/", "//…@mcp.test/"),
        ("http:/bob:pw@mcp.test/", "http:/…@mcp.test/"),
        ("https://bob:p/w@mcp.test/mcp", "https://…@mcp.test/mcp"),
        ("https://bob:p?w@mcp.test/mcp?x", "https://…@mcp.test/mcp?…"),
        ("https://bob:p#w@mcp.test/mcp", "https://…@mcp.test/mcp"),
        ("https://bob:p\nw@mcp.test/mcp", "https://…@mcp.test/mcp"),
        ("https://mcp.test/@bob", "https://mcp.test/@bob"),
        ("https://mcp.test:8000/mcp:x@y", "https://mcp.test:8000/mcp:x@y"),
        ("https://[::1]:8000/@bob", "https://[::1]:8000/@bob"),
        ("mcp.test:8000", "mcp.test:8000"),
        ("", ""),
    ],
)
def test_people_are_shown_no_user_and_no_password(url: str, shown: str) -> None:
    assert without_query(url) == shown


@pytest.mark.parametrize("piece", ["/", "a", ":", "\\", "a:", "1", "@"])
def test_no_address_takes_long_to_shorten(piece: str) -> None:
    url = "x:" + piece * 1_000_000
    begun = time.process_time()
    without_query(url)
    assert time.process_time() - begun < 1
