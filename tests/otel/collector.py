"""A receiver of OTLP over HTTP: it decodes what comes with the protocol's own messages, and keeps it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

HOLD: Final = 30.0
"""Seconds for which a request is kept waiting at most."""
ERROR: Final = 2
"""As `opentelemetry.proto.trace.v1` numbers codes of a status."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A span as it came. Times are in nanoseconds."""

    name: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    begin: int
    end: int
    attributes: dict[str, Any]
    status: int
    message: str


@dataclass(kw_only=True)
class Collector:
    """What has come so far. `status` is how requests are answered; `hold` keeps them waiting until it is set."""

    url: str = ""
    status: int = 200
    hold: threading.Event | None = None
    spans: list[Span] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    """The latest of each name."""
    resource: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: bytes = b""

    def span(self, name: str) -> Span:
        """The prober's one span of this name. Raises ValueError for none and for more."""
        [found] = [span for span in self.spans if (span.name, span.service) == (name, "mcp-prober")]
        return found

    def environ(self, **more: str) -> dict[str, str]:
        """The variables that make a process send everything here, and soon."""
        soon = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "200"}
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, **soon, **more}

    def receive(self, path: str, body: bytes) -> None:
        self.raw += body
        if path == "/v1/traces":
            self._take_spans(ExportTraceServiceRequest.FromString(body))
        elif path == "/v1/metrics":
            request = ExportMetricsServiceRequest.FromString(body)
            for of_resource in request.resource_metrics:
                self.resource = values(of_resource.resource.attributes)
                for scope in of_resource.scope_metrics:
                    self.metrics |= {metric.name: metric for metric in scope.metrics}

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        for of_resource in request.resource_spans:
            self.resource = values(of_resource.resource.attributes)
            for scope in of_resource.scope_spans:
                self.spans += [
                    Span(
                        name=span.name,
                        service=self.resource["service.name"],
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        kind=span.kind,
                        begin=span.start_time_unix_nano,
                        end=span.end_time_unix_nano,
                        attributes=values(span.attributes),
                        status=span.status.code,
                        message=span.status.message,
                    )
                    for span in scope.spans
                ]


def values(attributes: Any) -> dict[str, Any]:
    """Attributes as a mapping."""
    pairs: list[KeyValue] = list(attributes)
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind or "string_value")


def points(metric: Metric) -> dict[tuple[tuple[str, str], ...], Any]:
    """The data points of a metric by their attributes."""
    data = getattr(metric, metric.WhichOneof("data") or "")
    return {tuple(sorted(values(point.attributes).items())): point for point in data.data_points}


@contextmanager
def collector(**how: Any) -> Iterator[Collector]:
    """A collector on a free port, for as long as the block lasts."""
    collected = Collector(**how)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collected.requests += 1
            collected.headers.append({name.lower(): value for name, value in self.headers.items()})
            if collected.hold is not None:
                collected.hold.wait(HOLD)
            if collected.status == 200:
                collected.receive(self.path, _plain(body, self.headers.get("Content-Encoding")))
            self.send_response(collected.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collected.url = f"http://127.0.0.1:{server.server_address[1]}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield collected
        finally:
            if collected.hold is not None:
                collected.hold.set()
            server.shutdown()
            serving.join()


def _plain(body: bytes, encoding: str | None) -> bytes:
    return gzip.decompress(body) if encoding == "gzip" else body
