"""Hooks of MkDocs: pages that stand beside their files elsewhere in the repository are part of the site too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]

ELSEWHERE: Final = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "alerts/README.md",
    "alerts/runbooks/*.md",
    "dashboards/README.md",
    "dashboards/images/*.png",
    "deploy/kubernetes/README.md",
)
"""Files of the repository, each of which has the same path in the site."""


def on_files(files: Any, config: Any) -> Any:
    from mkdocs.structure.files import File, InclusionLevel

    for pattern in ELSEWHERE:
        for path in sorted(ROOT.glob(pattern)):
            place = path.relative_to(ROOT).as_posix()
            listed = InclusionLevel.NOT_IN_NAV if "/runbooks/" in place else InclusionLevel.INCLUDED
            files.append(File.generated(config, place, abs_src_path=str(path), inclusion=listed))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links between docs/ and what is beside it: in the site there is no folder docs/."""
    place = page.file.src_uri
    if place.startswith(tuple(pattern.partition("*")[0] for pattern in ELSEWHERE)):
        return re.sub(r"\]\(((?:\.\./)*)docs/", lambda found: "](" + found[1], markdown)
    return re.sub(r"\]\(((?:\.\./)*)\.\./(?=[a-zA-Z])", r"](\1", markdown)
