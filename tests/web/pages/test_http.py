"""How the pages are sent: policy, caching, files under names of their content, and how long a large page takes."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from prober.history import Day
from prober.outcome import Reason
from prober.status import ProbeStatus
from prober.web.pages.assets import Assets
from prober.web.pages.front import front_of
from prober.web.pages.list_query import ListQuery, select_targets
from prober.web.pages.recent_history import TargetHistory
from tests.web.pages.asking import ask
from tests.web.pages.world import World, probe, result, served, small_world, target

_ALLOWED = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize("path", ["/", "/targets/a", "/targets/nobody", "/badge/a.svg", "/static/nothing.css"])
def test_every_answer_carries_the_strict_policy(path: str) -> None:
    with served(small_world({"a": None})) as url:
        headers = ask(url + path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == _ALLOWED
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_are_never_kept_and_their_files_for_ever() -> None:
    with served(small_world({"a": None})) as url:
        for path in ("/", "/targets/a"):
            answer = ask(url + path)
            assert answer.headers["cache-control"] == "no-store"
            names = re.findall(r'(?:href|src)="(?:\./|\.\./)(static/[^"]+)"', answer.body)
            assert len(names) == 3
            for name in names:
                file = ask(f"{url}/{name}")
                assert (file.status, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


@pytest.mark.parametrize("name", ["style.css", "style.000000000000.css", "..%2fassets.py", "%2e%2e", "templates"])
def test_a_file_goes_by_the_name_of_its_content_only(name: str) -> None:
    with served(World()) as url:
        assert ask(f"{url}/static/{name}").status == 404


def test_links_lead_where_they_say_behind_any_prefix() -> None:
    with served(small_world({"a": Reason.TIMEOUT})) as url:
        pages = [ask(url).page, ask(f"{url}/targets/a").page]
    for page, root in zip(pages, ("./", "../"), strict=True):
        assert page.links
        assert all(link.startswith((root, "#", "?")) for link in page.links), page.links


def test_two_hundred_targets_are_chosen_and_rendered_at_once() -> None:
    """All of it within 0.2 s of a processor; the best of several, for its caches are shared."""
    world = World()
    names = [f"target-{number:03}" for number in range(200)]
    probes = [probe(f"{name}-{part}", name) for name in names for part in range(3)]
    world.apply_config([target(name) for name in names], probes)
    world.record(*(result(each, reason=Reason.TIMEOUT if n % 10 == 0 else None) for n, each in enumerate(probes)))
    now, assets = datetime.now(UTC), Assets()
    past = {name: _past(now.date()) for name in names}
    status = {
        "now": "", "exact": "", "location": "", "since": "", "since_exact": "",
        "suspects": False, "ready": True, "refused": None, "refresh": 15, "has_schedule": True, "has_sources": False,
    }  # fmt: skip

    def nowhere(_: ProbeStatus) -> bool:
        return False

    def once() -> tuple[float, str]:
        begun = time.thread_time()
        choice = select_targets(world.statuses.targets(), ListQuery(), now, nowhere)
        front = front_of(choice, ListQuery(), now=now, past=past, minutes=lambda _: (0.1, 0.2), in_maintenance=nowhere)
        html = assets.render("front.html", {"front": front, "verdict": front.verdict, "root": "./", "status": status})
        return time.thread_time() - begun, html

    took, html = min(once() for _ in range(7))
    assert "60 of 200 targets fail" in html
    assert took < 0.2


@pytest.mark.clock
def test_thousands_of_probes_hold_nobody_up_for_long() -> None:
    world = World()
    names = [f"target-{number:05}" for number in range(5_000)]
    probes = [probe(f"{name}-{part}", name) for name in names for part in range(2)]
    world.apply_config([target(name) for name in names], probes)
    world.record(*(result(each) for each in probes))
    with served(world) as url:
        ask(url)
        began = time.perf_counter()
        answer = ask(url)
        took = time.perf_counter() - began
    assert "All 5,000 targets pass" in answer.page.text
    assert len(answer.body) < 200_000
    assert took < 5


def _past(today: date) -> TargetHistory:
    days = tuple(Day(day=today - timedelta(days=89 - n), passed=1440, failed=n % 7 == 0) for n in range(90))
    return TargetHistory(days=days, seconds=[0.01 + n % 5 / 1000 for n in range(48)], uptime=0.999)
