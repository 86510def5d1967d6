"""Writes docs/reasons.md and the table of alerts/README.md anew: `python -m tests.reasons`."""

from __future__ import annotations

import re
from pathlib import Path

from prober.report.reasons_page import alert_table, page

ROOT = Path(__file__).parents[2]


def main() -> None:
    (ROOT / "docs/reasons.md").write_text(page(), encoding="utf-8")
    runbooks = ROOT / "alerts/README.md"
    text = runbooks.read_text(encoding="utf-8")
    table = re.compile(r"(<!-- reasons -->\n).*?(<!-- end of reasons -->)", re.DOTALL)
    runbooks.write_text(table.sub(lambda found: found[1] + alert_table() + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
