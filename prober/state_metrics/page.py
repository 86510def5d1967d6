"""A page of metrics, taken apart: in the text format of Prometheus or in OpenMetrics, as its content type says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from prober.json_values import cap

OPENMETRICS: Final = "application/openmetrics-text"
_KEPT: Final = ("mcp_", "process_start_time_seconds")
_EXCERPT: Final = 200
_NAME: Final = re.compile(r"^([A-Za-z_:][A-Za-z0-9_:]*)", re.MULTILINE)
_TYPE: Final = re.compile(r"^# TYPE ([A-Za-z_:][A-Za-z0-9_:]*) ([a-z]+) *\r?$", re.MULTILINE)


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
    """The samples whose names begin with `mcp_`, and the types of their families as the page names them."""

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
    try:
        text = body.decode()
        for family in text_string_to_metric_families(text):  # type: ignore[no-untyped-call,unused-ignore]
            if family.name.startswith(_KEPT):
                samples += [Sample(name=each.name, labels=each.labels, value=each.value) for each in family.samples]
    except Exception as error:  # the parser raises whatever its steps raise
        raise PageError(cap(f"{type(error).__name__}: {error}", _EXCERPT)) from error
    as_written = {*_NAME.findall(text)}
    return Page(
        samples=tuple(replace(each, name=_as_written(each.name, as_written)) for each in samples),
        types={name: kind for name, kind in _TYPE.findall(text) if name.startswith(_KEPT)},
    )


def _as_written(name: str, names: set[str]) -> str:
    """The parser gives each counter a `_total`, also one that was written without: its name is another then."""
    return name if name in names else name.removesuffix("_total")
