"""The report as values, and as the JSON document whose schema is `report.schema.json` beside this file.

Availability is the share of runs that passed, of those that could tell: runs in maintenance and runs that are `unknown`
are counted apart. Without a run that could tell it is null, never 100 %. The error budget is what the objective leaves
for failures: half of it is spent when half as many runs failed as may fail.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from prober.config.model import Target
from prober.history.availability import Availability, Counts, TargetAvailability
from prober.history.incidents import Incident
from prober.history.run_times import RunTimes
from prober.report.formatting import rfc3339
from prober.report.json_report import rounded, text_or_null

PERCENTILES: Final = (50, 95, 99)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One line of the report."""

    name: str
    targets: int
    counts: Counts
    percentiles: Mapping[int, float | None]
    """Of how long runs took, in seconds."""
    percentiles_are_exact: bool
    incidents: int
    incident_seconds: float
    """Together: of several targets it may be more than the time itself."""


@dataclass(frozen=True, kw_only=True)
class GroupReport:
    """The line of the targets that have a tag, or a label with one value."""

    label: str | None
    """The name of the label; None for a tag. Its value, or the tag, is the name of the summary."""
    summary: Summary

    @property
    def name(self) -> str:
        """`team:search` for a label, as the status page writes it; else the tag."""
        return self.summary.name if self.label is None else f"{self.label}:{self.summary.name}"


@dataclass(frozen=True, kw_only=True)
class TargetReport:
    """One target: its line, and what happened to it."""

    summary: Summary
    past: TargetAvailability
    target: Target | None
    """As it is configured; None where it is not, or not any more."""

    @property
    def budget_spent(self) -> float | None:
        """The share of its error budget that is spent, more than 1 where the objective was missed."""
        availability = self.summary.counts.availability
        if self.target is None or availability is None:
            return None
        allowed = 1 - self.target.objective / 100
        failed = 1 - availability
        return failed / allowed if allowed > 0 else (0.0 if failed == 0 else None)


@dataclass(frozen=True, kw_only=True)
class Report:
    """All targets of a stretch of time, from `since` up to and without `until`."""

    since: datetime
    until: datetime
    exact_since: datetime
    """From here on figures are made of runs, before of hours."""
    generated_at: datetime
    fleet: Summary
    groups: Sequence[GroupReport]
    """One for each tag, then one for each value of each label."""
    targets: Sequence[TargetReport]
    """Ordered by name."""

    @property
    def incidents(self) -> list[tuple[str, Incident]]:
        """Those of all targets with the name of the target, the latest first."""
        found = [(each.summary.name, incident) for each in self.targets for incident in each.past.incidents]
        return sorted(found, key=lambda pair: pair[1].since, reverse=True)

    def seconds(self, incident: Incident) -> float:
        """How long an incident was in this time; one that goes on counts to its end, or to now."""
        return incident.seconds(min(self.until, self.generated_at))


def report_of(
    past: Availability, *, configured: Mapping[str, Target], now: datetime, targets: Sequence[str] = ()
) -> Report:
    """The report of the targets that fit one of these patterns, of all if there is none.

    `configured` gives objectives, tags and labels by the name of the target. A configured target without a run is in
    the report, without data.
    """
    names = sorted(name for name in {*past.targets, *configured} if not targets or _fits(name, targets))
    end = min(past.until, now)
    pasts = {name: past.targets.get(name) or TargetAvailability(target=name) for name in names}
    groups = _groups({name: configured[name] for name in names if name in configured})
    return Report(
        since=past.since,
        until=past.until,
        exact_since=past.exact_since,
        generated_at=now,
        fleet=_summary("all targets", pasts.values(), end),
        groups=[
            GroupReport(label=label, summary=_summary(value, [pasts[name] for name in members], end))
            for (label, value), members in groups.items()
        ],
        targets=[
            TargetReport(summary=_summary(name, [each], end), past=each, target=configured.get(name))
            for name, each in pasts.items()
        ],
    )


