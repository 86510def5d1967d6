"""A server on the official SDK that traces itself: its spans hang below the prober's, over HTTP and stdio."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.command import mcp_prober, written
from tests.otel.collector import Collector, Span, collector
from tests.real.process import running
from tests.waiting import until

ROOT: Final = Path(__file__).parents[2]
REQUESTS: Final = frozenset({"server/discover", "initialize", "tools/list", "tools/call"})
SERVER: Final = 2
"""As `opentelemetry.proto.trace.v1` numbers the kind of a span."""


@contextmanager
def on_stdio(collected: Collector, _folder: Path) -> Iterator[Mapping[str, Any]]:
    command = [sys.executable, "-m", "tests.otel.traced_server", "stdio"]
    yield {"command": command, "cwd": str(ROOT), "env": _environ(collected), "startup_timeout": "60s"}


@contextmanager
def over_http(collected: Collector, folder: Path) -> Iterator[Mapping[str, Any]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        command = [sys.executable, "-m", "tests.otel.traced_server", "http", str(listening.fileno())]
        with running(command, port=port, log=folder / "log", env=_environ(collected), pass_fds=[listening.fileno()]):
            yield {"url": f"http://127.0.0.1:{port}/mcp"}


def _environ(collected: Collector) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collected.url, "OTEL_SERVICE_NAME": "the-server"}


@pytest.mark.slow
@pytest.mark.parametrize("era", ["modern", "handshake"])
@pytest.mark.parametrize("transport", [on_stdio, over_http])
async def test_the_spans_of_a_server_on_the_sdk_join_those_of_the_run(
    transport: Callable[[Collector, Path], Any], era: str, tmp_path: Path
) -> None:
    probe = {"target": "sdk", "kind": "call", "tool": "add", "timeout": "30s"}
    with collector() as collected, transport(collected, tmp_path) as target:
        file = written({"targets": {"sdk": {**target, "protocol": era}}, "probes": {"adds": probe}}, tmp_path)
        done = await mcp_prober("run", "--otel", file, cwd=tmp_path, env=collected.environ())
        assert done.code == 0, done.out + done.err
        assert done.err == ""
        run, call = collected.span("run adds"), collected.span("tools/call add")

        def below() -> list[Span]:
            return [span for span in collected.spans if span.parent_id == call.span_id]

        await until(below, "the server's span")
    assert call.parent_id == run.span_id
    assert [(span.service, span.name, span.kind) for span in below()] == [("the-server", "tools/call add", SERVER)]
    assert {span.trace_id for span in collected.spans if span.service == "mcp-prober"} == {run.trace_id}
    joined = {span.trace_id for span in collected.spans if span.attributes.get("mcp.method.name") in REQUESTS}
    assert joined == {run.trace_id}, "a request of the server's that did not join"
