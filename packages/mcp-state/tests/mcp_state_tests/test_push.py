"""Metrics of a server without a page, pushed: to a receiver that keeps what a gateway would, and can refuse."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from mcp_state import StateMetrics
from mcp_state.push import pushing

from .test_writes import facts


class Gateway:
    """What was pushed, by path."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, str]] = []
        self.second = threading.Event()
        self.status = 200
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            """Takes a push."""

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                gateway.pages.append((self.path, body))
                if len(gateway.pages) == 2:
                    gateway.second.set()
                self.send_response(gateway.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """One that runs."""
    made = Gateway()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


async def test_what_happened_last_is_pushed_when_the_server_ends(
    registry: CollectorRegistry, metrics: StateMetrics, gateway: Gateway
) -> None:
    async with pushing(registry, gateway=gateway.url, job="notes", grouping={"instance": "desk"}, every=0.02):
        assert await asyncio.to_thread(gateway.second.wait, 10)
        metrics.conflict_met(tool="t")
    path, page = gateway.pages[-1]
    assert path == "/metrics/job/notes/instance/desk"
    samples = {sample.name: sample for family in text_string_to_metric_families(page) for sample in family.samples}
    assert samples["mcp_state_write_conflicts_total"].value == 1


async def test_a_gateway_that_refuses_is_logged_and_the_server_goes_on(
    registry: CollectorRegistry, metrics: StateMetrics, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.status = 400
    async with pushing(registry, gateway=gateway.url, job="notes", grouping={}):
        metrics.conflict_met(tool="t")
    assert {line["error"] for line in facts(caplog, "push_failed")} == {"HTTPError"}


async def test_a_gateway_that_is_not_there_is_logged(
    registry: CollectorRegistry, metrics: StateMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    async with pushing(registry, gateway="127.0.0.1:9", job="notes", grouping={}):
        metrics.conflict_met(tool="t")
    assert {line["error"] for line in facts(caplog, "push_failed")} == {"URLError"}