def _groups(targets: Mapping[str, Target]) -> dict[tuple[str | None, str], list[str]]:
    """The names of the targets by tag (without a label's name), and by label and value, in order.

    A label of which each target has a value of its own makes no groups: each would repeat a target's line.
    """
    found: dict[tuple[str | None, str], list[str]] = defaultdict(list)
    for name, target in targets.items():
        for key in (*((None, tag) for tag in target.tags), *target.labels.items()):
            found[key].append(name)
    largest = Counter[str | None]()
    for (label, _), members in found.items():
        largest[label] = max(largest[label], len(members))
    kept = (key for key in found if key[0] is None or largest[key[0]] > 1 or len(targets) == 1)
    return {key: found[key] for key in sorted(kept, key=lambda key: (key[0] is not None, key[0] or "", key[1]))}


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _summary(name: str, pasts: Iterable[TargetAvailability], end: datetime) -> Summary:
    pasts = list(pasts)
    counts, times = Counts(), RunTimes()
    for past in pasts:
        counts.add(past.counts)
        times.add(past.run_times)
    incidents = [incident for past in pasts for incident in past.incidents]
    return Summary(
        name=name,
        targets=len(pasts),
        counts=counts,
        percentiles={percent: times.percentile(percent) for percent in PERCENTILES},
        percentiles_are_exact=times.exact,
        incidents=len(incidents),
        incident_seconds=sum(incident.seconds(end) for incident in incidents),
    )


def as_json(report: Report) -> dict[str, Any]:
    """Every key is always there; an unknown value is null. Times are RFC 3339 in UTC, durations seconds."""
    return {
        "since": rfc3339(report.since),
        "until": rfc3339(report.until),
        "exact_since": rfc3339(report.exact_since),
        "generated_at": rfc3339(report.generated_at),
        "fleet": _summary_document(report.fleet),
        "groups": [
            {"group": each.summary.name, "label": each.label, **_summary_document(each.summary)}
            for each in report.groups
        ],
        "targets": [_target_document(each, report) for each in report.targets],
    }


def _summary_document(summary: Summary) -> dict[str, Any]:
    return {
        "targets": summary.targets,
        "runs": _counts_document(summary.counts),
        "availability": _ratio(summary.counts.availability),
        **{
            f"p{percent}_seconds": None if value is None else rounded(value)
            for percent, value in summary.percentiles.items()
        },
        "percentiles_are_exact": summary.percentiles_are_exact,
        "incidents": summary.incidents,
        "incident_seconds": rounded(summary.incident_seconds),
    }


def _target_document(each: TargetReport, report: Report) -> dict[str, Any]:
    target, past = each.target, each.past
    summary = _summary_document(each.summary)
    return {
        "target": each.summary.name,
        "configured": target is not None,
        "tags": list(target.tags) if target is not None else [],
        "labels": dict(target.labels) if target is not None else {},
        "objective": round(target.objective / 100, 9) if target is not None else None,
        "error_budget_spent": _ratio(each.budget_spent),
        **{key: value for key, value in summary.items() if key not in ("targets", "incidents")},
        "probes": [
            {"probe": name, "runs": _counts_document(counts), "availability": _ratio(counts.availability)}
            for name, counts in sorted(past.probes.items())
        ],
        "incidents": [
            {
                "since": rfc3339(incident.since),
                "until": rfc3339(incident.until) if incident.until is not None else None,
                "seconds": rounded(report.seconds(incident)),
                "exact": incident.exact,
                "probes": list(incident.probes),
                "reasons": dict(incident.reasons),
                "notes": [{"at": rfc3339(note.at), "text": note.text} for note in incident.notes],
            }
            for incident in past.incidents
        ],
        "contract_changes": [
            {"at": rfc3339(change.at), "probe": change.probe, "message": text_or_null(change.message)}
            for change in past.contract_changes
        ],
    }


def _counts_document(counts: Counts) -> dict[str, int]:
    return {
        "passed": counts.passed,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "in_maintenance": counts.in_maintenance,
    }


def _ratio(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
