"""What is wrong with a server's page of metrics, for people and for programs.

`schema/check-metrics.schema.json` is the schema of the document.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from prober.outcome import Outcome
from prober.report.json_report import result_fields
from prober.report.untrusted import line, scalar
from prober.state_metrics.judging import SEVERITIES, Finding

VERSION: Final = 1
_MARGIN: Final = 9
_STAYS: Final = {"error": "goes wrong", "warning": "loses something", "missing": "stays empty"}


@dataclass(frozen=True, kw_only=True)
class JudgedPage:
    """One page, and what was found on it."""

    address: str
    version: str
    """Of the families that it was held against."""
    found: int
    known: int
    """How many families it has, of how many."""
    findings: Sequence[Finding]
    acts: Outcome | None = None
    """What came of the calls that were to move its counters; None where none were made."""
    started_at: datetime

    def count(self, severity: str) -> int:
        """The number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def lines(page: JudgedPage, *, width: int) -> Iterator[str]:
    """For a terminal so many columns wide."""
    yield line(f"{page.address}: {page.found} of {page.known} families (version {page.version})")
    for finding in page.findings:
        yield f"{finding.severity:<{_MARGIN}}{line(finding.family)}"
        yield from _wrapped(finding.what, width)
        if used := [*finding.panels, *(f"alert {name}" for name in finding.alerts)]:
            yield from _wrapped(f"{_STAYS[finding.severity]}: {'; '.join(used)}", width)
    counts = [f"{page.count(severity)} {severity}" for severity in SEVERITIES]
    yield f"{'page':<{_MARGIN}}{', '.join(counts)}"
    if page.acts is not None:
        yield f"{'acts':<{_MARGIN}}{_moved(page.acts)}"


def _moved(acts: Outcome) -> str:
    if acts.reason is None:
        return "pass: the counters moved by all that was done"
    return line(f"{acts.verdict}: {acts.reason} at {acts.step}")


def _wrapped(text: str, width: int) -> list[str]:
    margin = " " * _MARGIN
    return textwrap.wrap(line(text), max(width, 40), initial_indent=margin, subsequent_indent=margin)


def document(page: JudgedPage) -> dict[str, Any]:
    """One JSON document, stable within its `version`; every key is always there."""
    return {
        "version": VERSION,
        "address": page.address,
        "families_version": page.version,
        "families": {"found": page.found, "known": page.known},
        "findings": [
            {
                "severity": finding.severity,
                "family": scalar(finding.family),
                "what": scalar(finding.what),
                "panels": list(finding.panels),
                "alerts": list(finding.alerts),
            }
            for finding in page.findings
        ],
        "acts": None if page.acts is None else result_fields(page.acts, verbose=False),
    }
