"""The report for a terminal: a table of targets, then incidents and changed contracts, the latest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from prober.availability_report.document import Report, Summary, TargetReport
from prober.report.formatting import counted, duration, exactly, percent
from prober.report.untrusted import line

_MOST_INCIDENTS: Final = 20
NO_DATA: Final = "no data"
_RIGHT: Final = frozenset(range(1, 8))
_HEADINGS: Final = ("", "availability", "objective", "budget spent", "incidents", "failing for", "p50", "p95")


def lines(report: Report) -> Iterator[str]:
    """No line is cut: names are there to be copied."""
    yield f"{exactly(report.since)} to {exactly(report.until)}"
    if report.exact_since > report.since:
        yield f"before {exactly(report.exact_since)} by the hour: the runs are not kept any more"
    yield ""
    rows = [_HEADINGS, *(_target_row(each) for each in report.targets)]
    rows += [
        _row(f"tag {each.name}" if each.label is None else each.name, each.summary, "", "") for each in report.groups
    ]
    rows.append(_row(f"{counted(report.fleet.targets, 'target')}", report.fleet, "", ""))
    yield from _aligned(rows)
    if apart := report.fleet.counts.in_maintenance:
        yield f"{counted(apart, 'run')} in maintenance not counted"
    yield from _incidents(report)
    yield from _changes(report)


def _target_row(each: TargetReport) -> tuple[str, ...]:
    objective = f"{each.target.objective:g} %" if each.target is not None else "-"
    return _row(each.summary.name, each.summary, objective, spent(each.budget_spent))


def spent(share: float | None) -> str:
    """`42 %`, and for more than ten times the budget only that."""
    if share is None:
        return "-"
    return "over 1000 %" if share > 10 else f"{share * 100:.0f} %"


def _row(name: str, summary: Summary, objective: str, budget: str) -> tuple[str, ...]:
    availability, p50, p95 = summary.counts.availability, summary.percentiles[50], summary.percentiles[95]
    return (
        line(name),
        NO_DATA if availability is None else percent(availability),
        objective,
        budget,
        str(summary.incidents or "-"),
        duration(summary.incident_seconds) if summary.incidents else "-",
        "-" if p50 is None else duration(p50),
        "-" if p95 is None else duration(p95),
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            " " * (width - cell_len(cell)) + cell if number in _RIGHT else cell + " " * (width - cell_len(cell))
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _incidents(report: Report) -> Iterator[str]:
    incidents = report.incidents
    if not incidents:
        return
    yield ""
    yield f"{counted(len(incidents), 'incident')}, the latest first:"
    for name, incident in incidents[:_MOST_INCIDENTS]:
        took = duration(report.seconds(incident))
        reasons = ", ".join(f"{reason} ({count})" for reason, count in incident.reasons.items())
        state = f"for {took}" if incident.until is not None else f"for {took}, goes on"
        yield f"  {exactly(incident.since)}  {line(name)}  {state}: {reasons} ({line(', '.join(incident.probes))})"
        for note in incident.notes:
            yield f"    {exactly(note.at)}  {line(note.text)}"
    if len(incidents) > _MOST_INCIDENTS:
        yield f"  and {len(incidents) - _MOST_INCIDENTS} more: --output csv-incidents has them all"


def _changes(report: Report) -> Iterator[str]:
    found = [(change, each.summary.name) for each in report.targets for change in each.past.contract_changes]
    if not found:
        return
    yield ""
    yield f"{counted(len(found), 'changed contract')}:"
    for change, name in sorted(found, key=lambda pair: pair[0].at, reverse=True):
        yield f"  {exactly(change.at)}  {line(name)}  {line(change.message)}"
