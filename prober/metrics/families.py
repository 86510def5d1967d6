"""The table of all metric families: name, type, help, labels, and how to read the values.

The table leaves out `location`: it is a label of every family if the prober was started with a location.

- Counters and histograms start at zero. Of a probe that has not run yet there is no more than `mcp_probe_info` and what
  the configuration says of it: a success of 0 or 1 would claim that a run had looked.
- The result of a run is `pass` or a symptom (`prober.outcome.Symptom`). The symptom `unknown` is never the target's
  failure: an objective divides passes by the runs of all other results.
- `mcp_probe_failure_info` has the exact reason, one series while the last run did not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector

from prober.config.kind import FactMetric
from prober.kinds import all_kinds, fact_metrics
from prober.metrics.family import OF_RECORDS, DynamicSeriesFamily, Family, FixedSeriesFamily, Key, Sample
from prober.metrics.records import ProbeRecord
from prober.metrics.self_families import OF_PROBER
from prober.metrics.target_record import DURATION_BUCKETS, RESTARTS, Histogram, TargetRecord


class Row(NamedTuple):
    """A family for documentation tables and tests. `labels` leaves out `le` and `location`."""

    name: str
    type: str
    labels: tuple[str, ...]
    help: str


def families() -> list[Row]:
    """Every family, in the order of the page; last the families of prometheus_client's ProcessCollector."""
    table: tuple[Family, ...] = (*OF_PROBES, *OF_TARGETS, *OF_PROBER)
    process = ProcessCollector(registry=CollectorRegistry()).collect()
    return [
        *(Row(each.name, each.type, each.labels, each.help) for each in table),
        *(Row(each.name + "_total" * (each.type == "counter"), each.type, (), each.documentation) for each in process),
    ]


