"""The declaration of a kind of probe: settings, rules, reasons, metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from prober.config.document.cursor import Cursor
from prober.config.fields.mapping_schema import MappingSchema
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
    """By value of `label`, the name of the fact; without a label, the key is the empty text."""
    label: str = ""
    from_zero: Callable[[Any], Iterable[str]] | None = None
    """The label values of a counter that start at zero for a probe with these settings; None means all."""
    in_a_pass: tuple[str, str] | None = None
    """Name and help of the gauge in the report of `run`, if they differ: a single pass has no counters."""


@dataclass(frozen=True, kw_only=True)
class ProbeKind:
    """One kind of probe, declared in its own folder and known by the folder's name."""

    rank: int
    """Its position in tables and messages: kinds with few requests come first."""
    help: str
    settings: MappingSchema[Any]
    """The keys of the kind, beside the keys of every probe."""
    reasons: Callable[[Any], Collection[Reason]]
    """The reasons that a run with these settings can end with, beside the reasons of all runs."""
    next_steps: Mapping[Reason, str] = field(default_factory=dict)
    """What to do about a reason, where a run of this kind needs other words than those of `prober.reasons`."""
    metrics: tuple[FactMetric, ...] = ()
    target_metrics: tuple[FactMetric, ...] = ()
    """Gauges of the target, labelled by `target` and no probe: the latest run that had the facts has the last word."""
    answers: Callable[[Cursor], Iterable[Cursor]] = _the_probe_itself
    """The mappings of the probe that may have a `latency`."""
    own_process: bool = False
    """Whether each run starts a process of its own on stdio, also where the target keeps one."""
    needs_http: bool = False
    """Whether the target must be one of Streamable HTTP."""
    beside: bool = False
    """Whether its runs only wait, for minutes: then they take no turn of other runs."""
    writes_need_target: bool = False
    """Whether the target must have `allow_writes` as well."""
