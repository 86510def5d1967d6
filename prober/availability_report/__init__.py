"""How the targets were in a stretch of time: availability, error budgets, incidents, times, changed contracts.

document.py   the report as values: per target, per tag and label, and for the whole fleet; and as JSON
text.py       for a terminal;  csv_table.py  for a spreadsheet;  html_page.py  for people who were not there
"""

from __future__ import annotations

from prober.availability_report.document import Report, report_of

__all__ = ["Report", "report_of"]
