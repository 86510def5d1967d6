"""Writes the families of probes and targets straight from their records, in slices for the event loop's sake.

prometheus_client takes 10 µs and more for a line; ten thousand probes have some 300,000 lines. Here a line is three
texts: the family and key (made once for each page), the labels (made once for each record), and the number.

Sources: the text format 0.0.4 of Prometheus, OpenMetrics 1.0 (sections on ABNF, escaping, metadata and units).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeVar

from prober.metrics.family import DynamicSeriesFamily, Exemplar, Family, FixedSeriesFamily, Key
from prober.metrics.records import ProbeRecord
from prober.metrics.target_record import TargetRecord

Format = Literal["text", "openmetrics"]

CONTENT_TYPES: Final[dict[Format, str]] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

SLICE_SECONDS: Final = 0.0003
"""How long one slice of the page takes at least. A probe that ends meanwhile waits for a few slices."""
LONGEST_SLICE_SECONDS: Final = 0.002
"""How long one slice takes at most, in a loop whose turns are as long; a twentieth of a turn where that is longer."""

_RECORDS_PER_TEXT: Final = 16
"""Records that are written between two looks at the clock."""

Record = TypeVar("Record", ProbeRecord, TargetRecord)


def format_for(accept: str | None) -> Format:
    """The format that an Accept header prefers: the highest `q`, of equal ones the first; text by default.

    Media ranges that cannot be served are ignored. No request is refused: every scraper reads text.
    """
    best: Format = "text"
    best_quality = 0.0
    for each in (accept or "").lower().split(","):
        media, *rest = (part.strip() for part in each.split(";"))
        parameters = dict(part.partition("=")[::2] for part in rest)
        offered = _offered(media, parameters.get("version", "").strip('"'))
        quality = _quality(parameters.get("q"))
        if offered is not None and quality > best_quality:
            best, best_quality = offered, quality
    return best


def _offered(media: str, version: str) -> Format | None:
    if media == "application/openmetrics-text" and version in ("", "1.0.0"):
        return "openmetrics"
    if media in ("text/*", "*/*") or (media == "text/plain" and version in ("", "0.0.4")):
        return "text"
    return None


def _quality(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def escaped(value: str) -> str:
    """A label value, escaped as both formats require."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def labels_text(labels: Iterable[tuple[str, str]]) -> str:
    """Label names and values in the form between the braces."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in labels)


def heading(family: Family, form: Format) -> str:
    """The HELP, TYPE and UNIT lines of a family."""
    if form == "text":
        text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
        kind = "gauge" if family.type == "info" else family.type
        return f"# HELP {family.name} {text}\n# TYPE {family.name} {kind}\n"
    unit = f"# UNIT {family.stem} {family.unit}\n" if family.unit else ""
    return f"# HELP {family.stem} {escaped(family.help)}\n# TYPE {family.stem} {family.type}\n{unit}"


def write_family(
    family: DynamicSeriesFamily[Record] | FixedSeriesFamily[Record], records: Sequence[Record], form: Format
) -> Iterator[str]:
    """The lines of a family, as texts that each take a small part of SLICE_SECONDS to write."""
    yield heading(family, form)
    cache = family.name
    if isinstance(family, FixedSeriesFamily):
        lines_of = _fixed_lines(family)
    elif family.exemplars is None or form == "text":
        lines_of = _dynamic_lines(family)
    else:
        lines_of, cache = _lines_with_exemplars(family, family.exemplars), f"{family.name} with exemplars"
    if family.by_run:
        lines_of = _cached(cache, lines_of)
    for start in range(0, len(records), _RECORDS_PER_TEXT):
        yield "".join([lines_of(record) for record in records[start : start + _RECORDS_PER_TEXT]])


def _cached(name: str, lines_of: Callable[[Record], str]) -> Callable[[Record], str]:
    """Reuses the lines of the previous page if no run has ended since: most probes do not run between two scrapes."""

    def lines(record: Record) -> str:
        text = record.written.get(name)
        if text is None:
            text = record.written[name] = lines_of(record)
        return text

    return lines


def _fixed_lines(family: FixedSeriesFamily[Record]) -> Callable[[Record], str]:
    """Formats all lines of a record in one step. NUL, which no number holds, marks where the labels go."""
    parts = _Parts(family)
    template = "".join(
        f"{before}\0{after}".replace("%", "%%") + "%r\n" for before, after in map(parts.__getitem__, family.keys)
    )
    values_of = family.values

    def lines(record: Record) -> str:
        values = values_of(record)
        return (template % values).replace("\0", record.labels) if values else ""

    return lines


def _dynamic_lines(family: DynamicSeriesFamily[Record]) -> Callable[[Record], str]:
    """Formats the lines of a record one by one."""
    parts = _Parts(family)
    read = family.read

    def lines(record: Record) -> str:
        written = []
        for key, value in read(record):
            before, after = parts[key]
            written.append(f"{before}{record.labels}{after}{value!r}\n")
        return "".join(written)

    return lines


def _lines_with_exemplars(
    family: DynamicSeriesFamily[Record], exemplars_of: Callable[[Record], Mapping[Key, Exemplar]]
) -> Callable[[Record], str]:
    """As `_dynamic_lines`, with the latest run that a counter has counted behind its line."""
    parts = _Parts(family)
    read = family.read

    def lines(record: Record) -> str:
        written = []
        exemplars = exemplars_of(record)
        for key, value in read(record):
            before, after = parts[key]
            exemplar = exemplars.get(key)
            behind = "" if exemplar is None else f' # {{run_id="{exemplar[0]}"}} 1 {exemplar[1]!r}'
            written.append(f"{before}{record.labels}{after}{value!r}{behind}\n")
        return "".join(written)

    return lines


def sliced(texts: Iterable[str], *, clock: Callable[[], float] = time.perf_counter) -> Iterator[bytes]:
    """Joins the texts to slices. Each takes as long to write as the others in the loop took before it, within bounds.

    So a page takes half of a busy loop at most. With short slices alone, a page of 20,000 probes would wait for
    thousands of turns of the loop, each of milliseconds, and come after the scrape has given up.
    """
    written: list[str] = []
    end = clock() + SLICE_SECONDS
    for text in texts:
        written.append(text)
        if (now := clock()) >= end:
            yield "".join(written).encode()
            written.clear()
            began = clock()
            turn = began - now
            end = began + max(SLICE_SECONDS, min(turn, LONGEST_SLICE_SECONDS), turn / 20)
    yield "".join(written).encode()


class _Parts(dict[Key, tuple[str, str]]):
    """By key, the texts of a line before and after the labels of the record."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def __missing__(self, key: Key) -> tuple[str, str]:
        suffix, *values = key
        own = "".join(
            f',{name}="{escaped(value)}"' for name, value in zip(self._family.names_of(key), values, strict=True)
        )
        parts = self[key] = (f"{self._family.name}{suffix}{{", f"{own}}} ")
        return parts
