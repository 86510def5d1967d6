"""The report for a spreadsheet: a row for each target, tag, label and the fleet; or one for each incident. RFC 4180."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from prober.availability_report.document import PERCENTILES, Report, Summary
from prober.report.formatting import rfc3339
from prober.report.untrusted import line

_FORMULA: Final = ("=", "+", "-", "@", "\t")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


def lines(report: Report) -> str:
    """A row for each target, then for each tag and each value of a label, then for all targets together."""
    rows = [
        {
            "scope": "target",
            **_figures(each.summary),
            "objective": each.target.objective / 100 if each.target is not None else None,
            "error_budget_spent": _rounded(each.budget_spent),
        }
        for each in report.targets
    ]
    rows += [
        {"scope": "tag" if each.label is None else "label", **_figures(each.summary), "name": each.name}
        for each in report.groups
    ]
    rows.append({"scope": "fleet", **_figures(report.fleet)})
    return _table([*rows[0]] if report.targets else [*rows[-1], "objective", "error_budget_spent"], rows)


def incident_lines(report: Report) -> str:
    """A row for each incident, the latest first."""
    columns = ("target", "since", "until", "seconds", "exact", "probes", "reasons", "notes")
    rows = (
        {
            "target": name,
            "since": rfc3339(incident.since),
            "until": rfc3339(incident.until) if incident.until is not None else None,
            "seconds": round(report.seconds(incident), 3),
            "exact": str(incident.exact).lower(),
            "probes": " ".join(incident.probes),
            "reasons": " ".join(f"{reason}:{count}" for reason, count in incident.reasons.items()),
            "notes": "; ".join(note.text for note in incident.notes),
        }
        for name, incident in report.incidents
    )
    return _table(columns, rows)


def _figures(summary: Summary) -> dict[str, Any]:
    counts = summary.counts
    return {
        "name": summary.name,
        "targets": summary.targets,
        "availability": _rounded(counts.availability),
        "passed": counts.passed,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "in_maintenance": counts.in_maintenance,
        "incidents": summary.incidents,
        "incident_seconds": round(summary.incident_seconds, 3),
        **{f"p{percent}_seconds": _rounded(summary.percentiles[percent]) for percent in PERCENTILES},
    }


def _table(columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    shown = line(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
