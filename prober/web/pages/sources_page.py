"""/sources: where targets come from that are in no file: how many, what was left out and why, the last look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from prober.config.fields.units import show_duration
from prober.outcome import Verdict
from prober.report.formatting import counted
from prober.sources.watcher import SourceState
from prober.web.app_state import AppState
from prober.web.pages.formatting import When, ago, one_line
from prober.web.pages.renderer import Renderer, page

_MAX_LINE: Final = 400


@dataclass(frozen=True, kw_only=True)
class Row:
    """One source."""

    name: str
    verdict: Verdict
    what: str
    """Its way, and how often it is looked at."""
    targets: str
    left_out: str
    """Empty where nothing is."""
    problems: tuple[str, ...]
    further: int
    """Entries that were left out besides."""
    looked_at: When | None
    trouble: str


def routes(app_state: AppState, renderer: Renderer) -> list[BaseRoute]:
    async def sources(_: Request) -> Response:
        now = datetime.now(UTC)
        rows = [_row(state, now) for state in app_state.sources().values()]
        return page(await renderer.in_thread(_page, renderer, rows, now))

    return [Route("/sources", sources)]


def _page(renderer: Renderer, rows: list[Row], now: datetime) -> str:
    worst = next((each for each in Verdict if each is not Verdict.PASS and any(r.verdict is each for r in rows)), None)
    verdict = worst or (Verdict.PASS if rows else Verdict.UNKNOWN)
    return renderer.render("sources.html", now, verdict=verdict, root="./", rows=rows)


def _row(state: SourceState, now: datetime) -> Row:
    source = state.source
    return Row(
        name=source.name,
        verdict=_verdict(state),
        what=f"{source.way}, looked at every {show_duration(source.every)}",
        targets=counted(len(state.targets), "target"),
        left_out=f"{state.left_out:,} left out" if state.left_out else "",
        problems=tuple(one_line(each, most=_MAX_LINE) for each in state.problems),
        further=max(0, state.left_out - len(state.problems)),
        looked_at=ago(state.looked_at, now) if state.looked_at else None,
        trouble=one_line(state.trouble or "", most=_MAX_LINE),
    )


def _verdict(state: SourceState) -> Verdict:
    """Unknown before the first look: no data is no good news."""
    if state.trouble is not None:
        return Verdict.FAIL
    return Verdict.UNKNOWN if state.looked_at is None else Verdict.PASS
