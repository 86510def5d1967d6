"""`python -m dashboards.generate [DIR]`: writes the dashboards, beside this package unless a folder is named."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards.generate.dashboards import DASHBOARDS, rendered

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
for name in DASHBOARDS:
    (folder / f"{name}.json").write_text(rendered(name), encoding="utf-8")
