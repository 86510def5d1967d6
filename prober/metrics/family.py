"""Metric families: name, type, help and labels, and a function that reads their samples from a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

Type = Literal["counter", "gauge", "histogram", "info"]
Record = TypeVar("Record")

Key = tuple[str, ...]
"""The suffix of the sample's name, then the values of the labels that the record does not have."""
Sample = tuple[Key, float]

Exemplar = tuple[str, float]
"""The id of a run that a counter counted, and the Unix time at which it ended."""

PLAIN: Final[Key] = ("",)


def key_of(value: str) -> Key:
    """The key of a sample with one label value, or none where it is empty."""
    return ("", value) if value else PLAIN


OF_RECORDS: Final = ("target", "probe")
"""The labels of all series of a probe's record. A target's record has only the first."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """`name` is the name in the text format: with `_total` and `_info`, without `_bucket`."""

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def stem(self) -> str:
        """The name that OpenMetrics and prometheus_client give the family."""
        return self.name.removesuffix({"counter": "_total", "info": "_info"}.get(self.type, ""))

    @property
    def unit(self) -> str:
        """The base unit at the end of the name, or an empty text."""
        last = self.stem.rpartition("_")[2]
        return last if last in ("seconds", "bytes") else ""

    def names_of(self, key: Key) -> tuple[str, ...]:
        """The names of the labels whose values follow the suffix in `key`."""
        own = tuple(label for label in self.labels if label not in OF_RECORDS)
        return (*own, "le") if key[0] == "_bucket" else own


@dataclass(frozen=True, kw_only=True)
class DynamicSeriesFamily(Family, Generic[Record]):
    """A family whose records may have different series: `read` returns the samples of a record."""

    read: Callable[[Record], Iterable[Sample]]
    exemplars: Callable[[Record], Mapping[Key, Exemplar]] | None = None
    """For OpenMetrics, of some of the samples."""
    by_run: bool = False
    """Whether only runs change its values: then its lines are cached until the next run."""


@dataclass(frozen=True, kw_only=True)
class FixedSeriesFamily(Family, Generic[Record]):
    """A family whose records all have the same series, or none: one value for each of `keys`.

    Most families are of this type. They are written a record at a time instead of a line at a time.
    """

    keys: tuple[Key, ...] = (PLAIN,)
    values: Callable[[Record], tuple[float, ...]]
    by_run: bool = False

    def read(self, record: Record) -> Iterable[Sample]:
        """The samples of a record."""
        return zip(self.keys, self.values(record), strict=False)
