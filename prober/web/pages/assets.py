"""Templates and the few files beside them: read once, the files under names that change with their contents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

_HERE: Final = Path(__file__).parent
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER: Final = "public, max-age=31536000, immutable"

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",  # the filter of the front page is a form
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load and do (CSP level 3): what comes from this server, and nothing written into the page itself."""
SECURITY: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    type: str

    def response(self) -> Response:
        headers = {"Content-Type": self.type, "Cache-Control": _FOREVER, **SECURITY}
        return Response(self.content, headers=headers)


class Assets:
    """The style sheet, the script and the icons, by the names that the pages call them by, and the templates."""

    def __init__(self) -> None:
        self._by_name: dict[str, Asset] = {}
        self._names: dict[str, str] = {}
        for path in sorted((_HERE / "static").iterdir()):
            content = path.read_bytes()
            name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
            self._by_name[name] = Asset(content=content, type=_TYPES[path.suffix])
            self._names[path.name] = name
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def named(self, name: str) -> Asset | None:
        """The file of that name with its hash; None for any other."""
        return self._by_name.get(name)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """A page. `static` turns a file's own name into the one with its hash."""
        return self._templates.get_template(template).render(static=self._names.__getitem__, **values)
