"""Badges: what they say, in which colour, and to whom."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from xml.etree import ElementTree

import pytest

from prober.outcome import Reason, Verdict
from prober.web.pages.badge import badge
from tests.web.pages.browser import Browser
from tests.web.pages.world import history_of, hourly, probe, served, small_world

_SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("reference", "W" * 40, "illicit-ill", "déjà vu", "数据库", "a.b_c-9")


def _said(svg: str) -> tuple[str, list[str]]:
    root = ElementTree.fromstring(svg)
    title = root.find(f"{_SVG}title")
    assert title is not None
    return title.text or "", [each.text or "" for each in root.iter(f"{_SVG}text")]


def _get(url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


def test_a_badge_says_name_and_verdict_and_has_a_title() -> None:
    assert _said(badge("reference", "pass", Verdict.PASS)) == ("reference: pass", ["reference", "pass"])


def test_anybodys_text_is_escaped_and_cut() -> None:
    title, texts = _said(badge("<script>alert(1)</script>\x00\u202e" + "x" * 10_000, '"&<', Verdict.FAIL))
    assert title.startswith("<script>alert(1)</script>\ufffd\ufffdxxx")
    assert len(texts[0]) == 60
    assert texts[1] == '"&<'


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_about_as_wide_as_the_badge_gives_it(name: str, browser: Browser, tmp_path: Path) -> None:
    """`textLength` would squeeze or stretch it: a tenth or two is not seen, whatever font the reader has."""
    free = badge(name, "unknown", Verdict.UNKNOWN).replace(' lengthAdjust="spacingAndGlyphs"', "")
    lengths = [float(each.get("textLength", "0")) for each in ElementTree.fromstring(free).iter(f"{_SVG}text")]
    page = tmp_path / "badge.svg"
    for length in lengths:
        free = free.replace(f' textLength="{length:g}"', "")
    page.write_text(free, encoding="utf-8")
    browser.open(page.as_uri())
    widths = browser.run("return [...document.querySelectorAll('text')].map((t) => t.getComputedTextLength())")
    assert widths == [pytest.approx(length, rel=0.25, abs=3) for length in lengths]


def test_a_badge_shows_the_present_verdict_and_may_be_kept_for_a_short_time() -> None:
    with served(small_world({"good": None, "bad": Reason.TIMEOUT, "odd": Reason.UNDECIDED})) as url:
        for name, verdict in (("good", "pass"), ("bad", "fail"), ("odd", "unknown")):
            status, headers, svg = _get(f"{url}/badge/{name}.svg")
            assert (status, headers["content-type"]) == (200, "image/svg+xml")
            assert headers["cache-control"] == "public, max-age=30"
            assert _said(svg)[0] == f"{name}: {verdict}"


def test_a_badge_that_has_not_changed_is_not_sent_again() -> None:
    with served(small_world({"good": None})) as url:
        _, headers, _ = _get(f"{url}/badge/good.svg")
        status, _, body = _get(f"{url}/badge/good.svg", **{"If-None-Match": headers["etag"]})
        assert (status, body) == (304, "")
        status, _, _ = _get(f"{url}/badge/good.svg", **{"If-None-Match": '"another"'})
        assert status == 200


def test_an_unknown_target_has_a_badge_that_says_so() -> None:
    with served(small_world({"good": None})) as url:
        status, _, svg = _get(f"{url}/badge/%3Cb%3E.svg")
        assert (status, _said(svg)[0]) == (404, "<b>: no such target")


def test_uptime_comes_from_history_and_is_unknown_without(tmp_path: Path) -> None:
    world = small_world({"good": None})
    with served(world) as url:
        assert _said(_get(f"{url}/badge/good.svg?show=uptime")[2])[0] == "good: uptime unknown"
    runs = hourly(probe("good-probe", "good"), days=2, bad=lambda hour: hour <= 12)
    with history_of(runs, tmp_path / "history.db") as world.history, served(world) as url:
        assert _said(_get(f"{url}/badge/good.svg?show=uptime")[2])[0] == "good: 75 % uptime"
