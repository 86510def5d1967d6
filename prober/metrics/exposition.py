"""The page of the kept families, written straight from the records, in slices between which others have their turn.

prometheus_client takes 10 µs and more for a line; ten thousand probes have some 300,000. Here a line is the text of
its family and key, made once a page, the labels of its record, made once a record, and a number.

Sources: the text format 0.0.4 of Prometheus, OpenMetrics 1.0 (sections on ABNF, escaping, metadata and units).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, TypeVar

from prober.metrics.family import DynamicSeriesFamily, Family, FixedSeriesFamily, Key
from prober.metrics.records import ProbeRecord, TargetRecord

Format = Literal["text", "openmetrics"]

CONTENT_TYPES: Final[dict[Format, str]] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

SLICE_SECONDS: Final = 0.0003
"""For how long the page is written at a stretch: what a probe that ends meanwhile is held up by, a few times over."""

_AT_ONCE: Final = 16
"""Records that are written between two looks at the clock."""

Record = TypeVar("Record", ProbeRecord, TargetRecord)


def format_for(accept: str | None) -> Format:
    """What an Accept header asks for: the kind with the highest `q`, of equal ones the first; text where it says none.

    A range that cannot be served is passed over, and nobody is sent away: a scraper reads text, whatever it says.
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
    """A label value as both formats want it."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def labels_text(labels: Iterable[tuple[str, str]]) -> str:
    """Label names and values as they stand between the braces."""
    return ",".join(f'{name}="{escaped(value)}"' for name, value in labels)


def heading(family: Family, form: Format) -> str:
    """The lines that come before a family's samples."""
    if form == "text":
        text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
        kind = "gauge" if family.type == "info" else family.type
        return f"# HELP {family.name} {text}\n# TYPE {family.name} {kind}\n"
    unit = f"# UNIT {family.stem} {family.unit}\n" if family.unit else ""
    return f"# HELP {family.stem} {escaped(family.help)}\n# TYPE {family.stem} {family.type}\n{unit}"


def write_family(
    family: DynamicSeriesFamily[Record] | FixedSeriesFamily[Record], records: Sequence[Record], form: Format
) -> Iterator[str]:
    """A family in texts that each take a small part of SLICE_SECONDS."""
    yield heading(family, form)
    lines_of = _regular_lines(family) if isinstance(family, FixedSeriesFamily) else _lines(family)
    if family.by_run:
        lines_of = _remembering(family.name, lines_of)
    for start in range(0, len(records), _AT_ONCE):
        yield "".join([lines_of(record) for record in records[start : start + _AT_ONCE]])


def _remembering(name: str, lines_of: Callable[[Record], str]) -> Callable[[Record], str]:
    """Takes lines from the page before, where the record has seen no run since: most have not, between two scrapes."""

    def lines(record: Record) -> str:
        text = record.written.get(name)
        if text is None:
            text = record.written[name] = lines_of(record)
        return text

    return lines


def _regular_lines(family: FixedSeriesFamily[Record]) -> Callable[[Record], str]:
    """Writes the lines of a record at once; NUL, which no number holds, keeps the place of its labels."""
    parts = _Parts(family)
    template = "".join(
        f"{before}\0{after}".replace("%", "%%") + "%r\n" for before, after in map(parts.__getitem__, family.keys)
    )
    values_of = family.values

    def lines(record: Record) -> str:
        values = values_of(record)
        return (template % values).replace("\0", record.labels) if values else ""

    return lines


def _lines(family: DynamicSeriesFamily[Record]) -> Callable[[Record], str]:
    """Writes the lines of a record one by one."""
    parts = _Parts(family)
    read = family.read

    def lines(record: Record) -> str:
        written = []
        for key, value in read(record):
            before, after = parts[key]
            written.append(f"{before}{record.labels}{after}{value!r}\n")
        return "".join(written)

    return lines


def sliced(texts: Iterable[str], *, clock: Callable[[], float] = time.perf_counter) -> Iterator[bytes]:
    """The texts put together to pieces, each of what takes SLICE_SECONDS to write."""
    written: list[str] = []
    end = clock() + SLICE_SECONDS
    for text in texts:
        written.append(text)
        if clock() >= end:
            yield "".join(written).encode()
            written.clear()
            end = clock() + SLICE_SECONDS
    yield "".join(written).encode()


class _Parts(dict[Key, tuple[str, str]]):
    """What stands on a line before and after the labels of its record, by key."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def __missing__(self, key: Key) -> tuple[str, str]:
        suffix, *values = key
        own = "".join(
            f',{name}="{escaped(value)}"' for name, value in zip(self._family.names_of(key), values, strict=True)
        )
        parts = self[key] = (f"{self._family.name}{suffix}{{", f"{own}}} ")
        return parts
