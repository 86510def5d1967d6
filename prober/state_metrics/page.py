"""A page of metrics, taken apart: in the text format of Prometheus or in OpenMetrics, as its content type says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.json_values import cap

OPENMETRICS: Final = "application/openmetrics-text"
MAX_SAMPLES: Final = 10_000
"""Samples of ours that a page may have where it is read beside other work. A server with a hundred tools that use every
pattern has 8,300."""

_KEPT: Final = ("mcp_", "process_start_time_seconds")
_EXCERPT: Final = 200
_NAME: Final = re.compile(r"^([A-Za-z_:][A-Za-z0-9_:]*)", re.MULTILINE)
_TYPE: Final = re.compile(r"^# TYPE ([A-Za-z_:][A-Za-z0-9_:]*) ([a-z]+) *\r?$", re.MULTILINE)

_PART: Final = 8 * 1024
"""Bytes of a page that are read in one step: 10 ms at the worst. No line is longer."""
_FOREIGN: Final = re.compile(
    rf"^(?!(?:# (?:HELP|TYPE|UNIT) )?(?:{'|'.join(_KEPT)}))"
    r"(?:# (?:HELP|TYPE|UNIT) [^\n]*"
    r"|[A-Za-z_:][A-Za-z0-9_:]*(?:\{[^\n]*\})?[ \t]+[-+]?(?:[0-9.][0-9.eE+-]*|[Ii]nf|[Nn]a[Nn])(?:[ \t\r][^\n]*)?)\n",
    re.MULTILINE,
)
"""Lines of families of others that look as they should. What looks otherwise is left for the parser to complain of."""


class PageError(Exception):
    """A page that cannot be parsed; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One line of a page."""

    name: str
    labels: Mapping[str, str]
    series: tuple[tuple[str, str], ...]
    """Its labels in the order of their names: with the name, what tells it from all others."""
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
    """Take a page apart, and hold all of it against its format.

    Raises:
        PageError: it is not a page of metrics.
    """
    if _is_openmetrics(content_type):
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    else:
        from prometheus_client.parser import text_string_to_metric_families
    return _taken_apart(_decoded(body), text_string_to_metric_families)


async def parse_in_turns(body: bytes, content_type: str) -> Page:
    """The same, a few lines at a time, while other tasks of the event loop have their turns.

    What a line says does not depend on the lines before it, so only the samples are read: whether families are whole,
    as OpenMetrics wants them, is not looked at, nor the labels of families of others.

    Raises:
        PageError: it is not a page of metrics, or has too many samples of ours.
    """
    from prometheus_client.parser import text_string_to_metric_families

    if _is_openmetrics(content_type) and not body.rstrip().endswith(b"# EOF"):
        raise PageError("the page is cut off: it does not end with # EOF")
    samples: list[Sample] = []
    types: dict[str, str] = {}
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + _PART) + 1 or len(body)
        if end - start > 2 * _PART:
            raise PageError(f"a line of the page is longer than {_PART:,} bytes")
        part = _taken_apart(_FOREIGN.sub("", _decoded(body[start:end])), text_string_to_metric_families)
        samples += part.samples
        types |= part.types
        if len(samples) > MAX_SAMPLES:
            raise PageError(f"the page has more than {MAX_SAMPLES:,} samples whose names begin with {_KEPT[0]}")
        start = end
        await asyncio.sleep(0)
    return Page(samples=tuple(samples), types=types)


def _is_openmetrics(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == OPENMETRICS


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _page_error(error) from error


def _taken_apart(text: str, families_of: Callable[[str], Iterable[Any]]) -> Page:
    samples: list[Sample] = []
    as_written = {*_NAME.findall(text)}
    try:
        for family in families_of(text):
            if family.name.startswith(_KEPT):
                samples += [
                    Sample(
                        name=_as_written(each.name, as_written),
                        labels=each.labels,
                        series=tuple(sorted(each.labels.items())),
                        value=float(each.value),
                    )
                    for each in family.samples
                ]
    except Exception as error:  # the parser raises whatever its steps raise
        raise _page_error(error) from error
    return Page(
        samples=tuple(samples), types={name: kind for name, kind in _TYPE.findall(text) if name.startswith(_KEPT)}
    )


def _page_error(error: Exception) -> PageError:
    return PageError(cap(f"{type(error).__name__}: {error}", _EXCERPT))


def _as_written(name: str, names: set[str]) -> str:
    """The parser gives each counter a `_total`, also one that was written without: its name is another then."""
    return name if name in names else name.removesuffix("_total")
