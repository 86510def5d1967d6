"""A pass with telemetry in memory: what the SDK would have exported of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from prober.engine import run_pass
from prober.loader import load
from prober.otel.telemetry import Telemetry
from prober.outcome import Outcome


@dataclass(kw_only=True)
class Recorded:
    """The outcomes of a pass, and its spans."""

    outcomes: list[Outcome]
    spans: list[ReadableSpan]

    def of_run(self, probe: str) -> ReadableSpan:
        """The span of a run."""
        [found] = [span for span in self.spans if span.name == f"run {probe}"]
        return found

    def children(self, probe: str) -> list[ReadableSpan]:
        """Those of its exchanges, in the order of their beginning."""
        parent = self.of_run(probe).context
        found = [span for span in self.spans if span.parent is not None and span.parent.span_id == parent.span_id]
        return sorted(found, key=lambda span: span.start_time or 0)


@dataclass
class InMemory:
    """Telemetry that exports to the memory of the test."""

    location: str | None = None
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        processor = SimpleSpanProcessor(self.exporter)
        self.telemetry = Telemetry(processor=processor, reader=self.reader, location=self.location)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())


async def recorded(
    document: Mapping[str, Any], folder: Path, *, memory: InMemory | None = None, **environ: str
) -> Recorded:
    """Run a configuration once, as `run --otel` does."""
    memory = memory or InMemory()
    path = folder / "probes.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    config = load([path], environ=environ)
    telemetry = memory.telemetry
    outcomes = await run_pass(
        config,
        list(config.probes.values()),
        new_span=telemetry.new_span,
        on_end=lambda _probe, outcome: telemetry.ended(outcome),
    )
    return Recorded(outcomes=outcomes, spans=memory.spans)
