"""A page of metrics, taken apart: in the text format of Prometheus or in OpenMetrics, as its content type says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prober.json_values import cap

OPENMETRICS: Final = "application/openmetrics-text"
_KEPT: Final = ("mcp_", "process_start_time_seconds")
_EXCERPT: Final = 200


class PageError(Exception):
    """A page that cannot be parsed; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One line of a page."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, kw_only=True)
class Page:
    """The samples whose names begin with `mcp_`, and the types of their families."""

    samples: tuple[Sample, ...]
    types: Mapping[str, str]

    def named(self, name: str) -> Iterator[Sample]:
        """The samples of a name."""
        return (sample for sample in self.samples if sample.name == name)

    def total(self, name: str, labels: Mapping[str, str]) -> float | None:
        """The sum of all samples that have these labels among theirs; None where there is none."""
        found = [each.value for each in self.named(name) if labels.items() <= each.labels.items()]
        return sum(found) if found else None


def parse(body: bytes, content_type: str) -> Page:
    """Take a page apart.

    Raises:
        PageError: it is not a page of metrics.
    """
    if content_type.partition(";")[0].strip().lower() == OPENMETRICS:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    else:
        from prometheus_client.parser import text_string_to_metric_families
    samples: list[Sample] = []
    types: dict[str, str] = {}
    try:
        for family in text_string_to_metric_families(body.decode()):  # type: ignore[no-untyped-call,unused-ignore]
            if not family.name.startswith(_KEPT):
                continue
            name = f"{family.name}_total" if family.type == "counter" else family.name
            types[name] = family.type
            samples += [Sample(name=each.name, labels=each.labels, value=each.value) for each in family.samples]
    except Exception as error:  # the parser raises whatever its steps raise
        raise PageError(cap(f"{type(error).__name__}: {error}", _EXCERPT)) from error
    return Page(samples=tuple(samples), types=types)
