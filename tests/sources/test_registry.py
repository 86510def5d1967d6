"""A registry: all pages at first, later what changed; strangers' addresses are kept out; nothing of ours goes there."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from prober import __version__
from prober.client.http.network_backend import Backend
from prober.outcome import Failure, Reason
from prober.sources.found import SourceError
from prober.sources.reading import document_of, targets_of
from tests.peers.threaded import say
from tests.sources.making import source_of
from tests.sources.registry_double import Registry, serving


def filled(registry: Registry, count: int = 250) -> None:
    for number in range(count):
        registry.put(f"io.example/s{number:03}", f"https://s{number}.example.com/mcp")


async def test_all_pages_are_read_at_first_and_only_changes_later(tmp_path: Path) -> None:
    with serving() as registry:
        filled(registry)
        source = source_of(tmp_path, registry=registry.url)
        known = await document_of(source, None)
        assert len(targets_of(source, known, environ={}).targets) == 250
        assert len(registry.queries) == 3
        registry.put("io.example/new", "https://new.example.com/mcp")
        registry.put("io.example/s001", "https://moved.example.com/mcp")
        registry.put("io.example/s002", "https://s2.example.com/mcp", status="deleted")
        registry.queries.clear()
        later = await document_of(source, known)
        assert len(registry.queries) == 1
        assert "updated_since" in registry.queries[0]
        assert registry.agents == {f"mcp-prober/{__version__}"}
    targets = targets_of(source, later, environ={}).targets
    assert len(targets) == 250
    assert targets["io.example-s001"].url == "https://moved.example.com/mcp"
    assert "io.example-new" in targets
    assert "io.example-s002" not in targets


async def test_addresses_that_are_not_public_are_left_out_unless_the_operator_says_so(tmp_path: Path) -> None:
    urls = [
        "https://127.0.0.1/mcp",
        "https://169.254.169.254/latest",
        "https://[::1]/mcp",
        "https://localhost/mcp",
        "https://db.internal/mcp",
        "https://intranet/mcp",
        "http://plain.example.com/mcp",
    ]
    with serving() as registry:
        for number, url in enumerate(urls):
            registry.put(f"io.example/bad{number}", url)
        registry.put("io.example/good", "https://good.example.com/mcp")
        registry.put("io.example/variables", "https://{tenant}.example.com/mcp")
        registry.put("io.example/odd", "https://odd.example.com/mcp", kind="websocket" * 1_000)
        source = source_of(tmp_path, registry=registry.url)
        found = targets_of(source, await document_of(source, None), environ={})
        assert [*found.targets] == ["io.example-good"]
        assert found.left_out == len(urls) + 2
        assert found.targets["io.example-good"].public_only
        assert max(map(len, found.problems)) < 300
        taking = source_of(tmp_path, registry=registry.url, allow_private=True)
        assert len(targets_of(taking, await document_of(taking, None), environ={}).targets) == len(urls) + 1


async def test_a_server_has_few_remotes_and_only_texts_are_taken_of_them(tmp_path: Path) -> None:
    with serving() as registry:
        registry.put("io.example/many", *(f"https://s{number}.example.com/mcp" for number in range(500)))
        registry.put("io.example/odd", "https://odd.example.com/mcp")
        deep: list[Any] = []
        for _ in range(300):
            deep = [deep]
        registry.servers["io.example/odd"]["server"]["remotes"] += [{"type": deep, "url": deep}, deep]
        source = source_of(tmp_path, registry=registry.url)
        known = await document_of(source, None)
        found = targets_of(source, known, environ={})
    assert len(found.targets) == 20 + 1
    assert found.left_out == 2
    assert "more than 20 remotes" in found.problems[0]
    assert len(known["io.example/many"]["remotes"]) == 21


async def test_a_public_name_that_leads_to_a_private_address_is_not_connected_to() -> None:
    with pytest.raises(Failure) as raised:
        await Backend(public_only=True).connect_tcp("localhost", 9)
    assert raised.value.reason is Reason.NOT_RUN
    assert "no public address" in raised.value.message


async def test_only_a_server_that_is_named_gets_credentials(tmp_path: Path) -> None:
    with serving() as registry:
        registry.put("io.example/mine", "https://mine.example.com/mcp")
        registry.put("io.example/other", "https://other.example.com/mcp")
        source = source_of(
            tmp_path, registry=registry.url, credentials={"io.example/mine": {"Authorization": "Bearer t0k3n-of-mine"}}
        )
        targets = targets_of(source, await document_of(source, None), environ={}).targets
    assert targets["io.example-mine"].headers["Authorization"].reveal() == "Bearer t0k3n-of-mine"
    assert "Bearer t0k3n-of-mine" in {each.reveal() for each in targets["io.example-mine"].secrets}
    assert targets["io.example-other"].headers == {}


def moved(handler: BaseHTTPRequestHandler) -> None:
    say(handler, 302, b"", Location="http://127.0.0.1:9/elsewhere")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda handler: say(handler, 503, b"", Retry_After="30"), "HTTP 503, Retry-After 30"),
        (lambda handler: say(handler, 200, b"<html>"), "not JSON"),
        (lambda handler: say(handler, 200, b'{"error": 1}'), "no list of servers"),
        (moved, "HTTP 302"),
        (lambda handler: handler.connection.close(), "registry"),
    ],
    ids=["down", "html", "no list", "redirect", "hangs up"],
)
async def test_a_registry_that_misbehaves_gives_a_reason_without_secrets(
    fault: object, said: str, tmp_path: Path
) -> None:
    with serving() as registry:
        registry.fault = fault  # type: ignore[assignment] # a lambda has no types of its own
        source = source_of(tmp_path, registry=registry.url, headers={"X-Key": "s3cr3t-0f-r3g1stry"})
        with pytest.raises(SourceError) as raised:
            await document_of(source, None)
    assert said in str(raised.value) or said == "registry"
    assert "s3cr3t" not in str(raised.value)
