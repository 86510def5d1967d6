"""Templates and static files, read once. The URL of a static file holds a hash of its content."""

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
"""A page may load only files of this server, and no inline script or style (CSP level 3)."""
SECURITY: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A static file."""

    content: bytes
    type: str

    def response(self) -> Response:
        headers = {"Content-Type": self.type, "Cache-Control": _FOREVER, **SECURITY}
        return Response(self.content, headers=headers)


class Assets:
    """The templates, and the style sheet, script and icons by their hashed names."""

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
        """The file with that hashed name, or None."""
        return self._by_name.get(name)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Render a page. Templates call `static` to turn a file name into its hashed name."""
        return self._templates.get_template(template).render(static=self._names.__getitem__, **values)
