"""What a metric family is: its words, and where its samples come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

Type = Literal["counter", "gauge", "histogram", "info"]
Record = TypeVar("Record")

Key = tuple[str, ...]
"""What a sample adds to its family's name, then the values of the labels that its record does not give."""
Sample = tuple[Key, float]

PLAIN: Final[Key] = ("",)

OF_RECORDS: Final = ("target", "probe")
"""The labels that a record gives to all of its series; that of a target has the first of them only."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """`name` is that of the samples in the text format: with `_total` and `_info`, without `_bucket`."""

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
        """The base unit that the name ends with, or nothing."""
        last = self.stem.rpartition("_")[2]
        return last if last in ("seconds", "bytes") else ""

    def names_of(self, key: Key) -> tuple[str, ...]:
        """The names of the labels whose values follow the suffix in `key`."""
        if key[0] == "_bucket":
            return ("le",)
        return tuple(label for label in self.labels if label not in OF_RECORDS)


@dataclass(frozen=True, kw_only=True)
class DynamicSeriesFamily(Family, Generic[Record]):
    """A family whose numbers stand in records; `read` takes them out."""

    read: Callable[[Record], Iterable[Sample]]
    by_run: bool = False
    """Whether nothing but a run changes its numbers, so that its lines are good until the next one."""


@dataclass(frozen=True, kw_only=True)
class FixedSeriesFamily(Family, Generic[Record]):
    """Likewise one in which a record has the same series as every other, or none: one value for each of `keys`.

    Most of the page is such: it can be written a record at a time instead of a line at a time.
    """

    keys: tuple[Key, ...] = (PLAIN,)
    values: Callable[[Record], tuple[float, ...]]
    by_run: bool = False

    def read(self, record: Record) -> Iterable[Sample]:
        """The samples of a record."""
        return zip(self.keys, self.values(record), strict=False)
