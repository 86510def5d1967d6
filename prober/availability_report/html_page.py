"""The report as one HTML file: it fetches nothing, runs no script, and prints well. Every text is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from prober.availability_report.document import Report, Summary, TargetReport
from prober.availability_report.text import NO_DATA, spent
from prober.report.formatting import counted, duration, exactly, percent
from prober.report.untrusted import line

_TEMPLATE: Final = Path(__file__).with_name("report.html")
_MOST_INCIDENTS: Final = 500
"""In the file: a page of a thousand flapping targets could not be read."""


@dataclass(frozen=True, kw_only=True)
class _Line:
    """What the template shows of one summary."""

    name: str
    state: str
    """`met`, `missed`, `no-data`, or `plain` where there is no objective."""
    availability: str
    objective: str
    spent: str
    spent_share: float
    """From 0 to 1, for the bar."""
    incidents: str
    failing: str
    percentiles: tuple[str, ...]
    apart: str
    """Runs that are not counted."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """An incident, or a changed contract."""

    at: str
    target: str
    took: str
    text: str
    probes: str = ""
    notes: tuple[str, ...] = ()


def page(report: Report) -> str:
    """The file's text."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    incidents = report.incidents
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        since=exactly(report.since),
        until=exactly(report.until),
        made=exactly(report.generated_at),
        by_hour=exactly(report.exact_since) if report.exact_since > report.since else None,
        fleet=_line(report.fleet, None),
        targets_counted=counted(report.fleet.targets, "target"),
        objectives=_objectives(report),
        groups=[
            (label or "tag", [_line(each.summary, None) for each in of_label])
            for label, of_label in groupby(report.groups, key=lambda each: each.label)
        ],
        targets=[_line(each.summary, each) for each in report.targets],
        incidents=[
            _Row(
                at=exactly(incident.since),
                target=line(name),
                took=duration(report.seconds(incident)) + ("" if incident.until is not None else ", goes on"),
                text=", ".join(f"{reason} ({count})" for reason, count in incident.reasons.items()),
                probes=line(", ".join(incident.probes)),
                notes=tuple(f"{exactly(note.at)}: {line(note.text)}" for note in incident.notes),
            )
            for name, incident in incidents[:_MOST_INCIDENTS]
        ],
        more_incidents=max(0, len(incidents) - _MOST_INCIDENTS),
        changes=[
            _Row(
                at=exactly(change.at), target=each.summary.name, took="", text=line(change.message), probes=change.probe
            )
            for each in report.targets
            for change in each.past.contract_changes
        ],
    )


def _objectives(report: Report) -> str:
    spent_shares = [each.budget_spent for each in report.targets if each.budget_spent is not None]
    if not spent_shares:
        return NO_DATA
    return f"{sum(share <= 1 for share in spent_shares)} of {len(spent_shares)}"


def _line(summary: Summary, each: TargetReport | None) -> _Line:
    counts, budget = summary.counts, each.budget_spent if each is not None else None
    known = counts.availability is not None
    state = "no-data" if not known else "plain" if budget is None else "met" if budget <= 1 else "missed"
    apart = [
        f"{number:,} {what}"
        for number, what in ((counts.in_maintenance, "in maintenance"), (counts.unknown, "unknown"))
        if number
    ]
    return _Line(
        name=line(summary.name),
        state=state,
        availability=percent(counts.availability) if counts.availability is not None else NO_DATA,
        objective=f"{each.target.objective:g} %" if each is not None and each.target is not None else "",
        spent=spent(budget) if budget is not None else "",
        spent_share=min(budget or 0.0, 1.0),
        incidents=str(summary.incidents) if known else "",
        failing=duration(summary.incident_seconds) if summary.incidents else "",
        percentiles=tuple("" if value is None else duration(value) for value in summary.percentiles.values()),
        apart=", ".join(apart),
    )
