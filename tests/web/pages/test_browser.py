"""The pages in a real Chromium: nothing is refused, nothing runs over, and the page keeps itself fresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prober.outcome import Evidence, Exchange, Phase, Reason
from prober.redaction import masked_before
from tests.report.outcomes import HOSTILE_TEXT
from tests.web.pages.browser import Browser
from tests.web.pages.world import World, history_of, hourly, probe, result, served, small_world, target

pytestmark = pytest.mark.browser

_TAB, _ENTER = "\ue004", "\ue007"
_PATHS = (
    "/",
    "/targets/bad",
    "/targets/good",
    "/targets/nobody",
    "/?q=nothing-like-it",
    "/debug/probes",
    "/debug/config",
)
_LONG = "a-very-long-name-of-a-target-that-nobody-should-choose-but-somebody-will" * 2

_REFRESH = "document.dispatchEvent(new Event('visibilitychange'))"
"""What coming back to the tab does: the page asks for itself at once."""

_CONTRASTS = """
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = (rgb) => rgb.slice(0, 3).map((part) => part / 255)
  .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const ground = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const colour = rgba(getComputedStyle(each).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255, 255];
};
const low = [];
let looked = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg")) continue;
  const [a, b] = [rgba(getComputedStyle(element).color), ground(element)].map(luminance).sort((x, y) => y - x);
  looked += 1;
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) low.push(`${ratio.toFixed(2)}: ${walker.currentNode.data.trim()}`);
}
return looked ? low : ['no text'];
"""
"""Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3)."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Something of everything: all verdicts, a past, hostile words, long names, maintenance, lateness."""
    world = World(
        suspects=True, location="fra-1", maintained=frozenset({"good-probe"}), refused=HOSTILE_TEXT + "x" * 5_000
    )
    names = ("good", "bad", "odd", "new", _LONG)
    probes = {name: probe(f"{name}-probe", name, interval=30.0) for name in names}
    world.apply_config([target(name) for name in names], probes.values())
    evidence = tuple(Evidence(pointer="/steps/0", keyword="type", expected="array", seen=HOSTILE_TEXT, detail=text)
                     for text in (HOSTILE_TEXT, "x" * 10_000))  # fmt: skip
    wire = Exchange(
        step="tools/call", started_at=0.0, duration_seconds=0.1, phases={Phase.WAIT: 0.02}, http_status=200,
        content_type=masked_before(HOSTILE_TEXT), sent=masked_before("y" * 2_000),
        received=masked_before(HOSTILE_TEXT * 20),
    )  # fmt: skip
    bad = result(
        probes["bad"],
        reason=Reason.SCHEMA_MISMATCH,
        step="tools/call",
        message=HOSTILE_TEXT,
        evidence=evidence,
        exchanges=(wire,) * 7,
    )
    phases = {Phase.DNS: 0.001, Phase.CONNECT: 0.002, Phase.TLS: 0.004, Phase.SEND: 0.0001, Phase.WAIT: 0.02}
    world.record(
        bad,
        result(probes["odd"], ago=400, reason=Reason.UNDECIDED, message="judging took too long"),
        result(probes["good"], phases=phases, warnings=("slow",)),
        result(probes[_LONG], message="y" * 5_000, reason=Reason.TIMEOUT),
    )
    past = [*hourly(probes["good"], days=3), *hourly(probes["bad"], days=90, bad=lambda hour: hour % 50 == 0)]
    with history_of(past, tmp_path / "history.db") as world.history:
        yield world


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 760, 1280])
def test_no_page_complains_runs_over_or_is_hard_to_read(world: World, browser: Browser, width: int, dark: bool) -> None:
    browser.screen(width, dark=dark)
    with served(world) as url:
        bad = next(run for run in world.recent_runs.newest(9, probe="bad-probe"))
        for path in (*_PATHS, f"/runs/{bad.run_id}/bad-probe"):
            browser.open(url + path)
            browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            wide, room = browser.run(
                "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
            )
            assert wide == room <= width, path
            assert browser.run(_CONTRASTS) == [], path
            complaints = [each for each in browser.complaints() if "/targets/nobody" not in each]
            assert complaints == [], path


def test_light_and_dark_are_different_pages(browser: Browser) -> None:
    with served(small_world({"a": None})) as url:
        grounds = []
        for dark in (False, True):
            browser.screen(1280, dark=dark)
            browser.open(url)
            grounds.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(246, 247, 249)", "rgb(14, 19, 25)"]


