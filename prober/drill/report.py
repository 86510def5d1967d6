"""The report of a drill: a table for people, a document for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from prober.drill.findings import Finding, ObservedChange, Report
from prober.report.tty import columns, is_terminal

_WIDTH: Final = 180
"""Columns if the output is no terminal: a row of the table is a line of a log."""
_HEADINGS: Final = ("fault", "probe says", "metric", "alert", "probe", "alert", "resolved", "verdict")
_TIMES: Final = (4, 5, 6)
_DIGITS: Final = 3


def write_table(report: Report, stream: TextIO) -> None:
    """Write a row for each fault. Times are seconds until the probe saw it, until its alert, and until its end."""
    width = columns(stream) if is_terminal(stream) else _WIDTH
    console = Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="right" if number in _TIMES else "left", overflow="fold")
    for finding in report.findings:
        table.add_row(*_cells(finding))
    console.print(table)
    for line in (*_notes(report), _summary(report)):
        console.print(line, soft_wrap=True)


def write_json(report: Report, stream: TextIO) -> None:
    """Write one document. Version 1 may gain keys; no key is removed or changes its meaning."""
    document = {
        "version": 1,
        "started_at": report.started_at.isoformat(),
        "duration_seconds": round(report.seconds, _DIGITS),
        "speed": report.speed,
        "alerts": report.chain is None,
        "as_expected": report.as_expected,
        "own_alerts": report.own,
        "faults": [_finding(finding) for finding in report.findings],
        "deliveries": [
            {**asdict(each.destination), "sent": each.sent, "failed": each.failed, "why": each.why}
            for each in report.deliveries
        ],
    }
    json.dump(document, stream, indent=2)
    stream.write("\n")


def _finding(finding: Finding) -> dict[str, Any]:
    shown = {
        key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in asdict(finding).items()
    }
    return {**shown, "as_expected": finding.as_expected, "troubles": finding.troubles}


def _cells(finding: Finding) -> list[Text]:
    alert = finding.alert["alertname"] if finding.alert else "" if finding.expected_alert else "not looked for"
    verdict = Text("as expected", "green") if finding.as_expected else Text("NOT as expected", "bold red")
    return [
        Text(finding.fault, "bold"),
        Text(finding.reason or "pass"),
        Text(_change(finding.metric)),
        Text(alert),
        *(Text(_seconds(each)) for each in (finding.probe_seconds, finding.alert_seconds, finding.resolved_seconds)),
        verdict,
    ]


def _change(change: ObservedChange | None) -> str:
    if change is None:
        return "none moved"
    labels = {name: value for name, value in change.labels.items() if name == "severity"}  # other columns show the rest
    shown = ",".join(f'{name}="{value}"' for name, value in labels.items())
    series = f"{change.family}{{{shown}}}" if shown else change.family
    return f"{series} {change.before:.3g} → {change.after:.3g}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _notes(report: Report) -> list[Text]:
    notes = [Text()]
    for finding in report.findings:
        notes += [Text(f"{finding.fault}: {trouble}", "bold red") for trouble in finding.troubles]
    if report.chain is not None:
        notes.append(Text(f"No alerts were looked for: {report.chain}", "yellow"))
    notes += _deliveries(report)
    echoes = sorted({echo for finding in report.findings for echo in finding.echoes})
    if echoes:
        notes.append(Text(f"Also alerted, rightly: {'; '.join(echoes)}", "dim"))
    if report.own:
        notes.append(Text(f"Alerts about the prober itself: {'; '.join(report.own)}", "bold red"))
        notes.append(
            Text("This machine is too busy for the drill: the verdicts say little. Try a lower --speed, or later.")
        )
    return notes


def _deliveries(report: Report) -> list[Text]:
    """A line for each integration of the operator's receivers."""
    lines = []
    for each in report.deliveries:
        if each.trouble:
            lines.append(Text(f"NOT delivered to {each.trouble}", "bold red"))
        elif each.sent:
            lines.append(Text(f"Delivered to {each.destination}: {each.sent} notifications", "green"))
        else:
            lines.append(Text(f"Nothing was sent to {each.destination}: no alert of this drill goes there", "dim"))
    return lines


def _summary(report: Report) -> Text:
    good = sum(finding.as_expected for finding in report.findings)
    summary = f"{good} of {len(report.findings)} faults as expected in {report.seconds:.0f} s"
    if report.chain is None:
        summary += f", time constants divided by {report.speed:g}"
    return Text(summary, "green" if report.as_expected else "bold red")
