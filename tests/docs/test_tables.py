"""Tables and examples of the README and docs/ agree with the code, both ways."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from starlette.routing import Route

from prober.consistency import MODELS
from prober.kinds import all_kinds
from prober.loader import load
from prober.metrics import Metrics
from prober.outcome import Family
from prober.recent import RecentPace, RecentRuns
from prober.status import StatusStore
from prober.web import AppState, application
from tests.docs.pages import PAGES, ROOT, blocks, rows, section

README = ROOT / "README.md"


def test_the_readme_is_short_and_shows_a_picture_first() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    shown = re.match(r"!\[.+\]\((docs/images/.+)\)$", lines[2])
    assert shown is not None
    assert (ROOT / shown[1]).stat().st_size > 1000


def test_no_picture_loads_anything_from_elsewhere() -> None:
    for picture in (ROOT / "docs" / "images").glob("*.svg"):
        loaded = re.findall(r"(?:href|src|url)\s*[=(]\s*[\"']?(?!#)([^\"')\s]+)", picture.read_text(encoding="utf-8"))
        assert loaded == [], picture.name


@pytest.mark.slow
def test_the_picture_is_of_a_run_as_it_is_today(tmp_path: Path) -> None:
    made, committed = tmp_path / "terminal.svg", ROOT / "docs" / "images" / "terminal.svg"
    subprocess.run([sys.executable, "-m", "docs.generate.picture", made], cwd=ROOT, check=True, timeout=120)
    assert words(made) == words(committed), "make it anew: python -m docs.generate.picture"


def words(picture: Path) -> list[str]:
    """The text of a picture without what differs from run to run: times."""
    shown = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text(encoding="utf-8")))
    return [word for word in re.split(r"(?:&#160;|\s)+", shown) if word and not re.fullmatch(r"[\d.]+|m?s", word)]


def test_every_page_of_the_documentation_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", README.read_text(encoding="utf-8")))
    assert linked == {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}


def test_the_table_of_reasons_is_the_enum() -> None:
    told = {
        family: tuple(re.sub(r"\(.*\)", "", names).split())
        for family, names in rows(section("docs/verdicts.md", "Reasons"))
    }
    assert told == {family: family.reasons for family in Family}


def test_the_readme_counts_the_kinds() -> None:
    assert len(all_kinds()) == 14
    assert "There are fourteen [kinds of probes]" in README.read_text(encoding="utf-8")


def test_the_table_of_models_is_that_of_the_judges() -> None:
    told = [name.strip("`") for name, _ in rows((ROOT / "docs" / "races.md").read_text(encoding="utf-8"))]
    assert sorted(told) == sorted(MODELS)


def test_the_example_in_the_readme_is_sound(tmp_path: Path) -> None:
    example, _ = blocks(README, "yaml")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "search.json").write_text("{}")
    (tmp_path / "example.yaml").write_text(example.text)
    config = load([tmp_path / "example.yaml"], environ={"NOTES_TOKEN": "t0ken-for-tests"})
    assert list(config.probes) == ["notes-search"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_yaml_can_be_read(page: Path) -> None:
    for block in blocks(page, "yaml"):
        assert yaml.safe_load(block.text), block.place


def test_the_table_of_endpoints_is_what_the_daemon_serves() -> None:
    told = {path for row in rows(section("docs/daemon.md", "Endpoints")) for path in re.findall(r"`([^`]+)`", row[0])}
    served = {route.path for route in routes() if not route.path.startswith("/static/")}
    assert told == served


def routes() -> list[Route]:
    """Those of the application; nothing is asked of the daemon behind it."""
    app_state = AppState(
        statuses=StatusStore(),
        metrics=Metrics(),
        recent_runs=RecentRuns(),
        pace=RecentPace(),
        loaded=None,  # type: ignore[arg-type]
        run_now=None,  # type: ignore[arg-type]
        reload=None,  # type: ignore[arg-type]
        ready=lambda: True,
        next_due=lambda _: None,
        in_maintenance=lambda _: False,
        started_at=datetime.now(UTC),
    )
    return [route for route in application(app_state).routes if isinstance(route, Route)]
