"""The declaration of a kind of probe: settings, rules, reasons, metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from prober.config.cursor import Cursor
from prober.config.mapping_schema import MappingSchema
from prober.outcome import Reason


def _the_probe_itself(cursor: Cursor) -> Iterable[Cursor]:
    return (cursor,)


@dataclass(frozen=True, kw_only=True)
class FactMetric:
    """A metric family made of the facts of a kind's runs, labelled by `target` and `probe`.

    A gauge shows the facts of the last run that had them. A counter adds them up.
    """

    name: str
    type: Literal["counter", "gauge"]
    help: str
    facts: Mapping[str, str]
    """Value of `label` to name of fact; without a label, the empty text to the one fact."""
    label: str = ""
    from_zero: Callable[[Any], Iterable[str]] | None = None
    """Of a counter, the label values that a probe with these settings begins with; None is all of them."""
    in_a_pass: tuple[str, str] | None = None
    """Name and help of the gauge in the report of a single pass, where they differ: a pass has no counters."""


@dataclass(frozen=True, kw_only=True)
class ProbeKind:
    """One kind of probe, declared in its own folder and known by the folder's name."""

    rank: int
    """Its place in tables and messages: kinds that ask little of a server come first."""
    help: str
    settings: MappingSchema[Any]
    """The keys of the kind, beside the keys of every probe."""
    reasons: Callable[[Any], Collection[Reason]]
    """Why a run with these settings may not pass, beside what can happen to every run: a counter of each starts at
    zero."""
    metrics: tuple[FactMetric, ...] = ()
    answers: Callable[[Cursor], Iterable[Cursor]] = _the_probe_itself
    """Where in the probe answers are judged: mappings that may have a `latency`."""
    writes_need_target: bool = False
    """Whether `allow_writes` has to stand on the target as well."""
