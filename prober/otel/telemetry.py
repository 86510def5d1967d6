"""Telemetry: the Sink that makes spans and metrics of runs, and the SDK's parts that export them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from prober import __version__
from prober.config.model import Config, Probe
from prober.otel.environment import OtelError, Signals
from prober.otel.exporting import Exporters
from prober.otel.measures import Measures
from prober.otel.spans import GivenIds, SpanWriter
from prober.outcome import Outcome, SpanContext
from prober.scheduled_run import ScheduledRun

STOP: Final = 1.5
"""Seconds that the last exports have at the end of the process."""
GRACE: Final = 0.3
"""Seconds more for an exporter that was told to give up."""


class Telemetry:
    """Takes runs in. Spans and metrics are exported in threads of the SDK; nothing here waits for them."""

    def __init__(
        self,
        *,
        processor: SpanProcessor | None = None,
        reader: MetricReader | None = None,
        location: str | None = None,
        exporters: Exporters | None = None,
    ) -> None:
        """`exporters` are those that processor and reader export by."""
        resource = resource_of_prober()
        self._exporters = exporters
        self._endings: list[Callable[[], None]] = []
        self._spans: SpanWriter | None = None
        self._measures: Measures | None = None
        if processor is not None:
            ids = GivenIds()
            tracers = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
            tracers.add_span_processor(processor)
            self._spans = SpanWriter(tracers, ids, location=location)
            self._endings.append(tracers.shutdown)
        if reader is not None:
            meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
            self._measures = Measures(meters, location=location)
            self._endings.append(meters.shutdown)

    @classmethod
    def of(cls, signals: Signals, *, location: str | None, on_trouble: Callable[[str | None], None]) -> Telemetry:
        """With exporters as the environment says. Raises OtelError for what the SDK does not understand of it."""
        exporters = Exporters(on_trouble)
        telemetry = None
        try:
            telemetry = cls(
                processor=BatchSpanProcessor(exporters.of_spans()) if signals.spans else None,
                reader=PeriodicExportingMetricReader(exporters.of_metrics()) if signals.metrics else None,
                location=location,
                exporters=exporters,
            )
            mistake = exporters.mistake
        except Exception as error:
            mistake = exporters.mistake or exporters.shown(error)
        if mistake:
            if telemetry is not None:
                telemetry.stop(0)
            raise OtelError(f"OpenTelemetry does not understand a variable of the environment: {mistake}")
        assert telemetry is not None
        return telemetry

    @property
    def makes_spans(self) -> bool:
        """Whether runs have spans."""
        return self._spans is not None

    def new_span(self) -> SpanContext | None:
        """The identity of a run that begins; None where no spans are made."""
        return self._spans.begin() if self._spans is not None else None

    def apply_config(self, config: Config, probes: Mapping[str, Probe]) -> None:
        """Apply a configuration, of which this process runs `probes`."""
        if self._measures is not None:
            self._measures.apply_config(config, probes)

    def record(self, result: ScheduledRun) -> None:
        """A scheduled run has ended."""
        self.ended(result.outcome, maintenance=result.maintenance)

    def ended(self, outcome: Outcome, *, maintenance: bool = False) -> None:
        """A run has ended."""
        try:
            if self._spans is not None:
                self._spans.write(outcome, maintenance=maintenance)
            if self._measures is not None:
                self._measures.record(outcome)
        except Exception as error:  # whatever is wrong here or in the SDK fails no run
            if self._exporters is None:
                raise
            self._exporters.failed(error)

    def skipped(self, probe: Probe) -> None:
        """A skipped run has no span."""

    def stop(self, seconds: float = STOP) -> None:
        """Export what is left, within so many seconds; blocks the calling thread for hardly longer than that."""
        threads = [threading.Thread(target=ending, daemon=True) for ending in self._endings]
        for thread in threads:
            thread.start()
        ended = _joined(threads, seconds)
        if self._exporters is not None:
            self._exporters.give_up(late=not ended)
            if _joined(threads, GRACE):
                self._exporters.release()


def _joined(threads: Sequence[threading.Thread], seconds: float) -> bool:
    """Whether all of them have ended within so many seconds."""
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def resource_of_prober() -> Resource:
    """Who sends: `mcp-prober`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say something else."""
    ours = Resource.create({"service.name": "mcp-prober", "service.version": __version__})
    return ours.merge(OTELResourceDetector().detect())
