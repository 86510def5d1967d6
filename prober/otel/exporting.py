"""Exporters that report when they begin and cease to fail, instead of a log line for each attempt.

Exports happen in threads of the SDK. A run never waits for them: spans wait in a queue, and what does not fit is lost.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import Histogram
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData
from opentelemetry.sdk.metrics.view import Aggregation, ExponentialBucketHistogramAggregation
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from prober.json_values import cap
from prober.otel.environment import endpoint, header_values
from prober.redaction import Redactor
from prober.report.untrusted import line

PERIOD: Final = 60.0
"""Seconds between two reports of trouble, however often it comes and goes."""
_SHOWN: Final = 300
_MOST_CAUSES: Final = 30
"""Exceptions within an exception that are looked at."""
_SDK_LOG: Final = logging.getLogger("opentelemetry")
_AGGREGATION: Final = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"


class Troubles(logging.Handler):
    """Takes in what the SDK logs, and reports by `on_trouble`: a text when exports begin to fail, None at the end."""

    def __init__(
        self, on_trouble: Callable[[str | None], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(logging.WARNING)
        self._on_trouble, self._clock = on_trouble, clock
        self._redact = Redactor(header_values(os.environ))
        self._guard = threading.Lock()
        self._places = {"spans": endpoint(os.environ, "TRACES"), "metrics": endpoint(os.environ, "METRICS")}
        self._failing: set[str] = set()
        self._said_at: float | None = None
        self._reported = False
        self.causes: dict[int | None, str] = {}
        """What was logged first by each thread, each exporter's being one, since its last export ended."""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember what the SDK says."""
        if record.thread not in self.causes:
            self.causes[record.thread] = self.shown(_cause(record))

    def shown(self, text: str) -> str:
        """A text of the SDK, short, on one line and without the values of headers: they authenticate."""
        return cap(" ".join(line(self._redact(text)).split()), _SHOWN)

    def ended(self, signal: str, *, well: bool) -> None:
        """An export of a signal has ended."""
        with self._guard:
            cause = self.causes.pop(threading.get_ident(), "")
            (self._failing.discard if well else self._failing.add)(signal)
            if not well and self._due():
                self._reported, self._said_at = True, self._clock()
                self._on_trouble(
                    f"{signal} are not exported to {self._places[signal]}: {cause or 'no reason is known'}"
                )
            elif self._reported and not self._failing:
                self._reported = False
                self._on_trouble(None)

    def _due(self) -> bool:
        if self._reported:
            return False
        return self._said_at is None or self._clock() - self._said_at >= PERIOD


def _cause(record: logging.LogRecord) -> str:
    """What the operating system said, where an exception holds it somewhere within; else the whole message."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    errors: list[object] = [each for each in arguments if isinstance(each, Exception)]
    for _ in range(_MOST_CAUSES):
        error = errors.pop() if errors else None
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        if isinstance(error, BaseException):  # urllib3 keeps the cause in `reason`, requests in its arguments
            errors += [*error.args, error.__cause__, error.__context__, getattr(error, "reason", None)]
    return record.getMessage()


class SpanExporter(OTLPSpanExporter):
    """OTLP over HTTP; each export is reported."""

    def __init__(self, troubles: Troubles) -> None:
        super().__init__()
        self._troubles = troubles

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called in the thread of the queue."""
        result = super().export(spans)
        self._troubles.ended("spans", well=result is SpanExportResult.SUCCESS)
        return result


class MetricExporter(OTLPMetricExporter):
    """OTLP over HTTP; each export is reported."""

    def __init__(self, troubles: Troubles, **options: Any) -> None:
        super().__init__(**options)
        self._troubles = troubles

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Called in the thread of the reader."""
        result = super().export(metrics_data, timeout_millis, **kwargs)
        self._troubles.ended("metrics", well=result is MetricExportResult.SUCCESS)
        return result


class Exporters:
    """The exporters of one process, with the log of the SDK directed to the reports of their troubles."""

    def __init__(self, on_trouble: Callable[[str | None], None]) -> None:
        self._on_trouble = on_trouble
        self._troubles = Troubles(on_trouble)
        self._all: list[SpanExporter | MetricExporter] = []
        _SDK_LOG.addHandler(self._troubles)
        _SDK_LOG.propagate = False

    @property
    def mistake(self) -> str:
        """What the SDK found wrong with the environment, as long as nothing was exported; empty where nothing was."""
        return next(iter(self._troubles.causes.values()), "")

    def shown(self, error: Exception) -> str:
        """An exception as it may be shown."""
        return self._troubles.shown(f"{type(error).__name__}: {error}")

    def failed(self, error: Exception) -> None:
        """A run could not be made into spans or metrics."""
        self._troubles.causes[threading.get_ident()] = self.shown(error)
        self._troubles.ended("spans", well=False)

    def of_spans(self) -> SpanExporter:
        exporter = SpanExporter(self._troubles)
        self._all.append(exporter)
        return exporter

    def of_metrics(self) -> MetricExporter:
        """Histograms are exponential, unless the environment wants buckets."""
        exponential: dict[type, Aggregation] = {Histogram: ExponentialBucketHistogramAggregation()}
        exporter = MetricExporter(
            self._troubles, preferred_aggregation=None if os.environ.get(_AGGREGATION) else exponential
        )
        self._all.append(exporter)
        return exporter

    def give_up(self, *, late: bool) -> None:
        """End the pauses between two tries. `late` says that something is still to be exported, which is lost."""
        if late:
            self._on_trouble("not all was exported before the end")
        for exporter in self._all:
            exporter.shutdown()

    def release(self) -> None:
        """Give the log of the SDK back, once none of its threads is left."""
        _SDK_LOG.removeHandler(self._troubles)
        _SDK_LOG.propagate = True
