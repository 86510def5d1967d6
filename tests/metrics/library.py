"""The families of the page on a prometheus_client registry: an independent writer to compare the page with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from prober.metrics import Metrics
from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.metrics.family import DynamicSeriesFamily, FixedSeriesFamily

Record = TypeVar("Record")
Labels = tuple[tuple[str, str], ...]


def library_registry(metrics: Metrics) -> CollectorRegistry:
    """A registry that collects what the page of these metrics shows."""
    registry = CollectorRegistry()
    registry.register(_PageCollector(metrics))
    return registry


class _PageCollector(Collector):
    """The families of probes and targets, read from their records sample by sample, and the prober's own."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order of the table."""
        probes = [
            (record, (("target", record.target), ("probe", record.probe))) for record in self._metrics._probes.values()
        ]
        targets = [(record, (("target", record.name),)) for record in self._metrics._targets.values()]
        for of_probes in OF_PROBES:
            yield self._metric(of_probes, probes)
        for of_targets in OF_TARGETS:
            yield self._metric(of_targets, targets)
        yield from self._metrics._own_registry.collect()

    def _metric(
        self, family: DynamicSeriesFamily[Record] | FixedSeriesFamily[Record], records: Iterable[tuple[Record, Labels]]
    ) -> Metric:
        metric = Metric(family.stem, family.help, family.type, family.unit)
        for record, labels in records:
            exemplars = getattr(family, "exemplars", None)
            known = exemplars(record) if exemplars else {}
            for key, value in family.read(record):
                suffix, *values = key
                exemplar = Exemplar({"run_id": known[key][0]}, 1.0, known[key][1]) if key in known else None
                own = zip(family.names_of(key), values, strict=True)
                metric.add_sample(
                    family.name + suffix, dict((*self._metrics._place, *labels, *own)), float(value), exemplar=exemplar
                )
        return metric
