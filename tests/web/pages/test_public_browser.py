"""The page for others in a real Chromium: it fits, can be read, complains of nothing, and needs no script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prober.outcome import Reason
from prober.report.untrusted import block
from prober.web import PublicPage
from tests.report.outcomes import HOSTILE_TEXT
from tests.web.pages.browser import Browser
from tests.web.pages.test_browser import _CONTRASTS as CONTRASTS
from tests.web.pages.test_browser import _LONG as LONG
from tests.web.pages.test_public_page import note
from tests.web.pages.world import World, history_of, hourly, probe, result, served, target

pytestmark = pytest.mark.browser

PAGE = PublicPage(host="127.0.0.1", port=0, group_by="team")
_OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Every condition, long names, incidents with notes that mean no good."""
    world = World(maintained=frozenset({"windowed-probe"}))
    reasons = {"good": None, "bad": Reason.TIMEOUT, "slow": Reason.TOO_SLOW, "odd": Reason.UNDECIDED, "windowed": None}
    probes = {name: probe(f"{name}-probe", name, interval=60.0) for name in (*reasons, "new", LONG)}
    teams = {"good": "search", "bad": "search", "slow": "x" * 200}
    world.apply_config(
        [target(name, labels={"team": teams[name]} if name in teams else {}) for name in probes], probes.values()
    )
    world.record(*(result(probes[name], reason=reason) for name, reason in reasons.items()), result(probes[LONG]))
    past = [
        *hourly(probes["good"], days=3),
        *hourly(probes["bad"], days=90, bad=lambda hour: hour < 3 or hour % 50 == 0),
        *hourly(probes[LONG], days=9, bad=lambda hour: hour < 2),
    ]
    with history_of(sorted(past, key=lambda run: run.outcome.started_at), tmp_path / "h.db") as world.history:
        for text in ("We look into it.", block(HOSTILE_TEXT), "y" * 1_000):
            note(world, text)
        yield world


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 760, 1280])
def test_it_fits_can_be_read_and_complains_of_nothing(world: World, browser: Browser, width: int, dark: bool) -> None:
    browser.screen(width, dark=dark)
    empty = World(ready=False, suspects=True)
    for each in (world, empty):
        with served(each, PAGE) as url:
            browser.open(url)
            browser.run(_OPEN)
            wide, room = browser.run(
                "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
            )
            assert wide == room <= width
            assert browser.run(CONTRASTS) == []
            assert browser.complaints() == []


def test_without_scripts_it_is_whole_and_refreshes_itself(world: World, browser: Browser) -> None:
    browser.scripts(run=False)
    with served(world, PAGE) as url:
        browser.open(url)
        source = browser.source()
    assert source.count('<li class="target ') == 7
    assert '<meta http-equiv="refresh" content="60">' in source
    assert browser.complaints() == []


def test_one_press_chooses_the_whole_markdown_of_a_badge(world: World, browser: Browser) -> None:
    with served(world, PAGE) as url:
        browser.open(url)
        browser.run(_OPEN)
        x, y = browser.run(
            "const copy = document.querySelector('.copy'); copy.scrollIntoView({ block: 'center' });"
            "const box = copy.getBoundingClientRect(); return [box.x + 20, box.y + box.height / 2]"
        )
        for kind in ("mousePressed", "mouseReleased"):
            browser.devtools("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        assert browser.run("return getSelection().toString()") == f"[![all servers]({url}/badge.svg)]({url}/)"
        pictures = "return [...document.images].every((each) => each.complete && each.naturalWidth > 20)"
        browser.run("document.images.forEach?.((each) => each.scrollIntoView())")
        browser.wait("[...document.images].forEach((each) => { each.loading = 'eager'; });" + pictures)
