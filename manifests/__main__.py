"""`python -m manifests [DIR]`: writes the manifests, into deploy/kubernetes unless a folder is named."""

from __future__ import annotations

import sys
from pathlib import Path

from manifests.manifests import FOLDER, written

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
for name, text in written().items():
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
