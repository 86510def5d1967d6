"""The status page: what every target is like now and was like of late, for a person, and its badges."""

from __future__ import annotations

from starlette.routing import BaseRoute

from prober.web.desk import Desk
from prober.web.pages.site import Site

__all__ = ["routes"]


def routes(desk: Desk) -> list[BaseRoute]:
    """`/`, `/targets/{name}`, `/badge/{target}.svg` and `/static/{file}`."""
    return Site(desk).routes