def test_the_page_refreshes_itself_and_leaves_the_reader_where_they_were(browser: Browser) -> None:
    world = small_world({f"t{n}": None for n in range(40)})
    with served(world) as url:
        browser.open(url)
        browser.run("window.same = true; document.getElementById('target-t30').focus(); scrollTo(0, 700)")
        place = browser.run("return scrollY")
        world.record(result(probe("t5-probe", "t5"), reason=Reason.TIMEOUT))
        browser.run(_REFRESH)
        browser.wait("return document.querySelector('h1').textContent === '1 of 40 targets fails'")
        assert browser.run("return [window.same, scrollY, document.activeElement.id]") == [True, place, "target-t30"]
        assert browser.run("return document.title") == "1 of 40 targets fails · mcp-prober"
        assert browser.run("return document.getElementById('news').textContent") == "1 of 40 targets fails"
        assert "icon-fail" in browser.run("return document.querySelector('link[rel=icon]').href")
    assert browser.complaints() == []


def test_it_refreshes_by_the_clock_as_well(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prober.web.pages.renderer.REFRESH_SECONDS", 1)
    world = small_world({"a": None})
    with served(world) as url:
        browser.open(url)
        world.record(result(probe("a-probe", "a"), reason=Reason.TIMEOUT))
        browser.wait("return document.querySelector('h1').textContent === 'The target fails'")


def test_what_is_open_stays_open_and_what_is_typed_stays_typed(world: World, browser: Browser) -> None:
    with served(world) as url:
        browser.open(f"{url}/targets/bad")
        earlier = 'document.querySelector("details.incident")'
        opened = browser.run(f"const each = {earlier}; each.open = true; return each.id")
        world.record(result(probe("bad-probe", "bad")))
        browser.run(_REFRESH)
        browser.wait("return document.querySelector('.hero').classList.contains('pass')")
        assert browser.run("return [...document.querySelectorAll('details[open]')].map((each) => each.id)") == [opened]
        browser.open(url)
        browser.run("document.getElementById('q').focus()")
        browser.press("g", "o")
        browser.run(
            "window.asked = 0; const real = fetch; window.fetch = (...all) => { asked++; return real(...all); }"
        )
        browser.run(_REFRESH)
        browser.wait("return asked && document.getElementById('lost').hidden")
        assert browser.run("return document.getElementById('q').value") == "go"
        browser.press(_ENTER)
        browser.wait("return location.search === '?q=go'")


def test_a_prober_that_cannot_be_reached_is_said_to_be_so_until_it_can(browser: Browser) -> None:
    world = small_world({"a": None})
    with served(world) as url:
        browser.open(url)
        browser.run("window.real = fetch; window.fetch = () => Promise.reject(new TypeError('no network'))")
        browser.run(_REFRESH)
        told = browser.wait("const lost = document.getElementById('lost'); return lost.hidden ? '' : lost.textContent")
        assert told.startswith("The prober cannot be reached. What stands here is from ")
        browser.run("window.fetch = real")
        browser.run(_REFRESH)
        browser.wait("return document.getElementById('lost').hidden")


_FIRST_LOOK = (
    "return [document.documentElement.classList.contains('stale'), document.getElementById('age').textContent]"
)


def test_a_page_that_could_not_be_refreshed_says_how_old_it_is_and_turns_grey(browser: Browser) -> None:
    with served(small_world({"a": None})) as url:
        browser.open(url)
        assert browser.run(_FIRST_LOOK)[0] is False
        assert browser.run(_FIRST_LOOK)[1].endswith(" s ago")
        browser.run("window.real = fetch; window.fetch = () => Promise.reject(new TypeError('no network'))")
        browser.run(_REFRESH)
        browser.wait("return document.documentElement.classList.contains('stale')")
        assert browser.run("return getComputedStyle(document.querySelector('main')).filter") == "grayscale(1)"
        assert browser.run("return document.title").startswith("Stale: ")
        assert "icon-unknown" in browser.run("return document.querySelector('link[rel=icon]').href")
        browser.run("const real = Date.now; Date.now = () => real() + 600_000")
        browser.wait("return document.getElementById('age').textContent === ', 10 min ago'")
        browser.run("window.fetch = real")
        browser.run(_REFRESH)
        browser.wait("return !document.documentElement.classList.contains('stale')")
        assert browser.run(_FIRST_LOOK)[1].endswith(" s ago")
        assert browser.run("return getComputedStyle(document.querySelector('main')).filter") == "none"
        assert not browser.run("return document.title").startswith("Stale")
        assert "icon-pass" in browser.run("return document.querySelector('link[rel=icon]').href")


def test_a_page_whose_answer_does_not_come_turns_grey_without_one(browser: Browser) -> None:
    """After a night's sleep of the machine, or while the prober hangs."""
    with served(small_world({"a": None})) as url:
        browser.open(url)
        browser.run(
            "window.fetch = () => new Promise(() => {}); const real = Date.now; Date.now = () => real() + 60_000"
        )
        browser.wait("return document.documentElement.classList.contains('stale')")
        told = browser.run("return document.getElementById('lost').textContent")
        assert told.startswith("The page was not refreshed. What stands here is from ")


def test_a_hidden_tab_asks_for_nothing(browser: Browser) -> None:
    with served(small_world({"a": None})) as url:
        browser.open(url)
        browser.run(
            "window.asked = 0; window.fetch = () => { asked++; return Promise.reject(); };"
            "Object.defineProperty(document, 'hidden', { get: () => true });" + _REFRESH
        )
        assert browser.run("return asked") == 0


def test_another_version_of_the_prober_is_loaded_anew(browser: Browser) -> None:
    with served(small_world({"a": None})) as url:
        browser.open(url)
        browser.run(
            "window.old = true; const real = fetch; window.fetch = async (...all) =>"
            " new Response((await (await real(...all)).text()).replace(/script\\.\\w+\\.js/, 'script.other.js'));"
            + _REFRESH
        )
        browser.wait("return window.old === undefined && document.readyState === 'complete'")


def test_the_first_tab_stop_skips_to_the_content(browser: Browser) -> None:
    with served(small_world({"a": None})) as url:
        browser.open(url)
        browser.press(_TAB)
        assert browser.run("return document.activeElement.textContent") == "Skip to the content"
        assert browser.run("return document.activeElement.getBoundingClientRect().top") == 0, "it is seen when focused"
        browser.press(_ENTER)
        assert browser.run("return document.activeElement.id") == "content"


def test_a_button_that_is_pressed_says_so_and_is_pressed_once(browser: Browser) -> None:
    """The real form, whose answer takes as long as the run."""
    world = small_world({"a": None})
    with served(world) as url:
        browser.open(f"{url}/targets/a")
        browser.run("addEventListener('submit', (event) => event.preventDefault())")  # to stay and look
        browser.run("document.querySelector('form.run button').click()")
        button = (
            "const button = document.querySelector('form.run button'); return [button.textContent, button.disabled]"
        )
        browser.wait(f"{button.replace('return', 'return button.disabled &&')}")
        assert browser.run(button) == ["Running…", True]
        world.record(result(probe("a-probe", "a"), reason=Reason.TIMEOUT))
        browser.run(_REFRESH)
        assert browser.run(button) == ["Running…", True], "the page does not take the button away meanwhile"


def test_an_exchange_that_is_open_stays_open(world: World, browser: Browser) -> None:
    with served(world) as url:
        browser.open(f"{url}/targets/bad#failing-bad-probe")
        browser.run("document.querySelector('details.wire').open = true; window.same = true")
        world.record(result(probe("odd-probe", "odd")))
        browser.run("window.before = document.querySelector('main');" + _REFRESH)
        browser.wait("return document.querySelector('main') !== before")
        assert browser.run("return [same, document.querySelector('details.wire').open]") == [True, True]


def test_without_scripts_the_page_is_whole_and_refreshes_itself(world: World, browser: Browser) -> None:
    browser.scripts(run=False)
    with served(world) as url:
        browser.open(f"{url}/?verdict=fail")
        assert browser.source().count('class="target fail"') == 2
        browser.open(f"{url}/targets/bad")
        assert "What is wrong now" in browser.source()
        assert '<meta http-equiv="refresh" content="30">' in browser.source()
    assert browser.complaints() == []


def test_a_table_is_a_table_for_a_screen_reader_on_a_narrow_screen_too(world: World, browser: Browser) -> None:
    browser.screen(360)
    with served(world) as url:
        browser.open(f"{url}/targets/good")
        nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if "role" in node and not node.get("ignored")]
    assert {"table", "row", "columnheader", "rowheader", "cell"} <= set(roles)
    assert roles.count("columnheader") == 8
    assert [roles.count(landmark) for landmark in ("banner", "main", "contentinfo")] == [1, 1, 1]
