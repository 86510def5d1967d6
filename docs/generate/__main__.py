"""`python -m docs.generate [DIR]`: writes the pages, into docs/ unless a folder is named."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generate.pages import FOLDER, PAGES

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
for name, made in PAGES.items():
    (folder / name).write_text(made(), encoding="utf-8")
