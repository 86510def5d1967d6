"""docs/architecture.md agrees with the code: the map with .importlinter, the files and names with what is there."""

from __future__ import annotations

import re
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FOLDERS: Final = (ROOT, ROOT / "docs", ROOT / "docs" / "adr", ROOT / "alerts", ROOT / "dashboards")
PAGES: Final = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def layers() -> list[set[str]]:
    """The layers of the house, from the top, as the linter of imports has them."""
    linter = ConfigParser()
    linter.read(ROOT / ".importlinter")
    written = linter["importlinter:contract:house"]["layers"].split("\n")
    return [set(re.split(r" *\| *", line.strip())) for line in written if line.strip()]


def test_the_map_is_what_the_linter_of_imports_checks() -> None:
    drawn = re.search(r"```text\n(.*?)```", section("The map"), re.DOTALL)
    assert drawn
    lines = drawn[1].splitlines()
    assert all(line == "  ↓" for line in lines[1::2])
    assert [set(re.split(r" \| ", re.split(r" {2,}", line)[0])) for line in lines[::2]] == layers()


def test_every_room_is_on_the_map() -> None:
    there = {path.parent.name for path in (ROOT / "prober").glob("*/__init__.py")}
    there |= {path.stem for path in (ROOT / "prober").glob("*.py")} - {"__init__"}
    assert set().union(*layers()) | {"reference"} == there


def test_a_run_is_followed_through_files_that_are_there_in_ten_steps() -> None:
    story = section("One probe, from `run` to report")
    assert re.findall(r"^(\d+)\. ", story, re.MULTILINE) == [str(number) for number in range(1, 11)]
    files = re.findall(r"`([\w/]+\.py)`", story)
    assert len(files) > 15
    assert [file for file in files if not (ROOT / "prober" / file).is_file()] == []


def test_every_word_of_the_glossary_has_one_meaning_and_its_place_in_the_code() -> None:
    rows = re.findall(r"^\| ([\w ]+) \| (.+) \| `(prober[\w.]+)` \|$", section("Glossary"), re.MULTILINE)
    words = [word for word, _, _ in rows]
    assert len(words) == len(set(words)) == section("Glossary").count("\n| ") - 1
    for _, _, name in rows:
        assert found(name) is not None


def found(name: str) -> Any:
    """A module, or a name in one."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(import_module(module), attribute)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_decision_is_a_page_at_most() -> None:
    pages = list((ROOT / "docs" / "adr").glob("*.md"))
    assert pages
    for page in pages:
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 60, page.name
