"""The status page for people: present and recent status of every target, and badges."""

from __future__ import annotations

from starlette.routing import BaseRoute

from prober.web.app_state import AppState
from prober.web.pages.views import Views

__all__ = ["routes"]


def routes(app_state: AppState) -> list[BaseRoute]:
    """`/`, `/targets/{name}`, `/badge/{target}.svg` and `/static/{file}`."""
    return Views(app_state).routes