def _one(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


_CAUSE_KEYS: Final = {cause: ("", cause.value) for cause in RESTARTS}
_LEVEL_KEYS: Final = {level: ("", level) for level in ("warn", "fail")}
_BOUNDS: Final = (*map(repr, DURATION_BUCKETS), "+Inf")


def _histograms(by_kind: Mapping[str, Histogram]) -> Iterator[Sample]:
    for kind, histogram in by_kind.items():
        total = 0
        for bound, count in zip(_BOUNDS, histogram.counts, strict=True):
            total += count
            yield ("_bucket", kind, bound), total
        yield ("_count", kind), total
        yield ("_sum", kind), histogram.sum


def _streak(record: ProbeRecord) -> Iterator[Sample]:
    count, symptom = record.streak(record.probe)
    if symptom is not None:
        yield ("", symptom.value), count


_PROBE: Final = OF_RECORDS
_NOTHING: Final[Mapping[Key, float]] = {}


def _of_kind(metric: FactMetric) -> DynamicSeriesFamily[ProbeRecord]:
    """The family that a kind declares for its facts."""
    name = metric.name
    return DynamicSeriesFamily(
        name=name,
        by_run=True,
        type=metric.type,
        labels=(*_PROBE, metric.label) if metric.label else _PROBE,
        help=metric.help,
        read=lambda p: () if p.learnt is None else p.learnt.get(name, _NOTHING).items(),
    )


def _of_target(metric: FactMetric) -> DynamicSeriesFamily[TargetRecord]:
    """The family that a kind declares for the target of its facts."""
    name = metric.name
    return DynamicSeriesFamily(
        name=name,
        by_run=True,
        type=metric.type,
        labels=("target", metric.label) if metric.label else ("target",),
        help=metric.help,
        read=lambda t: t.of_kinds.get(name, _NOTHING).items(),
    )


OF_PROBES: Final[tuple[DynamicSeriesFamily[ProbeRecord] | FixedSeriesFamily[ProbeRecord], ...]] = (
    DynamicSeriesFamily(
        name="mcp_probe_info",
        type="info",
        labels=(*_PROBE, "kind"),
        help="The probe is configured and runs here, always 1.",
        read=lambda p: ((("", p.kind), 1),),
    ),
    FixedSeriesFamily(
        name="mcp_probe_success",
        by_run=True,
        type="gauge",
        labels=_PROBE,
        help="Whether the last run of the probe passed: 1 if so, else 0; mcp_probe_failure_info says why."
        " No series before the first run.",
        values=lambda p: () if p.success is None else (int(p.success),),
    ),
    DynamicSeriesFamily(
        name="mcp_probe_failure_info",
        by_run=True,
        type="info",
        labels=(*_PROBE, "reason", "symptom"),
        help="Why the last run of the probe did not pass, always 1; no series while it passes. The symptom is"
        " unknown where the prober took the verdict back, whatever the reason.",
        read=lambda p: () if p.failing is None else ((("", *p.failing), 1),),
    ),
    DynamicSeriesFamily(
        name="mcp_probe_consecutive_failures",
        type="gauge",
        labels=(*_PROBE, "symptom"),
        help="Runs of the probe that failed in a row with the symptom of the last failure; no series while there is"
        " none. A run that could not tell neither counts nor ends them; a pass does, and so does a run in maintenance.",
        read=_streak,
    ),
    FixedSeriesFamily(
        name="mcp_probe_consecutive_slow_runs",
        by_run=True,
        type="gauge",
        labels=_PROBE,
        help="Runs of the probe in a row whose latency was over the level warn of its budget, passed or not; no series"
        " while there is none.",
        values=lambda p: (p.slow,) if p.slow else (),
    ),
    DynamicSeriesFamily(
        name="mcp_probe_runs_total",
        by_run=True,
        type="counter",
        labels=(*_PROBE, "result"),
        help="Runs of the probe by result: pass, or the symptom of what went wrong; unknown where the prober could not"
        " tell, which is no failure of the target.",
        read=lambda p: [(("", result), count) for result, count in p.results.items()],
        exemplars=lambda p: {("", result): exemplar for result, exemplar in p.exemplars.items()},
    ),
    FixedSeriesFamily(
        name="mcp_probe_latency_seconds",
        type="gauge",
        labels=_PROBE,
        help="Seconds that the judged request of the last run took, connecting not counted;"
        " no series where the last run has none.",
        values=lambda p: _one(p.latency),
    ),
    FixedSeriesFamily(
        name="mcp_probe_start_seconds",
        type="gauge",
        labels=_PROBE,
        help="Seconds that the process of a stdio server took in the last run from its start to its first answer;"
        " no series over HTTP, or where the run went on with a kept process.",
        values=lambda p: _one(p.start),
    ),
    FixedSeriesFamily(
        name="mcp_probe_close_seconds",
        type="gauge",
        labels=_PROBE,
        help="Seconds that the process of a stdio server took to leave at the end of the last run;"
        " no series where the run did not come to that.",
        values=lambda p: _one(p.close),
    ),
    FixedSeriesFamily(
        name="mcp_probe_last_run_timestamp_seconds",
        type="gauge",
        labels=_PROBE,
        help="Unix time at which the last run of the probe ended; no series before the first.",
        values=lambda p: _one(p.last_run),
    ),
    FixedSeriesFamily(
        name="mcp_probe_last_success_timestamp_seconds",
        type="gauge",
        labels=_PROBE,
        help="Unix time at which the last run that passed ended; no series before the first.",
        values=lambda p: _one(p.last_success),
    ),
    FixedSeriesFamily(
        name="mcp_probe_interval_seconds",
        type="gauge",
        labels=_PROBE,
        help="Seconds between two runs of the probe; no series where a cron expression says when it runs.",
        values=lambda p: _one(p.interval),
    ),
    DynamicSeriesFamily(
        name="mcp_probe_latency_budget_seconds",
        type="gauge",
        labels=(*_PROBE, "level"),
        help="Seconds of latency from which on the probe warns or fails; no series where no budget is set.",
        read=lambda p: [(_LEVEL_KEYS[level], seconds) for level, seconds in p.budgets],
    ),
    FixedSeriesFamily(
        name="mcp_probe_maintenance",
        type="gauge",
        labels=_PROBE,
        help="Whether the probe or its target is in a maintenance window at this moment: 1 if so, else 0; no series"
        " where no window is configured.",
        values=lambda p: () if p.in_maintenance is None else (int(p.in_maintenance(p.probe)),),
    ),
    *map(_of_kind, fact_metrics()),
)

OF_TARGETS: Final[tuple[DynamicSeriesFamily[TargetRecord] | FixedSeriesFamily[TargetRecord], ...]] = (
    DynamicSeriesFamily(
        name="mcp_target_info",
        by_run=True,
        type="info",
        labels=("target", "era", "protocol_version", "server_name", "server_version"),
        help="What was last negotiated with the target and what its server said of itself, always 1;"
        " no series before a run got that far.",
        read=lambda t: () if t.server is None else ((("", *t.server), 1),),
    ),
    DynamicSeriesFamily(
        name="mcp_target_label_info",
        by_run=True,
        type="info",
        labels=("target", "label", "value"),
        help="A label that the configuration or a source gives the target, always 1: rules and dashboards join by it.",
        read=lambda t: [(("", *pair), 1) for pair in t.given],
    ),
    DynamicSeriesFamily(
        name="mcp_target_run_duration_seconds",
        by_run=True,
        type="histogram",
        labels=("target", "kind"),
        buckets=DURATION_BUCKETS,
        help="Seconds that runs of the target's probes took from start to verdict, by the kind of the probe.",
        read=lambda t: _histograms(t.durations),
    ),
    DynamicSeriesFamily(
        name="mcp_target_latency_seconds",
        by_run=True,
        type="histogram",
        labels=("target", "kind"),
        buckets=DURATION_BUCKETS,
        help="Seconds that the judged requests of runs took, connecting not counted, by the kind of the probe.",
        read=lambda t: _histograms(t.latencies),
    ),
    DynamicSeriesFamily(
        name="mcp_target_phase_seconds_total",
        by_run=True,
        type="counter",
        labels=("target", "kind", "phase"),
        help="Seconds that runs of the target's probes spent in each phase of their exchanges, by the kind of the"
        " probe; a phase begins with the first run that has it.",
        read=lambda t: [(("", kind, phase.value), seconds) for (kind, phase), seconds in t.phases.items()],
    ),
    FixedSeriesFamily(
        name="mcp_target_objective_ratio",
        type="gauge",
        labels=("target",),
        help="Share of the target's runs that shall pass, as the configuration says.",
        values=lambda t: (round(t.objective / 100, 9),),
    ),
    FixedSeriesFamily(
        name="mcp_target_tools",
        type="gauge",
        labels=("target",),
        help="Tools that the target listed last; no series before.",
        values=lambda t: _one(t.tools),
    ),
    FixedSeriesFamily(
        name="mcp_target_tools_bytes",
        type="gauge",
        labels=("target",),
        help="Bytes that the tools that the target listed last take as JSON without blanks, a quarter of which is an"
        " estimate of their tokens; no series before.",
        values=lambda t: _one(t.tools_bytes),
    ),
    *(_of_target(metric) for kind in all_kinds().values() for metric in kind.target_metrics),
    FixedSeriesFamily(
        name="mcp_target_certificate_expiry_timestamp_seconds",
        type="gauge",
        labels=("target",),
        help="Unix time at which the target's TLS certificate expires; no series before it was seen.",
        values=lambda t: _one(t.certificate_expiry),
    ),
    DynamicSeriesFamily(
        name="mcp_target_token_expiry_timestamp_seconds",
        by_run=True,
        type="gauge",
        labels=("target", "renewal"),
        help="Unix time at which the token that the target's probes send expires, as far as it says so: renewal is none"
        " for a token that the configuration holds, automatic for one that the prober fetches anew; no series before.",
        read=lambda t: t.token_expiry.items(),
    ),
    FixedSeriesFamily(
        name="mcp_target_budget_remaining",
        type="gauge",
        labels=("target",),
        help="Requests that the target's budget has left at this moment; no series where no budget is set.",
        values=lambda t: () if t.budget is None else _one(t.budget(t.name)),
    ),
    DynamicSeriesFamily(
        name="mcp_target_process_restarts_total",
        type="counter",
        labels=("target", "cause"),
        help="Processes kept between the runs of the target that ended, to be replaced by the next run: died or broken"
        " between two runs, failed in a run, aged, or reloaded; no series where none is kept.",
        read=lambda t: () if t.restarts is None else [(_CAUSE_KEYS[cause], n) for cause, n in t.restarts.items()],
    ),
)
