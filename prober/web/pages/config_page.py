"""/debug/config: the configuration that is in force, a piece for each target and probe, without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from prober.config.in_force import Entry, entry, names
from prober.discover.yaml_emit import flow
from prober.json_values import cap
from prober.kinds import all_kinds
from prober.outcome import Verdict
from prober.report.untrusted import line
from prober.web.app_state import AppState, Loaded
from prober.web.pages.formatting import since
from prober.web.pages.list_query import ListQuery, paged
from prober.web.pages.renderer import Renderer, page

_MAX_LINE: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Line:
    """A key with its value, as YAML on one line."""

    text: str
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A target or a probe."""

    section: str
    name: str
    origin: str
    lines: tuple[Line, ...]


def routes(app_state: AppState, renderer: Renderer) -> list[BaseRoute]:
    async def config(request: Request) -> Response:
        query, now, loaded = ListQuery.of(request.query_params), datetime.now(UTC), app_state.loaded()
        return page(await renderer.in_thread(_page, renderer, loaded, query, now))

    return [Route("/debug/config", config)]


def _page(renderer: Renderer, loaded: Loaded, query: ListQuery, now: datetime) -> str:
    word = query.word.casefold()
    wanted = [(section, name) for section, name in names(loaded.config) if word in f"{section} {name}".casefold()]
    pages = paged(len(wanted), query.page)
    kinds = all_kinds()
    return renderer.render(
        "config.html",
        now,
        verdict=Verdict.UNKNOWN,
        root="../",
        loaded=since(loaded.since, now),
        files=[line(str(file)) for file in loaded.config.files],
        word=query.word,
        pieces=[_piece(entry(loaded.config, kinds, *each)) for each in wanted[pages.first - 1 : pages.last]],
        pages=pages,
        earlier=query.link(page=pages.number - 1) if pages.number > 1 else None,
        later=query.link(page=pages.number + 1) if pages.number < pages.count else None,
    )


def _piece(of: Entry) -> Piece:
    lines = (
        Line(text=line(cap(f"{each.key}: {flow(each.value)}", _MAX_LINE)), is_default=each.is_default)
        for each in of.values
    )
    return Piece(section=of.section, name=of.name, origin=line(of.origin), lines=tuple(lines))
