"""The families for a prometheus_client registry: whoever has one finds in it what the page shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from prober.metrics.families import OF_PROBES, OF_TARGETS
from prober.metrics.family import DynamicSeriesFamily, Family, FixedSeriesFamily
from prober.metrics.records import ProbeRecord, TargetRecord

Record = TypeVar("Record")
Place = tuple[tuple[str, str], ...]
"""The constant labels: `location`, or none."""


class RecordCollector(Collector):
    """The families whose numbers stand in records. Some twenty times as slow as the page, and as complete."""

    def __init__(
        self,
        place: Place,
        *,
        probes: Callable[[], Iterable[ProbeRecord]],
        targets: Callable[[], Iterable[TargetRecord]],
    ) -> None:
        self._place = place
        self._probes = probes
        self._targets = targets

    def describe(self) -> Iterator[Metric]:
        """The families without their samples: two of one name on a registry are refused."""
        table: tuple[Family, ...] = (*OF_PROBES, *OF_TARGETS)
        for family in table:
            yield Metric(family.stem, family.help, family.type, family.unit)

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order of the table."""
        probes = [(record, labels_of_probe(target=record.target, probe=record.probe)) for record in self._probes()]
        targets = [(record, labels_of_target(record.name)) for record in self._targets()]
        for of_probes in OF_PROBES:
            yield self._metric(of_probes, probes)
        for of_targets in OF_TARGETS:
            yield self._metric(of_targets, targets)

    def _metric(
        self, family: DynamicSeriesFamily[Record] | FixedSeriesFamily[Record], records: Iterable[tuple[Record, Place]]
    ) -> Metric:
        metric = Metric(family.stem, family.help, family.type, family.unit)
        for record, labels in records:
            for key, value in family.read(record):
                suffix, *values = key
                own = zip(family.names_of(key), values, strict=True)
                metric.add_sample(family.name + suffix, dict((*self._place, *labels, *own)), float(value))
        return metric


class SelfCollector(Collector):
    """What another registry holds, with the constant labels, and without the `_created` samples: nobody reads them."""

    def __init__(self, place: Place, registry: CollectorRegistry) -> None:
        self._place = place
        self._registry = registry

    def describe(self) -> Iterator[Metric]:
        """The families that the registry holds now."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order of registration."""
        for metric in self._registry.collect():
            metric.samples = [
                sample._replace(labels={**dict(self._place), **sample.labels})
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ]
            yield metric


def labels_of_probe(*, target: str, probe: str) -> Place:
    """The labels that all series of a probe have."""
    return (("target", target), ("probe", probe))


def labels_of_target(name: str) -> Place:
    """The labels that all series of a target have."""
    return (("target", name),)
